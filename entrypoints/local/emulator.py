"""The AWS emulator: found where the environment says, else ministack, started for you."""

import os
import socket
import subprocess
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
_START_SECONDS = 30
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
            with urlopen(endpoint + path, timeout=2) as answer:  # noqa: S310  the user's own endpoint
                if answer.status == HTTPStatus.OK:
                    return True
        except (OSError, ValueError, HTTPException):
            # Nobody there, no address at all, or somebody who does not speak HTTP.
            continue
    return False


@contextmanager
def running_ministack(port: int | None = None, **environment: str) -> Iterator[str]:
    """Run ministack on the loopback interface and give its endpoint; ended on leaving.

    `port` is a free one by default; `environment` adds to ministack's own (AUTH="true").
    Raises EmulatorUnavailableError.
    """
    python = _MINISTACK / "bin" / "python"
    if not python.exists():
        raise EmulatorUnavailableError("ministack is not installed: run `make emulator`.")
    port = port or free_port()
    log_path = _MINISTACK / f"ministack-{port}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own interpreter
            [str(python), str(_MENDED)],
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "LOG_LEVEL": "WARNING",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the runner's, which still needs it to drain
        )
        try:
            endpoint = f"http://127.0.0.1:{port}"
            _wait_until_up(process, endpoint, log_path)
            yield endpoint
        finally:
            _stop(process)
    log_path.unlink(missing_ok=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
