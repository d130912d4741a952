"""Files on their way to a signed URL and from one: never in memory as a whole, never with the key.

Whoever has such a URL needs no key, and who serves it is not to have ours.
"""

import os
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import httpx

from entrypoints.cli import clock
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed, Unreachable

_AT_ONCE = 262_144
_TIMEOUT = httpx.Timeout(60, connect=10)
_PAUSES = (0.5, 2.0)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Told = Callable[[int, int | None], None]
"""What is told how many bytes are through, of how many if that is known."""


def upload(path: Path, url: Callable[[], str], told: Told) -> None:
    """PUT a file; `url` gives a good one for each try. Raises CommandFailed."""
    _again(lambda: _put(path, url(), told))


def download(path: Path, url: Callable[[], str], told: Told) -> None:
    """GET a file, which is there once it is whole, for its owner only. Raises CommandFailed."""
    partial = path.with_name(path.name + ".part")
    try:
        _again(lambda: _get(partial, url(), told))
        partial.replace(path)
    except OSError as error:
        raise CommandFailed(ExitCode.USAGE, f"{path}: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)


def _again(step: Callable[[], None]) -> None:
    for pause in _PAUSES:
        try:
            step()
        except Unreachable:
            clock.pause(pause)
        else:
            return
    step()


def _put(path: Path, url: str, told: Told) -> None:
    with _opened(path) as file, _client(url) as client:
        size = os.fstat(file.fileno()).st_size
        # Without its length it would go in chunks, which S3 does not take.
        headers = {"Content-Length": str(size)}
        try:
            answer = client.put(url, content=_read(file, size, told), headers=headers)
        except httpx.TransportError as error:
            raise _broken("The file did not arrive", error) from None
        _checked(answer)


def _get(path: Path, url: str, told: Told) -> None:
    with _client(url) as client, _created(path) as file:
        try:
            with client.stream("GET", url) as answer:
                if not answer.is_success:
                    answer.read()
                    _checked(answer)
                length = answer.headers.get("content-length")
                done = 0
                for piece in answer.iter_raw(_AT_ONCE):
                    file.write(piece)
                    done += len(piece)
                    told(done, None if length is None else int(length))
        except httpx.TransportError as error:
            raise _broken("The file did not come whole", error) from None


def _read(file: IO[bytes], size: int, told: Told) -> Iterator[bytes]:
    done = 0
    while piece := file.read(_AT_ONCE):
        yield piece
        done += len(piece)
        told(done, size)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise CommandFailed(ExitCode.USAGE, f"{path}: {error.strerror}.") from None


def _created(path: Path) -> IO[bytes]:
    # It holds addresses: nobody else on this machine is to read it.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _client(url: str) -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT, trust_env=urlsplit(url).hostname not in _LOOPBACK)


def _broken(text: str, error: httpx.TransportError) -> Unreachable:
    return Unreachable(f"{text} ({str(error) or type(error).__name__}).", was_sent=True)


def _checked(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    told = f"The store of files answered {answer.status_code} {answer.reason_phrase}."
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code in {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.TOO_MANY_REQUESTS,
    }:
        # 403: the URL has expired; the next try has a fresh one.
        raise Unreachable(told, was_sent=True)
    raise CommandFailed(ExitCode.REFUSED, told, answer.text[:500])
