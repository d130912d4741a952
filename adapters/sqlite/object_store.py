"""Objects as files of a folder beside the database, and the URLs that lead to them."""

import hashlib
import hmac
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import IO

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.folder import Folder, folder_beside
from adapters.sqlite.object_rows import (
    StoredFile,
    check_writing,
    delete_expired,
    delete_object,
    delete_writing,
    files_in_use,
    insert_writing,
    put_object,
    put_part,
    select_object,
    select_parts,
)
from domain.errors import DependencyRefused, NotFound
from domain.file_tokens import FileTokens
from domain.job import KEPT
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.object_store import MAX_PARTS, SignedUrl
from domain.stored_file import Permission, attachment, checked_name

_TOKEN_LABEL = b"files"
_COPIED_AT_ONCE = 1_048_576


class SqliteObjectStore:
    """Implements `domain.ports.object_store.ObjectStore`.

    The database says which file is which object: a file is written first, then its row, and what
    no row names any more is removed last. So an object is what it was, or what it was to become,
    whenever a process is killed; what is left behind then goes with `forget_old`. URLs are served
    by the local server, by way of `allowed`, `writing` and `reading`.
    """

    def __init__(self, database: SqliteDatabase, clock: Clock, ids: Ids, url: str) -> None:
        """In `<database>.files`; `url` is what a signed URL has before its token."""
        self._database = database
        self._clock = clock
        self._ids = ids
        self._url = url
        self._tokens = FileTokens(hmac.digest(database.hash_key, _TOKEN_LABEL, hashlib.sha256))
        self._folder = Folder(folder_beside(database.path), ids)

    def sign_upload(self, name: str, duration: timedelta) -> SignedUrl:
        """For a PUT."""
        return self._signed("PUT", name, "", duration)

    def sign_download(self, name: str, filename: str, duration: timedelta) -> SignedUrl:
        """For a GET."""
        return self._signed("GET", name, attachment(filename), duration)

    def allowed(self, token: str) -> Permission | None:
        """What `token` allows; None where it is not of this database, or has expired."""
        return self._tokens.permission(token, self._clock.now())

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file that becomes the object once it is left; nothing does where that is by an error.

        Nothing of what is there is seen, or changed, before.
        """
        checked_name(name)
        with self._folder.new_file() as (new, file):
            yield file
            size = file.tell()
        now = self._clock.now()
        with self._recording(new) as (connection, removed):
            removed.extend(put_object(connection, name, StoredFile(new, size), now + KEPT))
            removed.extend(delete_expired(connection, now))

    def reading(self, name: str) -> IO[bytes]:
        """The object, open, for the caller to close: as it is now, whatever becomes of it.

        Raises NotFound.
        """
        missing = None
        while True:
            stored = self._stored(name)
            if stored is None:
                raise NotFound("file", name)
            file = self._folder.open(stored.file)
            if file is not None:
                return file
            # Another took its place between the two, unless it is still the same.
            if stored == missing:
                raise DependencyRefused("The folder of the stored files: a file of it is gone")
            missing = stored

    def size(self, name: str) -> int | None:
        """As it was written."""
        stored = self._stored(name)
        return None if stored is None else stored.size

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Of the file."""
        with self.reading(name) as file:
            file.seek(offset)
            return file.read(max(length, 0))

    def write(self, name: str, content: bytes) -> None:
        """A new file, then in the place of the old one."""
        with self.writing(name) as file:
            file.write(content)

    def delete(self, name: str) -> None:
        """The row, then its file."""
        checked_name(name)
        with self._removing() as (connection, removed):
            removed.extend(delete_object(connection, name))

    def begin(self, name: str) -> str:
        """Of chance."""
        writing_id = str(self._ids.write_token())
        expires_at = self._clock.now() + KEPT
        with self._database.writing() as connection:
            insert_writing(connection, writing_id, checked_name(name), expires_at)
        return writing_id

    def write_part(self, name: str, writing_id: str, number: int, content: bytes) -> str:
        """A file of its own; its tag is a hash of it."""
        if not 1 <= number <= MAX_PARTS:
            raise DependencyRefused(f"A part is numbered from 1 to {MAX_PARTS}")
        tag = hashlib.sha256(content).hexdigest()
        with self._folder.new_file() as (new, file):
            file.write(content)
        with self._recording(new) as (connection, removed):
            check_writing(connection, writing_id, checked_name(name))
            removed.extend(
                put_part(connection, writing_id, number, tag, StoredFile(new, len(content)))
            )
        return tag

    def complete(self, name: str, writing_id: str, tags: Sequence[str]) -> None:
        """The parts are copied into one file; those that `tags` leaves out are forgotten."""
        with self._database.reading() as connection:
            check_writing(connection, writing_id, checked_name(name))
            parts = select_parts(connection, writing_id, tags)
        with self._folder.new_file() as (new, whole):
            for part in parts:
                self._copy(part, whole)
            size = whole.tell()
        expires_at = self._clock.now() + KEPT
        with self._recording(new) as (connection, removed):
            check_writing(connection, writing_id, name)
            removed.extend(delete_writing(connection, writing_id))
            removed.extend(put_object(connection, name, StoredFile(new, size), expires_at))

    def abandon(self, name: str, writing_id: str) -> None:
        """The rows, then their files."""
        with suppress(NotFound), self._removing() as (connection, removed):
            check_writing(connection, writing_id, checked_name(name))
            removed.extend(delete_writing(connection, writing_id))

    def forget_old(self) -> None:
        """What has expired, and what killed processes have left behind."""
        now = self._clock.now()
        with self._removing() as (connection, removed):
            removed.extend(delete_expired(connection, now))
            # Before the files that are in use: none of these is put in use any more.
            left_behind = self._folder.left_behind(now)
            removed.extend(left_behind - files_in_use(connection))

    def _signed(self, method: str, name: str, disposition: str, duration: timedelta) -> SignedUrl:
        expires_at = self._clock.now() + duration
        permission = Permission(method, checked_name(name), disposition)
        return SignedUrl(f"{self._url}/{self._tokens.token(permission, expires_at)}", expires_at)

    def _stored(self, name: str) -> StoredFile | None:
        checked_name(name)
        with self._database.reading() as connection:
            return select_object(connection, name, self._clock.now())

    def _copy(self, part: StoredFile, whole: IO[bytes]) -> None:
        file = self._folder.open(part.file)
        if file is None:
            raise DependencyRefused("A part was written again meanwhile")
        with file:
            shutil.copyfileobj(file, whole, _COPIED_AT_ONCE)

    @contextmanager
    def _recording(self, new: str) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
        """A transaction by which something becomes of a new file, which else goes again."""
        try:
            with self._removing() as begun:
                yield begun
        except (DependencyRefused, NotFound):
            # After any other fault nobody knows what became of it.
            self._folder.remove([new])
            raise

    @contextmanager
    def _removing(self) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
        """A transaction, and the files that are removed once it is committed."""
        removed: list[str] = []
        with self._database.writing() as connection:
            yield connection, removed
        self._folder.remove(removed)
