"""Objects as files of a directory that goes with the process, and the URLs that lead to them."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from threading import RLock
from typing import IO
from weakref import finalize

from domain.errors import DependencyRefused, NotFound
from domain.file_tokens import FileTokens
from domain.job import KEPT
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.object_store import MAX_PARTS, MIN_PART_BYTES, SignedUrl
from domain.stored_file import Permission, attachment, checked_name

_COPIED_AT_ONCE = 1_048_576


@dataclass(frozen=True)
class _File:
    path: Path
    size: int
    written_at: datetime


@dataclass(frozen=True)
class _Writing:
    """An object that is written in parts: their files by their numbers."""

    name: str
    parts: dict[int, tuple[str, _File]] = field(default_factory=dict)


class MemoryObjectStore:
    """Implements `domain.ports.object_store.ObjectStore`.

    Only names and sizes are in memory. The files are in `directory`, which goes with the process;
    each is called by a number, whatever its object is called. URLs are served by the local server,
    by way of `allowed`, `writing` and `reading`.
    """

    def __init__(self, clock: Clock, ids: Ids, url: str) -> None:
        """Empty; `url` is what a signed URL has before its token."""
        self._clock = clock
        self._ids = ids
        self._url = url
        self._tokens = FileTokens(ids.api_key_secret().encode())
        self.directory = Path(tempfile.mkdtemp(prefix="sentinel-files-"))
        self.close = finalize(self, shutil.rmtree, self.directory, ignore_errors=True)
        self._numbers = count()
        self._lock = RLock()
        self._objects: dict[str, _File] = {}
        self._writings: dict[str, _Writing] = {}

    def sign_upload(self, name: str, duration: timedelta) -> SignedUrl:
        """For a PUT."""
        return self._signed("PUT", name, "", duration)

    def sign_download(self, name: str, filename: str, duration: timedelta) -> SignedUrl:
        """For a GET."""
        return self._signed("GET", name, attachment(filename), duration)

    def allowed(self, token: str) -> Permission | None:
        """What `token` allows; None where it was not made here, or has expired."""
        return self._tokens.permission(token, self._clock.now())

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file that becomes the object once it is left; nothing does where that is by an error.

        Nothing of what is there is seen, or changed, before.
        """
        checked_name(name)
        with self._new_file() as (path, file):
            yield file
            size = file.tell()
        self._put(name, path, size)

    def reading(self, name: str) -> IO[bytes]:
        """The object, open, for the caller to close: as it is now, whatever becomes of it.

        Raises NotFound.
        """
        with self._lock:
            path = self._found(name).path
            try:
                return path.open("rb")
            except OSError as error:
                raise _fault_of(error) from error

    def size(self, name: str) -> int | None:
        """Of the file."""
        checked_name(name)
        with self._lock:
            self.forget_old()
            stored = self._objects.get(name)
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
        """With its file."""
        checked_name(name)
        with self._lock:
            _unlink(self._objects.pop(name, None))

    def begin(self, name: str) -> str:
        """Of chance."""
        writing_id = str(self._ids.write_token())
        with self._lock:
            self._writings[writing_id] = _Writing(checked_name(name))
        return writing_id

    def write_part(self, name: str, writing_id: str, number: int, content: bytes) -> str:
        """A file of its own; its tag is a hash of it, as S3's is."""
        if not 1 <= number <= MAX_PARTS:
            raise DependencyRefused(f"A part is numbered from 1 to {MAX_PARTS}")
        tag = hashlib.sha256(content).hexdigest()
        with self._new_file() as (path, file):
            file.write(content)
        with self._lock:
            writing = self._under_way(name, writing_id)
            if writing is None:
                path.unlink()
                raise NotFound("writing", writing_id)
            _tag, replaced = writing.parts.get(number, ("", None))
            writing.parts[number] = (tag, _File(path, len(content), self._clock.now()))
            _unlink(replaced)
        return tag

    def complete(self, name: str, writing_id: str, tags: Sequence[str]) -> None:
        """The parts are copied into one file; those that `tags` leaves out are forgotten."""
        with self._lock:
            writing = self._under_way(name, writing_id)
            if writing is None:
                raise NotFound("writing", writing_id)
            chosen = _parts_of(writing, tags)
            with self.writing(name) as whole:
                for part in chosen:
                    with part.path.open("rb") as file:
                        shutil.copyfileobj(file, whole, _COPIED_AT_ONCE)
            del self._writings[writing_id]
            _unlink_parts(writing)

    def abandon(self, name: str, writing_id: str) -> None:
        """With their files."""
        with self._lock:
            writing = self._under_way(name, writing_id)
            if writing is not None:
                del self._writings[writing_id]
                _unlink_parts(writing)

    def forget_old(self) -> None:
        """As the lifecycle of a bucket has it."""
        with self._lock:
            until = self._clock.now() - KEPT
            for name, stored in list(self._objects.items()):
                if stored.written_at <= until:
                    _unlink(self._objects.pop(name))

    def _signed(self, method: str, name: str, disposition: str, duration: timedelta) -> SignedUrl:
        expires_at = self._clock.now() + duration
        permission = Permission(method, checked_name(name), disposition)
        return SignedUrl(f"{self._url}/{self._tokens.token(permission, expires_at)}", expires_at)

    @contextmanager
    def _new_file(self) -> Iterator[tuple[Path, IO[bytes]]]:
        """Taken away again where it is left by an error. Raises DependencyRefused: a full disk."""
        path = self.directory / str(next(self._numbers))
        try:
            with path.open("wb") as file:
                yield path, file
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _fault_of(error) from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _put(self, name: str, path: Path, size: int) -> None:
        with self._lock:
            self.forget_old()
            _unlink(self._objects.get(name))
            self._objects[name] = _File(path, size, self._clock.now())

    def _found(self, name: str) -> _File:
        checked_name(name)
        self.forget_old()
        stored = self._objects.get(name)
        if stored is None:
            raise NotFound("file", name)
        return stored

    def _under_way(self, name: str, writing_id: str) -> _Writing | None:
        writing = self._writings.get(writing_id)
        return None if writing is None or writing.name != checked_name(name) else writing


def _parts_of(writing: _Writing, tags: Sequence[str]) -> list[_File]:
    """The parts with these tags, in order. Raises NotFound and DependencyRefused as S3 does."""
    chosen: list[_File] = []
    for number, tag in enumerate(tags, start=1):
        written, part = writing.parts.get(number, (None, None))
        if part is None or written != tag:
            raise NotFound("part", str(number))
        chosen.append(part)
    if not chosen or any(part.size < MIN_PART_BYTES for part in chosen[:-1]):
        raise DependencyRefused("CompleteMultipartUpload: EntityTooSmall")
    return chosen


def _fault_of(error: OSError) -> DependencyRefused:
    return DependencyRefused(f"The folder of the stored files: {error.strerror}")


def _unlink(file: _File | None) -> None:
    if file is not None:
        file.path.unlink(missing_ok=True)


def _unlink_parts(writing: _Writing) -> None:
    for _tag, part in writing.parts.values():
        _unlink(part)
