"""One runner at a time on a database."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from domain.errors import DependencyRefused

_POLL_SECONDS = 0.1


@contextmanager
def run_lock(database: Path, patience: float, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock of `database`; gives its file descriptor, for workers to inherit.

    They hold it, too, until the last has ended: a runner that comes after one that was killed
    waits up to `patience` seconds for them, so that no release mails beside another, nor one set
    of settings beside another. (flock(2): a lock is the open file's, however many share it.)
    Raises DependencyRefused where somebody has it, or where it cannot be made.
    """
    # By whatever link somebody has named it: the lock is beside the file itself.
    file = database.resolve()
    path = file.with_name(f"{file.name}.lock")
    with _refused_for(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, database, patience, say)
        with _refused_for(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _refused_for(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DependencyRefused(
            f"DATABASE: {path}: {error.strerror}; mend that, or name a file elsewhere."
        ) from None


def _take(descriptor: int, database: Path, patience: float, say: Callable[[str], None]) -> None:
    for attempt in range(max(1, int(patience / _POLL_SECONDS))):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            if holder is not None:
                raise DependencyRefused(
                    f"DATABASE: process {holder} runs Sentinel on {database}: end it, or name "
                    "another file."
                ) from None
        else:
            return
        if attempt == 0:
            say(f"Waiting for workers of an earlier run on {database} to end…")
        Event().wait(_POLL_SECONDS)
    raise DependencyRefused(
        f"DATABASE: workers of an earlier run on {database} have not ended in {patience:.0f} s: "
        "end them, or wait."
    )


def _holder(descriptor: int) -> int | None:
    """The runner that took the lock, if it is still there."""
    written = os.pread(descriptor, 20, 0)
    if not written.isdigit():
        return None
    try:
        os.kill(int(written), 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # another user's
    return None if _has_ended(int(written)) else int(written)


def _has_ended(pid: int) -> bool:
    """Whether nothing is left of it but that nobody has asked for its status yet (proc(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False  # not ours to see, or no Linux
    # Its name, which may hold anything, ends with the last bracket.
    return stat.rpartition(") ")[2].startswith(("Z", "X"))
