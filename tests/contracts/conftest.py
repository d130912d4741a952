"""Every suite here runs over every adapter family."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from adapters.aws.clients import AwsClients
from tests.conftest import Emulator
from tests.contracts.aws_family import Deployment, aws_family, close, deploy
from tests.contracts.family import Family
from tests.contracts.memory_family import memory_family
from tests.contracts.sqlite_family import sqlite_family


@pytest.fixture(scope="session")
def deployment(emulator: Emulator) -> Iterator[Deployment]:
    """template.yaml, deployed on the emulator."""
    deployed = deploy(emulator)
    yield deployed
    close(deployed.clients)


@pytest.fixture(params=["memory", "sqlite", "aws"])
def family(request: pytest.FixtureRequest) -> Family:
    """One instance of every port, over an empty store."""
    if request.param == "memory":
        return memory_family()
    if request.param == "sqlite":
        return sqlite_family(request.getfixturevalue("tmp_path") / "sentinel.db")
    deployed: Deployment = request.getfixturevalue("deployment")
    return aws_family(deployed)


@pytest.fixture
def clients(deployment: Deployment) -> Iterator[AwsClients]:
    """Clients of a test's own, whose behaviour it may change."""
    clients = AwsClients(deployment.emulator.region, deployment.emulator.endpoint_url)
    # The session has read what clients are made of: making one anew takes 50 ms less.
    clients.__dict__["session"] = deployment.clients.session
    yield clients
    close(clients)


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting before the SDK repeats a request: it would be up to a second and more."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens at, and that nobody else is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def raw_clients(deployment: Deployment) -> Iterator[Callable[[str], AwsClients]]:
    """Clients of any endpoint, that wait for an answer for less than a second."""
    made: list[AwsClients] = []

    def make(endpoint_url: str) -> AwsClients:
        clients = AwsClients(
            deployment.emulator.region, endpoint_url, send_timeout=timedelta(seconds=0.6)
        )
        clients.__dict__["session"] = deployment.clients.session
        made.append(clients)
        return clients

    yield make
    for clients in made:
        close(clients)
