"""Mails that a bulk call cannot take: each goes by itself, and only within its grant."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from adapters.aws.clients import AwsClients
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Unknown
from tests.contracts.aws_family import close
from tests.contracts.eventually import eventually
from tests.contracts.raw_server import http_answer, raw_server
from tests.contracts.settable_clock import SettableClock
from tests.contracts.test_mailer import messages
from tests.contracts.test_mailer_faults import BATCH, both_ways, mailer_of, requests_of, results
from tests.contracts.wire import answer, body_of, error, intercepted

WITHIN = timedelta(seconds=20)
_MEETING_SECONDS = 20
"""Longer than it takes any thread of a call to get where it is to meet the others."""
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
    clock = SettableClock()
    mailer = mailer_of(clients, bulk=True, clock=clock)

    def slowly_refused(request: AWSPreparedRequest) -> AWSResponse | None:
        clock.sleep(WITHIN + timedelta(microseconds=1))
        return error("BadRequestException")(request)

    with (
        intercepted(clients.sesv2, "SendBulkEmail", slowly_refused) as bulk,
        intercepted(clients.sesv2, "SendEmail", SENT) as single,
    ):
        first = mailer.send(batch, WITHIN)
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


def test_a_micro_batch_is_as_many_calls_as_it_takes() -> None:
    """Fifty a call, at the same time; each message has the outcome of its own entry."""
    batch = messages(120)
    all_under_way = Barrier(3, timeout=_MEETING_SECONDS)
    sizes: list[int] = []

    def answer_to_all(body: bytes) -> bytes:
        sizes.append(len(json.loads(body)["BulkEmailEntries"]))
        all_under_way.wait()
        return http_answer_to_each(body)

    with raw_server(answer_to_all, stay=True) as server:
        clients = AwsClients("eu-central-1", server.endpoint_url, access_key="test")
        mailer = mailer_of(clients, bulk=True)
        outcomes = mailer.send(batch, WITHIN)
        close(clients)

    assert mailer.batch_size == 500
    assert sorted(sizes) == [20, 50, 50]
    assert outcomes == [Accepted(f"id of {each.to}") for each in batch]


def test_single_calls_of_a_micro_batch_do_not_wait_for_each_other(clients: AwsClients) -> None:
    """Where all of two bulk calls go alone, so many are under way at the same time."""
    batch = [replace(message, html="x" * 300_000) for message in messages(100)]
    both_under_way = Barrier(2, timeout=_MEETING_SECONDS)

    def answer_to_both(request: AWSPreparedRequest) -> AWSResponse | None:
        both_under_way.wait()
        return SENT(request)

    with intercepted(clients.sesv2, "SendEmail", answer_to_both) as single:
        outcomes = mailer_of(clients, bulk=True).send(batch, WITHIN)

    assert single.requests == 100
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 100


def test_calls_that_would_begin_too_late_are_not_made(clients: AwsClients) -> None:
    """Their mails are overdue, and certainly not sent."""
    batch = messages(120)
    with intercepted(clients.sesv2, "SendBulkEmail", _answer_to_each) as bulk:
        outcomes = mailer_of(clients, bulk=True).send(batch, timedelta(microseconds=-1))

    assert bulk.requests == 0
    assert all(isinstance(outcome, NotSent) and outcome.overdue for outcome in outcomes)


@both_ways
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("slow", ["before-sign.sesv2", "before-send.sesv2"])
def test_what_is_ready_too_late_does_not_leave(
    raw_clients: Callable[[str], AwsClients], bulk: bool, late: bool, slow: str
) -> None:
    """It was begun in time, and is not begun a second time: nobody gets his mail outside a grant.

    Signing it is slow, or making a connection after that. What is ready at the last instant leaves,
    and what becomes of it is SES's to say.
    """
    clock = SettableClock()
    ready = WITHIN + timedelta(microseconds=late)

    def pass_time(**_: object) -> None:
        clock.sleep(ready - clock.monotonic())

    with raw_server(http_answer(b"{}"), stay=True) as server:
        clients = raw_clients(server.endpoint_url)
        clients.sesv2.meta.events.register(slow, pass_time)
        outcomes = mailer_of(clients, bulk=bulk, clock=clock).send(messages(BATCH), WITHIN)
        # Whoever waited for its answer in vain may be quicker than the server.
        eventually(lambda: late or len(server.requests) >= requests_of(bulk))

    assert clock.monotonic() == ready
    if late:
        assert server.requests == []
        assert all(isinstance(outcome, NotSent) and outcome.overdue for outcome in outcomes)
    else:
        assert len(server.requests) == requests_of(bulk)
        assert [type(outcome) for outcome in outcomes] == [Unknown] * BATCH


def sign_slowly(clients: AwsClients, clock: SettableClock, duration: timedelta) -> None:
    """Each request takes so long to be made ready."""
    clients.sesv2.meta.events.register("before-sign.sesv2", lambda **_: clock.sleep(duration))


def test_a_slow_processor_makes_calls_ready_one_after_the_other(
    raw_clients: Callable[[str], AwsClients],
) -> None:
    """Two of ten in time, instead of ten too late; and then no more are asked for than that."""
    clock = SettableClock()
    clients = raw_clients("http://127.0.0.1:9")
    all_at_once = Barrier(10, timeout=0.2)

    def let_the_others_come(**_: object) -> None:
        with suppress(BrokenBarrierError):
            all_at_once.wait()

    sign_slowly(clients, clock, timedelta(milliseconds=100))
    clients.sesv2.meta.events.register("before-sign.sesv2", let_the_others_come)
    mailer = mailer_of(clients, bulk=True, clock=clock)
    sizes = [mailer.batch_size]
    sent = []
    with intercepted(clients.sesv2, "SendBulkEmail", _answer_to_each):
        for _ in range(4):
            outcomes = mailer.send(messages(mailer.batch_size), timedelta(milliseconds=250))
            sizes.append(mailer.batch_size)
            sent.append([type(outcome) for outcome in outcomes].count(Accepted))

    assert sizes == [500, 100, 150, 100, 150]
    assert sent == [100, 100, 100, 100]


def test_a_call_that_no_grant_suffices_for_is_made_smaller(
    raw_clients: Callable[[str], AwsClients],
) -> None:
    """Down to single mails, and up again as soon as there is time."""
    clock = SettableClock()
    clients = raw_clients("http://127.0.0.1:9")
    sign_slowly(clients, clock, timedelta(seconds=1))
    mailer = mailer_of(clients, bulk=True, clock=clock)

    def sizes(within: timedelta) -> list[int]:
        with (
            intercepted(clients.sesv2, "SendBulkEmail", _answer_to_each),
            intercepted(clients.sesv2, "SendEmail", SENT),
        ):
            return [
                mailer.batch_size
                for _ in range(7)
                if mailer.send(messages(mailer.batch_size), within)
            ]

    assert sizes(timedelta(milliseconds=250)) == [25, 12, 6, 3, 1, 1, 1]
    assert sizes(timedelta(seconds=20)) == [2, 4, 8, 16, 32, 64, 114]


def test_a_worker_that_was_late_once_comes_back_to_its_pace(clients: AwsClients) -> None:
    """Though what it is given is whole chunks, and who is suppressed is not in them."""
    mailer = mailer_of(clients, bulk=True)
    mailer.send(messages(1), timedelta(microseconds=-1))
    assert mailer.batch_size == 1
    with (
        intercepted(clients.sesv2, "SendBulkEmail", _answer_to_each),
        intercepted(clients.sesv2, "SendEmail", SENT),
    ):
        for _ in range(20):
            whole = mailer.batch_size // BATCH * BATCH or mailer.batch_size
            mailer.send(messages(whole - whole // 50), WITHIN)

    assert mailer.batch_size == 500


def test_one_call_without_an_answer_says_nothing_of_the_others(clients: AwsClients) -> None:
    """Its own mails are of unknown outcome; those of the other calls are sent."""
    batch = messages(120)

    def lost_for_the_last(request: AWSPreparedRequest) -> AWSResponse | None:
        if batch[-1].to in [entry["Destination"]["ToAddresses"][0] for entry in _entries(request)]:
            raise ReadTimeoutError(endpoint_url=request.url)
        return _answer_to_each(request)

    with intercepted(clients.sesv2, "SendBulkEmail", lost_for_the_last):
        outcomes = mailer_of(clients, bulk=True).send(batch, WITHIN)

    assert [type(outcome) for outcome in outcomes] == [Accepted] * 100 + [Unknown] * 20


def _entries(request: AWSPreparedRequest) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = body_of(request)["BulkEmailEntries"]
    return entries


def _answer_to_each(request: AWSPreparedRequest) -> AWSResponse | None:
    return answer(_accepting(_entries(request)))(request)


def http_answer_to_each(body: bytes) -> bytes:
    """Every entry of a bulk call is accepted."""
    return http_answer(json.dumps(_accepting(json.loads(body)["BulkEmailEntries"])).encode())


def _accepting(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "BulkEmailEntryResults": [
            {"Status": "SUCCESS", "MessageId": f"id of {entry['Destination']['ToAddresses'][0]}"}
            for entry in entries
        ]
    }
