"""Postfix's smtp-sink, which takes mail and forgets it, and smtp-source, which makes it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from entrypoints.local.emulator import held_port

SESSIONS = 10
"""At the same time, of smtp-source and of all workers together."""
_BACKLOG = 1_000
_START_SECONDS = 10
_NOBODY = "nobody"


class SinkError(Exception):
    """It cannot be measured here; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Sink:
    """One that runs."""

    port: int
    pid: int


@contextmanager
def sink(dump: Path | None = None) -> Iterator[Sink]:
    """On a free port of this machine; it writes the mails that it takes into the folder `dump`."""
    with held_port() as port:
        yield from _at(port, dump)


def _at(port: int, dump: Path | None) -> Iterator[Sink]:
    command = [_found("smtp-sink")]
    if os.geteuid() == 0:
        command += ["-u", _NOBODY]
    if dump is not None:
        command += ["-D", f"{dump}/mails."]
    command += [f"127.0.0.1:{port}", str(_BACKLOG)]
    with subprocess.Popen(command) as process:  # noqa: S603  our own arguments
        try:
            _await_listening(port)
            yield Sink(port, process.pid)
        finally:
            process.terminate()


def source(port: int, mails: int, octets: int, *, reconnect: bool) -> float:
    """How long smtp-source takes for so many mails of that size, in seconds.

    With `reconnect` it does as it does when it is told nothing: a connection for each mail.
    """
    command = [_found("smtp-source"), "-s", str(SESSIONS), "-m", str(mails), "-l", str(octets)]
    command += [] if reconnect else ["-d"]
    command += ["-f", "news@sentinel.example", "-t", "reader@example.com", f"127.0.0.1:{port}"]
    began = time.monotonic()
    subprocess.run(command, check=True)  # noqa: S603  our own arguments
    return time.monotonic() - began


def _found(name: str) -> str:
    # Debian has them in sbin, which is not on everybody's path.
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if path is None:
        raise SinkError(f"{name} is not there: install postfix (it need not run).")
    return path


def _await_listening(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise SinkError("smtp-sink did not start.")
