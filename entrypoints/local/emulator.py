"""The AWS emulator: found where the environment says, else ministack, started for you."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
_MINISTACK = ROOT / ".emulator"
"""A virtual environment of its own (`make emulator`): ministack pins its botocore."""
_MENDED = ROOT / "localstack" / "run_ministack.py"
_HEALTH_PATHS = ("/_localstack/health", "/_ministack/health")
_ANSWER_SECONDS = 20
"""Where nobody listens it is known at once; who does may rest on a busy machine."""
_START_SECONDS = 120
"""Many times what it takes; one that ended is not waited for."""
_STOP_SECONDS = 10
_POLL_SECONDS = 0.05


class EmulatorUnavailableError(Exception):
    """No emulator answers; the text says what to do."""


def configured_endpoint(environment: Mapping[str, str]) -> str | None:
    """The endpoint that AWS_ENDPOINT_URL or LOCALSTACK_HOST names, None if neither is set.

    Raises EmulatorUnavailableError when it does not answer.
    """
    endpoint = environment.get("AWS_ENDPOINT_URL")
    host = environment.get("LOCALSTACK_HOST")
    if not endpoint and host:
        endpoint = f"http://{host if ':' in host else f'{host}:4566'}"
    if not endpoint:
        return None
    if not answers(endpoint):
        raise EmulatorUnavailableError(
            f"Nothing answers at {endpoint} (AWS_ENDPOINT_URL, LOCALSTACK_HOST): start the "
            "emulator there, or unset the variable to have one started for you."
        )
    return endpoint


def answers(endpoint: str) -> bool:
    """Whether an emulator is up at `endpoint`."""
    for path in _HEALTH_PATHS:
        try:
            with urlopen(endpoint + path, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310  the user's own endpoint
                if answer.status == HTTPStatus.OK:
                    return True
        except (OSError, ValueError, HTTPException):
            # Nobody there, no address at all, or somebody who does not speak HTTP.
            continue
    return False


@contextmanager
def running_ministack(**environment: str) -> Iterator[str]:
    """Run ministack on the loopback interface and give its endpoint.

    Ended on leaving, and also when this process is killed: its standard input, a pipe that nobody
    writes to, ends then.

    `environment` adds to ministack's own (AUTH="true"). Raises EmulatorUnavailableError.
    """
    python = _MINISTACK / "bin" / "python"
    if not python.exists():
        raise EmulatorUnavailableError("ministack is not installed: run `make emulator`.")
    with (
        held_port() as port,
        _log_of(port).open("wb") as log,
        subprocess.Popen(  # noqa: S603  our own interpreter
            [str(python), str(_MENDED)],
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "LOG_LEVEL": "WARNING",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the runner's, which still needs it to drain
        ) as process,
    ):
        try:
            endpoint = f"http://127.0.0.1:{port}"
            _wait_until_up(process, endpoint, _log_of(port))
            yield endpoint
        finally:
            _stop(process)
    _log_of(port).unlink(missing_ok=True)


def _log_of(port: int) -> Path:
    return _MINISTACK / f"ministack-{port}.log"


@contextmanager
def held_port() -> Iterator[int]:
    """A port that nobody listens on, and nobody else is given: who is told of it may listen there.

    On Linux it stays bound, which keeps no server from it that sets SO_REUSEADDR (socket(7));
    elsewhere it is free again.
    """
    with socket.socket() as holding:
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        port: int = holding.getsockname()[1]
        if sys.platform != "linux":
            holding.close()
        yield port


def _wait_until_up(process: subprocess.Popen[bytes], endpoint: str, log_path: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers(endpoint):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log_path.read_text(errors="replace")[-2_000:]
            raise EmulatorUnavailableError(f"ministack did not start:\n{tail}")
        time.sleep(_POLL_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
