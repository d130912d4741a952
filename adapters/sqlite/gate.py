"""Whose turn to write comes next, among processes that share a file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import finalize


class Gate:
    """A lock that one process holds while it waits for the one that writes, and no longer.

    Whoever has written goes through it again before it writes again, behind the one that waits.
    SQLite alone lets a busy process write on and on: who waits sleeps for longer and longer, and
    looks at the wrong moments. The kernel opens it where its holder is killed (flock(2)).
    """

    def __init__(self, database: Path) -> None:
        """Open; made beside the database where there is none. Raises OSError.

        Root gives it to whom the database belongs, as SQLite does with the log: or what root looks
        at could not be written by its own user any more.
        """
        path = database.with_name(f"{database.name}-gate")
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
        finalize(self, os.close, self._descriptor)
        if os.geteuid() == 0:
            owner = database.stat()
            os.fchown(self._descriptor, owner.st_uid, owner.st_gid)

    @contextmanager
    def held(self) -> Iterator[None]:
        """By one thread of this process at a time: others have to be kept out before."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
