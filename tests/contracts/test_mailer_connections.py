"""Connections to SES, which the first calls after a pause make under their grant."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event

import pytest
import trustme
from botocore.awsrequest import AWSHTTPConnection

from adapters.aws.clients import AwsClients
from domain.grants import TOLERANCE
from domain.outcome import Accepted
from tests.contracts.aws_family import close
from tests.contracts.raw_server import raw_server
from tests.contracts.settable_clock import SettableClock
from tests.contracts.test_mailer import messages
from tests.contracts.test_mailer_alone import http_answer_to_each
from tests.contracts.test_mailer_faults import kinds_of, mailer_of

WITHIN = timedelta(seconds=20)
THREE_CALLS = 120
_MEETING_SECONDS = 20
"""Longer than it takes any thread of a call to get where it is waited for."""


@pytest.fixture
def clients_of() -> Iterator[Callable[[str], AwsClients]]:
    """Of any endpoint; they wait for an answer as long as those that are deployed."""
    made: list[AwsClients] = []

    def make(endpoint_url: str) -> AwsClients:
        made.append(AwsClients("eu-central-1", endpoint_url, access_key="test"))
        return made[-1]

    yield make
    for clients in made:
        close(clients)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of authorities that clients trust."""
    trusted = tmp_path / "trusted.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted))
    return trusted


def serving(authority: trustme.CA) -> ssl.SSLContext:
    """Of a server under the name that clients call."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_calls_connect_one_after_the_other(
    clients_of: Callable[[str], AwsClients], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of ten in time, instead of ten too late, where each takes a slow processor a while."""
    clock = SettableClock()
    connect = AWSHTTPConnection.connect
    all_at_once = Barrier(10, timeout=0.2)
    made: list[AWSHTTPConnection] = []
    third_is_made = Event()

    def connect_slowly(connection: AWSHTTPConnection) -> None:
        connect(connection)
        clock.sleep(TOLERANCE * 0.4)
        made.append(connection)
        if len(made) == 3:
            third_is_made.set()
        with suppress(BrokenBarrierError):
            all_at_once.wait()

    def answer_in_the_end(body: bytes) -> bytes:
        # Else the third would take the connection of the first.
        third_is_made.wait(_MEETING_SECONDS)
        return http_answer_to_each(body)

    monkeypatch.setattr(AWSHTTPConnection, "connect", connect_slowly)
    with raw_server(answer_in_the_end, stay=True) as server:
        mailer = mailer_of(clients_of(server.endpoint_url), bulk=True, clock=clock)
        outcomes = mailer.send(messages(500), TOLERANCE)

    assert kinds_of(outcomes).count(Accepted) == mailer.batch_size == 100
    assert len(server.requests) == 2


def test_authorities_are_read_once(clients_of: Callable[[str], AwsClients], trusted: Path) -> None:
    """When the mailer is made: it takes longer than all else of a connection."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(trusted)
    clock = SettableClock()
    with raw_server(http_answer_to_each, stay=True, context=serving(authority)) as server:
        mailer = mailer_of(clients_of(server.endpoint_url), bulk=True, clock=clock)
        trusted.unlink()
        for _ in range(2):
            outcomes = mailer.send(messages(THREE_CALLS), WITHIN)
            assert kinds_of(outcomes) == [Accepted] * THREE_CALLS
            clock.sleep(timedelta(minutes=1))


def test_who_cannot_prove_to_be_ses_gets_no_mail(
    clients_of: Callable[[str], AwsClients], trusted: Path
) -> None:
    """Neither at the first connection nor later."""
    trustme.CA().cert_pem.write_to_path(trusted)
    with raw_server(http_answer_to_each, stay=True, context=serving(trustme.CA())) as server:
        mailer = mailer_of(clients_of(server.endpoint_url), bulk=True)
        for _ in range(2):
            assert Accepted not in kinds_of(mailer.send(messages(THREE_CALLS), WITHIN))

    assert server.connections > 0
    assert server.requests == []
