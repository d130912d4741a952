"""What keeps the runner from serving: said in a line or two, not in a traceback."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from entrypoints.local.emulator import held_port
from entrypoints.local.run_lock import run_lock
from tests.integration.runner import start
from tests.integration.waiting import PATIENCE


def refusal(directory: Path, **environment: str) -> str:
    """What it prints as it ends, with exit status 2: a person has to change a value."""
    status, printed = ended(directory, environment)
    assert status == 2
    return printed


def fault(directory: Path, **environment: str) -> str:
    """What it prints as it ends, with exit status 1: the service tries again."""
    status, printed = ended(directory, environment)
    assert status == 1
    return printed


def ended(directory: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit status of a runner that does not come to serve, and what it prints."""
    output, log = directory / "output", directory / "log"
    with (
        output.open("wb") as stdout,
        start(stdout, log, environment) as process,
    ):
        status = process.wait(PATIENCE)
    assert "Traceback" not in log.read_text(), log.read_text().splitlines()[-1]
    return status, output.read_text()


class _Greeting(socketserver.BaseRequestHandler):
    """What SSH says to anybody."""

    def handle(self) -> None:
        """Without being asked."""
        self.request.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.fixture
def listener() -> Iterator[int]:
    """The port of somebody else, who does not speak HTTP."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Greeting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "eighty"),
        ("BACKEND", "postgres"),
        ("SEND_RATE", "-1"),
        ("SENDER", "nobody"),
        ("ADDRESS_HASH_KEY", "short"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    """As it is spelled, and nothing is started."""
    assert refusal(tmp_path, **{variable: value}).startswith(f"{variable}: ")


def test_a_port_in_use_is_named(tmp_path: Path, listener: int) -> None:
    """With what to do about it."""
    printed = fault(tmp_path, PORT=str(listener), BACKEND="memory")

    assert str(listener) in printed
    assert "PORT=" in printed


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:{free}"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:{listener}"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:{free}"),
        ("AWS_ENDPOINT_URL", "nonsense"),
        ("AWS_ENDPOINT_URL", "http://[::1"),
        ("LOCALSTACK_HOST", "127.0.0.1:{free}"),
        ("LOCALSTACK_HOST", "my machine"),
    ],
)
def test_an_emulator_that_is_not_there_is_named(
    tmp_path: Path, listener: int, variable: str, value: str
) -> None:
    """With the variable that led to it, whatever somebody wrote there."""
    with held_port() as free:
        endpoint = value.format(free=free, listener=listener)
        printed = refusal(tmp_path, **{variable: endpoint})

    assert variable in printed
    assert "start" in printed


def test_a_link_to_a_database_in_use_is_refused(tmp_path: Path) -> None:
    """It is the same file, and so is the lock on it."""
    database, link = tmp_path / "sentinel.db", tmp_path / "link.db"
    link.symlink_to(database)

    with run_lock(database, 1, print):
        printed = fault(tmp_path, BACKEND="sqlite", DATABASE=str(link))

    assert printed.startswith("DATABASE: process ")


def test_a_directory_that_holds_more_than_counts_is_not_emptied(tmp_path: Path) -> None:
    """Somebody has named the folder of the database: nothing in it is touched."""
    database = tmp_path / "sentinel.db"
    database.write_bytes(b"")
    environment = {"DATABASE": str(database), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    printed = refusal(tmp_path, BACKEND="sqlite", **environment)

    assert printed.startswith(f"PROMETHEUS_MULTIPROC_DIR: {tmp_path} ")
    assert database.exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOST", "192.0.2.7"),
        ("DATABASE", "{directory}/unmounted/sentinel.db"),
        ("PROMETHEUS_MULTIPROC_DIR", "{directory}/unmounted/metrics"),
    ],
)
def test_what_the_machine_refuses_may_be_given_later(
    tmp_path: Path, variable: str, value: str
) -> None:
    """An address or a disk that is not there yet, as after a start of the machine."""
    service = {
        "BACKEND": "sqlite",
        "DATABASE": str(tmp_path / "sentinel.db"),
        "REQUIRE_API_KEYS": "true",
        "SMTP_URL": "smtps://mail.sentinel.example",
        "SENDER": "news@sentinel.example",
        "PUBLIC_URL": "https://mail.sentinel.example",
        "SEND_RATE": "10",
    }

    printed = fault(tmp_path, **{**service, variable: value.format(directory=tmp_path)})

    assert variable in printed.partition(": ")[0]


def test_a_database_that_cannot_be_used_is_no_mistake_of_the_settings(tmp_path: Path) -> None:
    """It may be usable later, when a disk is not full any more: the service tries again."""
    database = tmp_path / "sentinel.db"
    database.write_bytes(b"no database" * 100)

    printed = fault(tmp_path, BACKEND="sqlite", DATABASE=str(database))

    assert printed.startswith(f"DATABASE: {database}: SQLite: ")
