"""The contract of `domain.ports.mailer`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from adapters.aws.clients import AwsClients
from adapters.aws.mailer import SesMailer
from adapters.aws.stack import verify_sender
from adapters.smtp.mailer import SmtpMailer
from domain.chunk import ChunkRef
from domain.message import Message
from domain.outcome import Accepted, Refused
from domain.ports.mailer import Mailer
from tests.contracts.aws_family import Deployment, aws_family, close, outbox
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import SENDER, Mail
from tests.contracts.memory_family import memory_family
from tests.contracts.settable_clock import SettableClock
from tests.contracts.smtp_inbox import smtp_inbox
from tests.contracts.sqlite_family import sqlite_family

WITHIN = timedelta(seconds=20)

MEMORY, SINGLE, BULK = "memory", "aws, single sends", "aws, bulk sends"
SMTP, PIPELINED = "sqlite, smtp", "sqlite, smtp, pipelined"
RESTRICTED_ACCOUNT = "100000000002"

_people = count()


@dataclass(frozen=True)
class Sending:
    """A mailer, and a look at what the provider has for some addresses."""

    mailer: Mailer
    delivered: Callable[[Collection[str]], Sequence[Mail]]


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[Callable[[bool], Sending]]:
    """The sqlite family, with one connection to a server that takes everything."""
    with ExitStack() as opened:

        def make(pipelining: bool) -> Sending:
            inbox = opened.enter_context(smtp_inbox(pipelining=pipelining))
            sqlite = sqlite_family(tmp_path / "sentinel.db", inbox)
            assert isinstance(sqlite.mailer, SmtpMailer)
            opened.enter_context(closing(sqlite.mailer))
            return Sending(sqlite.mailer, sqlite.delivered)

        yield make


@pytest.fixture(params=[MEMORY, SINGLE, BULK, SMTP, PIPELINED])
def sending(request: pytest.FixtureRequest) -> Sending:
    """Every family, and both ways of two of them."""
    if request.param == MEMORY:
        memory = memory_family()
        return Sending(memory.mailer, memory.delivered)
    if request.param in {SMTP, PIPELINED}:
        make: Callable[[bool], Sending] = request.getfixturevalue("smtp")
        return make(request.param == PIPELINED)
    deployed: Deployment = request.getfixturevalue("deployment")
    mailer = SesMailer(deployed.clients, SENDER, bulk=request.param == BULK, clock=SettableClock())
    return Sending(mailer, aws_family(deployed).delivered)


def messages(number: int) -> list[Message]:
    """To so many people whom nobody has written to yet."""
    return [
        Message(
            chunk=ChunkRef(CAMPAIGN_ID, 0, 7),
            position=position,
            to=f"person{next(_people)}@example.com",
            subject=f"Hello {position} ☃",
            html=f"<p>Hello {position} &amp; all <b>☃</b></p>\n",
            text=f"Hello {position} & all ☃ {{{{ not a variable }}}}\n",
        )
        for position in range(number)
    ]


def test_nobody_to_write_to_is_no_outcome(sending: Sending) -> None:
    """An empty batch."""
    assert list(sending.mailer.send([], WITHIN)) == []


@pytest.mark.parametrize("number", [1, 2, 50])
def test_there_is_one_outcome_for_each_message_in_order(sending: Sending, number: int) -> None:
    """Each accepted under the id by which the provider has it; each sent once."""
    batch = messages(number)

    outcomes = sending.mailer.send(batch, WITHIN)

    mails = sending.delivered([message.to for message in batch])
    ids = {mail.to: mail.message_id for mail in mails}
    assert len(mails) == len(ids) == number
    assert list(outcomes) == [Accepted(ids[message.to]) for message in batch]
    assert len({mail.message_id for mail in mails}) == number


def test_a_full_batch_has_a_time_by_which_it_is_done(sending: Sending) -> None:
    """Positive, and short enough for a lease of a minute."""
    assert timedelta() < sending.mailer.timeout < timedelta(minutes=1)


@pytest.mark.parametrize(
    "sending",
    [
        MEMORY,
        SINGLE,
        SMTP,
        PIPELINED,
        pytest.param(
            BULK,
            marks=pytest.mark.xfail(
                strict=True, reason="ministack renders {{{x}}} of a bulk send as {x}"
            ),
        ),
    ],
    indirect=True,
)
def test_a_mail_is_what_was_rendered(sending: Sending) -> None:
    """To the character: nothing in it is taken for a variable of the provider's templates."""
    batch = messages(2)

    sending.mailer.send(batch, WITHIN)

    assert [
        (mail.to, mail.subject, mail.html, mail.text)
        for mail in sending.delivered([message.to for message in batch])
    ] == [(each.to, each.subject, each.html, each.text) for each in batch]


@pytest.fixture(params=[SINGLE, BULK])
def restricted(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[Sending]:
    """SES in its sandbox: it refuses, per message, who is not verified. Memory refuses nobody."""
    emulator = replace(deployment.emulator, account=RESTRICTED_ACCOUNT)
    clients = AwsClients(emulator.region, emulator.endpoint_url, RESTRICTED_ACCOUNT)
    verify_sender(clients, SENDER)
    clients.sesv2.put_account_details(
        MailType="MARKETING",
        WebsiteURL="https://sentinel.example",
        ProductionAccessEnabled=False,
    )
    for address in ("verified@example.com", "verified@xn--bcher-kva.example"):
        verify_sender(clients, address)
    mailer = SesMailer(clients, SENDER, bulk=request.param == BULK, clock=SettableClock())
    yield Sending(
        mailer, lambda addresses: [each for each in outbox(emulator) if each.to in addresses]
    )
    close(clients)


def test_one_that_is_refused_does_not_concern_the_others(restricted: Sending) -> None:
    """Each outcome is its own message's."""
    batch = messages(4)
    batch[0] = replace(batch[0], to="verified@example.com")
    batch[2] = replace(batch[2], to="verified@bücher.example")
    batch[3] = replace(batch[3], to="zoë@example.com")
    already = len(restricted.delivered(["verified@example.com"]))

    outcomes = restricted.mailer.send(batch, WITHIN)

    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted, Refused]
    assert len(restricted.delivered(["verified@example.com"])) == already + 1
    assert restricted.delivered([batch[1].to, "zoë@example.com"]) == []


def test_a_refusal_tells_nothing_personal(restricted: Sending) -> None:
    """What SES says quotes the address; the reason kept does not."""
    batch = messages(2)

    for message, outcome in zip(batch, restricted.mailer.send(batch, WITHIN), strict=True):
        assert isinstance(outcome, Refused)
        assert message.to not in outcome.reason
