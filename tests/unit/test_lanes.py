"""Lanes share one rate: each has its part of it, and no second holds more than the pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.grants import LEFT_FREE, REFUSED_FOR, TOLERANCE, WINDOW, Grant, GrantLog
from domain.priority import Priority
from domain.use_cases.send_directly import LAST_BEGUN
from tests.unit.sentinel import NOW
from tests.unit.test_grants import SPAN, History, histories, windows

URGENT, NORMAL = Priority.URGENT, Priority.NORMAL
BATCH = 50
"""What a worker asks for at once."""
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Workers:
    """Of one lane: each asks, uses its grant, works for `between`, and asks again.

    Where a place is further ahead than `patience`, it asks again when that would have come, or
    after `retry`: for another chunk, of which there are many.
    """

    count: int
    begin: timedelta = timedelta()
    end: timedelta = timedelta(minutes=2)
    between: timedelta = timedelta(milliseconds=100)
    messages: int = BATCH
    patience: timedelta = timedelta(seconds=30)
    retry: timedelta | None = None


def granted(lanes: Mapping[Priority, Workers], limit: int) -> Sequence[tuple[datetime, Grant]]:
    """When each grant was asked for, and the grant, in the order of the asking."""
    asking = [
        (NOW + workers.begin + timedelta(milliseconds=number), lane, number)
        for lane, workers in lanes.items()
        for number in range(workers.count)
    ]
    heapify(asking)
    log = GrantLog()
    grants: list[tuple[datetime, Grant]] = []
    while asking:
        now, lane, number = heappop(asking)
        workers = lanes[lane]
        if now >= NOW + workers.end:
            continue
        log, answer = log.request(workers.messages, now, workers.patience, limit, lane)
        if isinstance(answer, timedelta):
            heappush(asking, (now + (workers.retry or answer), lane, number))
            continue
        grants.append((now, answer))
        heappush(asking, (answer.at + workers.between, lane, number))
    return grants


def sent(
    grants: Sequence[tuple[datetime, Grant]], lane: Priority, begin: timedelta, end: timedelta
) -> int:
    """The mails of a lane within a time."""
    return sum(
        grant.messages
        for _, grant in grants
        if grant.priority is lane and NOW + begin <= grant.at < NOW + end
    )


def fullest(grants: Sequence[tuple[datetime, Grant]]) -> int:
    """The most mails that a second can hold, however late each grant is used."""
    return max(
        sum(g.messages for _, g in grants if first.at <= g.at < first.at + WINDOW + TOLERANCE)
        for _, first in grants
    )


all_lanes = st.sampled_from(Priority)


@given(history=histories(limits=st.integers(1, 20), throttled=True, lanes=all_lanes))
def test_no_window_exceeds_the_pace_whatever_lanes_its_grants_are_of(history: History) -> None:
    """Nor where one was put before those that another lane had."""
    for held, pace in windows(history):
        assert held <= pace


@given(history=histories(limits=st.integers(1, 20), throttled=False, lanes=all_lanes))
def test_within_a_lane_it_is_first_come_first_served(history: History) -> None:
    """No grant is before an earlier one of its lane."""
    for lane in Priority:
        own = [grant.at for grant in history.grants if grant.priority is lane]
        assert own == sorted(own)


@given(history=histories(limits=st.integers(1, 20), throttled=False, lanes=st.just(NORMAL)))
def test_what_is_urgent_waits_for_nothing_that_was_not_granted_before(history: History) -> None:
    """Whatever the other lane was granted: once that is over, at the latest."""
    log = GrantLog()
    for grant in history.grants:
        log = log.with_grant(grant, NOW)
    last = max([NOW - SPAN, *(grant.at for grant in log.grants)])

    assert log.next_grant(1, NOW, 20, URGENT).at <= last + SPAN


@pytest.mark.parametrize("limit", [1, 2, 3, 14, 100, 1_000])
@pytest.mark.parametrize("workers", [1, 4, 10])
def test_a_newsletter_under_way_delays_what_is_urgent_by_a_micro_batch_a_worker(
    limit: int, workers: int
) -> None:
    """Between the first asking and the first grant goes out what each worker had, and no more."""
    grants = granted(
        {
            NORMAL: Workers(workers, end=20 * SECOND),
            URGENT: Workers(2, begin=10 * SECOND, end=20 * SECOND),
        },
        limit,
    )

    asked, first = next(each for each in grants if each[1].priority is URGENT)
    between = [g for _, g in grants if g.priority is NORMAL and asked < g.at < first.at]
    assert len(between) <= workers


@pytest.mark.parametrize("limit", [5, 14, 400])
@pytest.mark.parametrize(("normal", "urgent"), [(4, 4), (1, 10), (10, 3), (4, 40)])
def test_lanes_that_are_busy_have_their_shares(limit: int, normal: int, urgent: int) -> None:
    """Three parts and one, whatever the number of their workers: nobody starves, nothing is lost.

    A fourth of a small limit is rounded down, and what that leaves is whose turn it is.
    """
    grants = granted({NORMAL: Workers(normal), URGENT: Workers(urgent, begin=SECOND)}, limit)

    spans = MINUTE / SPAN
    urgently, normally = (sent(grants, lane, MINUTE, 2 * MINUTE) for lane in (URGENT, NORMAL))
    assert normally >= limit // 4 * (spans - 1)
    assert urgently >= limit * 3 // 4 * (spans - 1)
    assert urgently + normally >= 0.97 * limit * spans
    assert fullest(grants) <= limit


@pytest.mark.parametrize("limit", [2, 3, 14, 40])
@pytest.mark.parametrize(("busy", "other"), [(NORMAL, URGENT), (URGENT, NORMAL)])
def test_a_lane_has_its_share_beside_one_whose_places_are_further_ahead_than_it_waits(
    limit: int, busy: Priority, other: Priority
) -> None:
    """Refused at first, it is left room by the time that it was told."""
    retry = timedelta(milliseconds=100)
    workers = {busy: Workers(40, retry=retry), other: Workers(4, begin=10 * SECOND + retry / 2)}
    grants = granted(workers, limit)

    share = max(1, limit * other.weight // (other.weight + busy.weight))
    assert sent(grants, other, MINUTE, 2 * MINUTE) >= share * (MINUTE / SPAN - 1)
    assert fullest(grants) <= limit


@pytest.mark.parametrize("limit", [2, 14, 50])
@pytest.mark.parametrize("workers", [3, 4, 8])
def test_a_mail_that_somebody_waits_for_is_refused_a_few_times_at_most(
    limit: int, workers: int
) -> None:
    """Who waits for three seconds, and tries again, beside a newsletter."""
    waiting = Workers(
        1, begin=10 * SECOND, messages=1, between=2 * SECOND, patience=timedelta(seconds=3)
    )
    grants = granted({NORMAL: Workers(workers), URGENT: waiting}, limit)

    times = [grant.at for _, grant in grants if grant.priority is URGENT]
    assert times[0] <= NOW + waiting.begin + (workers + 1) * SPAN
    assert max(later - earlier for earlier, later in pairwise(times)) <= 5 * SECOND


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_where_a_share_is_less_than_a_mail_lanes_take_turns(limit: int) -> None:
    """Worker by worker: a newsletter goes on beside any number of urgent ones."""
    grants = granted({NORMAL: Workers(1), URGENT: Workers(10, begin=SECOND)}, limit)

    times = [grant.at for _, grant in grants if grant.priority is NORMAL]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 12 * SPAN


@pytest.mark.parametrize("lane", Priority)
def test_a_lane_that_is_alone_has_all_of_it(lane: Priority) -> None:
    """From the first second on."""
    grants = granted({lane: Workers(8, end=MINUTE)}, 14)

    assert sent(grants, lane, timedelta(), 10 * SPAN) == 10 * 14
    assert {grant.messages for _, grant in grants} == {14}


def test_once_the_other_lane_is_done_a_lane_has_all_of_it_again() -> None:
    """After some seconds, in which the other one might have gone on."""
    lanes = {NORMAL: Workers(4), URGENT: Workers(4, begin=SECOND, end=30 * SECOND)}
    grants = granted(lanes, 14)

    last = max(grant.at for _, grant in grants if grant.priority is URGENT) - NOW
    assert sent(grants, NORMAL, last - 10 * SPAN, last) < 10 * 14 / 2
    after = last + LEFT_FREE + 4 * SPAN
    assert sent(grants, NORMAL, after, after + 10 * SPAN) == 10 * 14


@pytest.mark.parametrize("seconds", [1, 2, 10, 20])
def test_a_mail_now_and_then_costs_the_other_lane_no_more_than_two_a_second(
    seconds: int,
) -> None:
    """Not the three parts that a busy lane would have."""
    alone = granted({NORMAL: Workers(4)}, 14)
    now_and_then = Workers(1, messages=1, between=seconds * SECOND)
    beside = granted({NORMAL: Workers(4), URGENT: now_and_then}, 14)

    less = sent(alone, NORMAL, MINUTE, 2 * MINUTE) - sent(beside, NORMAL, MINUTE, 2 * MINUTE)
    assert 0 < less <= 2 * MINUTE / SPAN


def test_a_grant_goes_before_those_of_another_lane_where_these_left_room() -> None:
    """Every second that it falls into has room for it, and no other has the place."""
    log = GrantLog()
    for _ in range(3):
        log = log.with_grant(log.next_grant(3, NOW, 4, NORMAL), NOW)
    urgent = log.next_grant(1, NOW, 4, URGENT)
    assert urgent == Grant(NOW, 1, URGENT)

    log = log.with_grant(urgent, NOW)
    assert log.next_grant(1, NOW, 4, URGENT) == Grant(NOW + SPAN, 1, URGENT)


def test_a_refusal_has_the_others_leave_room() -> None:
    """As much as was wanted, up to the share; said again, it changes nothing."""
    log, _ = GrantLog().request(8, NOW, timedelta(), 8, NORMAL)
    log, answer = log.request(1, NOW, timedelta(), 8, URGENT)
    assert answer == SPAN

    assert log.next_grant(8, NOW, 8, NORMAL) == Grant(NOW + SPAN, 6)
    assert log.request(1, NOW, timedelta(), 8, URGENT) == (log, SPAN)
    more, _ = log.request(8, NOW, timedelta(), 8, URGENT)
    assert more.next_grant(8, NOW, 8, NORMAL) == Grant(NOW + SPAN, 2)
    over = NOW + REFUSED_FOR + LEFT_FREE
    assert more.next_grant(8, over - SECOND, 8, NORMAL) == Grant(over - SECOND, 2)
    assert more.next_grant(8, over, 8, NORMAL) == Grant(over, 8)


@pytest.mark.parametrize("limit", [14, 50, 500])
@pytest.mark.parametrize("workers", [3, 8, 10, 20])
def test_a_lone_mail_that_was_refused_has_a_place_when_it_is_tried_again(
    limit: int, workers: int
) -> None:
    """Somebody signs up beside a newsletter, waits for ten seconds, and tries again after more."""
    retry = 40 * SECOND
    waiting = Workers(1, begin=20 * SECOND, messages=1, patience=LAST_BEGUN, retry=retry)
    grants = granted({NORMAL: Workers(workers), URGENT: waiting}, limit)

    first = next(asked for asked, grant in grants if grant.priority is URGENT)
    assert first <= NOW + waiting.begin + retry


def test_a_place_that_later_grants_need_is_not_given_away() -> None:
    """A hole that fits by what was before it, and not by what comes after it, is none."""
    begun, later = NOW - SPAN / 2, NOW + SPAN * 3 / 4
    log = GrantLog((Grant(begun, 1), Grant(later, 10)))

    assert log.next_grant(1, NOW, 10, URGENT).at == later + SPAN
