"""Mails that a bulk call cannot take: each goes by itself, and only within its grant."""

from dataclasses import replace
from datetime import timedelta

from adapters.aws.clients import AwsClients
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome
from tests.contracts.test_mailer import messages
from tests.contracts.test_mailer_faults import BATCH, mailer_of, results
from tests.contracts.wire import answer, error, intercepted

WITHIN = timedelta(seconds=20)
SENT = answer({"MessageId": "id"})


def test_what_is_too_large_for_a_bulk_call_goes_alone(clients: AwsClients) -> None:
    """A single call takes more than the template data of a bulk call."""
    large, *others = messages(3)
    large = replace(large, html="x" * 300_000)
    with (
        intercepted(clients.sesv2, "SendBulkEmail", results("SUCCESS", "SUCCESS")) as bulk,
        intercepted(clients.sesv2, "SendEmail", SENT) as single,
    ):
        outcomes = mailer_of(clients, bulk=True).send([large, *others], WITHIN)

    assert [type(outcome) for outcome in outcomes] == [Accepted] * 3
    assert (bulk.requests, single.requests) == (1, 1)


def test_a_bulk_call_refused_as_a_whole_does_not_outlast_its_grant(clients: AwsClients) -> None:
    """What there is no time left for is overdue, and goes alone with its next grant."""
    batch = messages(BATCH)
    mailer = mailer_of(clients, bulk=True)
    none_left = timedelta(microseconds=-1)
    with (
        intercepted(clients.sesv2, "SendBulkEmail", error("BadRequestException")) as bulk,
        intercepted(clients.sesv2, "SendEmail", SENT) as single,
    ):
        first = mailer.send(batch, none_left)
        assert single.requests == 0
        second = mailer.send(batch, WITHIN)

    assert all(isinstance(outcome, NotSent) and outcome.overdue for outcome in first)
    assert [type(outcome) for outcome in second] == [Accepted] * BATCH
    assert (bulk.requests, single.requests) == (1, BATCH)


def test_a_recipient_whose_address_holds_the_senders_is_not_the_sender(clients: AwsClients) -> None:
    """A sandbox that refuses one recipient says nothing about the sender."""
    sender = "news@example.com"

    def refused(address: str) -> Outcome:
        text = f"Email address is not verified. The following failed: {address}"
        with intercepted(clients.sesv2, "SendEmail", error("MessageRejected", 400, text)):
            (outcome,) = mailer_of(clients, bulk=False).send(messages(1), WITHIN)
        return outcome

    assert not isinstance(refused(f"good{sender}"), AccountBlocked)
