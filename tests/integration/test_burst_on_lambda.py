"""A burst of immediate campaigns on real functions: all start, once.

`make prove` makes it a thousand, and prints which way they went; `CAMPAIGNS=` takes another number.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.campaign import CampaignState
from domain.contact import ContactDraft
from domain.identifiers import SegmentId
from tests.integration.on_lambda import NAME, OnLambda, running
from tests.integration.waiting import wait_for

CLIENTS = 3
"""At once: each has a function's process of its own."""
CROWD = 8
"""Likewise, of the thousand: more of them would only wait for the processor."""
CAMPAIGNS = int(os.environ.get("CAMPAIGNS", "1000"))
SIZES = (1, 2, 3)
"""People in the segments of those."""
RATE, BURST = 1, 2
COUNT = 60
PATIENCE = 900
_TOKEN = re.compile(r"/u/(\S+)")


@pytest.fixture(scope="module")
def narrow(code: bytes) -> Iterator[OnLambda]:
    """With few direct starts, of which each is a process of its own here."""
    limits = {"DirectStartsASecond": str(RATE), "DirectStartsBurst": str(BURST)}
    per_key = {f"Key{name}": value for name, value in limits.items()}
    with running(code, **limits, **per_key, StartQueueConcurrency="2") as sentinel:
        sentinel.add_people(1)
        # A function that has not run yet takes as long as some starts.
        sentinel.sent(sentinel.post({}).json()["campaign_id"], PATIENCE)
        yield sentinel


def test_a_burst_is_started_by_both_ways_and_sent_once(narrow: OnLambda) -> None:
    """As the answers count them: no more go the direct way than may, and nobody is left out."""
    before, count = narrow.mails().total(), COUNT
    began = time.monotonic()

    answers = burst(narrow, ["everyone"] * count, CLIENTS)

    ways = Counter(answer["start"] for answer in answers)
    # Less than all, unless a machine takes a second for each.
    assert 0 < ways["direct"] <= BURST + RATE * (time.monotonic() - began)
    assert ways["queued"] == count - ways["direct"]
    assert all(answer["triggered"] for answer in answers)
    wait_for(
        lambda: narrow.mails().total() >= before + count or None,
        within=PATIENCE,
        what=f"{count} mails are sent",
    )
    for answer in answers:
        campaign = narrow.sent(answer["campaign_id"], PATIENCE)
        assert (campaign["counts"]["sent"], campaign["counts"]["recipients"]) == (1, 1)
    assert narrow.mails() == {"person-0@example.com": before + count}
    # Whatever Lambda does not take is queued, and logged.
    assert not narrow.matching("create-campaign", '"Not invoked, and queued instead"')
    given_up = [narrow.waiting(f"{each}-dead-letters") for each in ("start", "start-queue")]
    assert given_up == [0, 0]


@pytest.mark.prove
def test_a_thousand_are_each_sent_once(narrow: OnLambda) -> None:
    """Over the HTTP API, whose functions share the buckets, to segments of one to three people.

    Each campaign is mailed to each of its people once, as the links in the mails tell.
    """
    segments = small_segments(narrow)
    asked = [segments[number % len(segments)] for number in range(CAMPAIGNS)]
    earlier = narrow.mails().total()
    began = time.monotonic()

    answers = burst(narrow, asked, CROWD)

    created_in = time.monotonic() - began
    ways = Counter(answer["start"] for answer in answers)
    wait_for(lambda: none_is_under_way(narrow), within=PATIENCE, what="all are sent", every=2)
    sent_in = time.monotonic() - began
    print(  # noqa: T201  what make prove shows
        f"\n{CAMPAIGNS:,} campaigns over the API in {created_in:,.0f} s, all sent in"
        f" {sent_in:,.0f} s: {ways['direct']:,} direct, {ways['queued']:,} queued"
    )
    expected = {
        (answer["campaign_id"], address(person)): 1
        for answer, segment in zip(answers, asked, strict=True)
        for person in range(segments.index(segment) + 1)
    }
    assert all(answer["triggered"] for answer in answers)
    assert {answer["campaign_id"] for answer in answers} <= in_state(narrow, CampaignState.SENT)
    assert mailed(narrow, earlier) == expected
    assert ways.keys() == {"direct", "queued"}
    assert ways["direct"] <= BURST + RATE * created_in
    assert invocations(narrow, "start-campaign") >= ways["direct"]
    assert not narrow.matching("create-campaign", '"Not invoked, and queued instead"')
    queues = ("start", "start-queue", "send")
    assert [narrow.waiting(f"{each}-dead-letters") for each in queues] == [0, 0, 0]


def small_segments(sentinel: OnLambda) -> Sequence[SegmentId]:
    """One of one, of two and of three people."""
    core = sentinel.container
    drafts = [
        ContactDraft.of(address(number), {"name": f"N{number}"}) for number in range(max(SIZES))
    ]
    people = [contact.contact_id for contact in core.put_contacts()(drafts)]
    segments = [SegmentId(f"of-{size}") for size in SIZES]
    for size, segment in zip(SIZES, segments, strict=True):
        core.create_segment()(segment, segment)
        core.add_members()(segment, people[:size])
    return segments


def address(number: int) -> str:
    """Of a person in a small segment."""
    return f"crowd-{number}@example.com"


def none_is_under_way(sentinel: OnLambda) -> bool | None:
    """None while one is: for `wait_for`."""
    page = sentinel.container.family.campaigns().page(CampaignState.SENDING, 1, None)
    return None if page.campaigns else True


def in_state(sentinel: OnLambda, state: CampaignState) -> set[str]:
    """The ids of all campaigns in it."""
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page = sentinel.container.family.campaigns().page(state, 100, cursor)
        found |= {each.campaign_id for each in page.campaigns}
        cursor = page.cursor
        if cursor is None:
            return found


def mailed(sentinel: OnLambda, earlier: int) -> Counter[tuple[str, str]]:
    """How many mails of which campaign each address had, after so many of earlier campaigns."""
    tokens = sentinel.container.tokens()
    found: Counter[tuple[str, str]] = Counter()
    for message in sentinel.outbox()[earlier:]:
        (token,) = _TOKEN.findall(message["BodyText"])
        mailing = tokens.read(token)
        assert mailing is not None
        found.update((mailing.chunk.campaign_id, to) for to in message["To"])
    return found


def invocations(sentinel: OnLambda, function: str) -> int:
    """How many Lambda counted of it within an hour."""
    now = datetime.now(UTC)
    answer = sentinel.clients.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": "FunctionName", "Value": f"{NAME}-{function}"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return int(sum(each["Sum"] for each in answer["Datapoints"]))


def burst(sentinel: OnLambda, segments: Sequence[str], clients: int) -> list[dict[str, Any]]:
    """The answers to a campaign for each of these segments, from so many clients at once."""

    def post(segment: str) -> httpx.Response:
        body = {"name": "Flash Sale", "template_id": "greeting", "segment_id": segment}
        return client.post("/v1/campaigns", json=body)

    with sentinel.http() as client, ThreadPoolExecutor(clients) as threads:
        client.timeout = PATIENCE
        answers = list(threads.map(post, segments))
    assert Counter(answer.status_code for answer in answers) == {202: len(segments)}
    return [answer.json() for answer in answers]
