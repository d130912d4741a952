"""The contract of `domain.ports.rate_limiter`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest

from domain.grants import LONGEST_WAIT, TOLERANCE, WINDOW, Grant
from domain.ports.rate_limiter import RateLimiter
from domain.priority import Priority
from tests.contracts.family import RATE_LIMIT, Family
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import START

NEVER_WAIT = timedelta()
SECOND = timedelta(seconds=1)
PATIENT = timedelta(hours=1)


def granted(answer: Grant | timedelta) -> Grant:
    """It was not refused."""
    assert isinstance(answer, Grant)
    return answer


def assert_within_limit(grants: Sequence[Grant]) -> None:
    """However late in its tolerance each grant is used, no second holds more than the limit."""
    for first in grants:
        window = [
            each.messages for each in grants if first.at <= each.at < first.at + WINDOW + TOLERANCE
        ]
        assert sum(window) <= RATE_LIMIT


def test_the_limit_is_told(family: Family) -> None:
    """Messages a second."""
    assert family.rate_limiter.limit == RATE_LIMIT


@pytest.mark.parametrize("messages", [1, 50, RATE_LIMIT])
def test_the_first_request_is_granted_at_once(family: Family, messages: int) -> None:
    """Up to the whole limit."""
    assert family.rate_limiter.request(messages, START, NEVER_WAIT, Priority.NORMAL) == Grant(
        START, messages
    )


def test_grants_within_the_limit_are_at_once(family: Family) -> None:
    """Several of them, at one moment."""
    for _ in range(4):
        grant = family.rate_limiter.request(RATE_LIMIT // 4, START, NEVER_WAIT, Priority.NORMAL)
        assert grant == Grant(START, RATE_LIMIT // 4)


def test_one_that_does_not_fit_waits_for_the_window(family: Family) -> None:
    """As long as the earlier grants, used as late as they may be, fill it."""
    family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL)

    grant = granted(family.rate_limiter.request(1, START, PATIENT, Priority.NORMAL))

    assert grant == Grant(START + WINDOW + TOLERANCE, 1)


def test_what_is_left_of_a_second_is_granted_if_half_of_it_fits(family: Family) -> None:
    """To the worker that asks for more; less than half is left to who needs less."""
    family.rate_limiter.request(RATE_LIMIT * 3 // 4, START, NEVER_WAIT, Priority.NORMAL)
    rest = RATE_LIMIT // 4

    wait = family.rate_limiter_elsewhere.request(2 * rest + 1, START, NEVER_WAIT, Priority.NORMAL)
    assert wait == WINDOW + TOLERANCE
    grant = family.rate_limiter_elsewhere.request(2 * rest, START, NEVER_WAIT, Priority.NORMAL)
    assert grant == Grant(START, rest)


def test_a_refusal_tells_the_wait_and_consumes_nothing(family: Family) -> None:
    """Who asks later, or more patiently, gets the place as if nobody had asked."""
    family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL)
    wait = WINDOW + TOLERANCE

    for _ in range(3):
        assert (
            family.rate_limiter.request(RATE_LIMIT, START, wait - WINDOW / 2, Priority.NORMAL)
            == wait
        )
    assert (
        family.rate_limiter_elsewhere.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL)
        == wait
    )

    assert family.rate_limiter.request(RATE_LIMIT, START, wait, Priority.NORMAL) == Grant(
        START + wait, RATE_LIMIT
    )


def test_once_the_window_has_passed_there_is_room_again(family: Family) -> None:
    """At once."""
    family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL)
    later = START + WINDOW + TOLERANCE

    assert family.rate_limiter.request(RATE_LIMIT, later, NEVER_WAIT, Priority.NORMAL) == Grant(
        later, RATE_LIMIT
    )


def test_first_come_first_served(family: Family) -> None:
    """A small request does not overtake a large one that waits."""
    family.rate_limiter.request(RATE_LIMIT - 1, START, NEVER_WAIT, Priority.NORMAL)
    large = granted(family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL))

    small = granted(family.rate_limiter_elsewhere.request(1, START, PATIENT, Priority.NORMAL))

    assert small.at >= large.at > START


def test_workers_share_one_limit(family: Family) -> None:
    """What one was granted, the other has to wait for, whoever asked last."""
    family.rate_limiter.request(RATE_LIMIT // 2, START, NEVER_WAIT, Priority.NORMAL)
    family.rate_limiter_elsewhere.request(RATE_LIMIT // 2, START, NEVER_WAIT, Priority.NORMAL)

    wait = WINDOW + TOLERANCE
    assert family.rate_limiter.request(1, START, NEVER_WAIT, Priority.NORMAL) == wait
    assert family.rate_limiter_elsewhere.request(1, START, NEVER_WAIT, Priority.NORMAL) == wait


def test_a_saturated_limit_does_not_grant_one_place_twice(family: Family) -> None:
    """Two workers that ask alternately, at slightly different times, get different places."""
    grants = [granted(family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL))]

    for number in range(1, 6):
        now = START + number * timedelta(milliseconds=1)
        limiters = (family.rate_limiter, family.rate_limiter_elsewhere)
        grants += [
            granted(each.request(RATE_LIMIT, now, PATIENT, Priority.NORMAL)) for each in limiters
        ]

    assert len({grant.at for grant in grants}) == len(grants)
    assert_within_limit(grants)


@pytest.mark.parametrize("seed", range(3))
def test_no_second_holds_more_than_the_limit(family: Family, seed: int) -> None:
    """Requests of any size, at any times, of two workers whose clocks disagree a little."""
    random = Random(seed)  # noqa: S311  no secret
    now: datetime = START
    grants: list[Grant] = []
    for _ in range(40):
        now += timedelta(milliseconds=random.choice([0, 0, 1, 200, 700]))
        limiter = random.choice([family.rate_limiter, family.rate_limiter_elsewhere])
        skew = timedelta(milliseconds=random.choice([-40, 0, 40]))
        answer = limiter.request(
            random.randint(1, RATE_LIMIT), now + skew, PATIENT, Priority.NORMAL
        )
        grants.append(granted(answer))

    assert_within_limit(grants)


def test_threads_that_ask_at_once_share_the_limit(family: Family) -> None:
    """Each grant is somebody's alone, and all together keep the limit.

    Whoever lost too many races is told to wait, and asks again.
    """
    rounds = 3

    def ask(number: int) -> list[Grant]:
        limiter = family.rate_limiter if number % 2 else family.rate_limiter_elsewhere
        return [in_turn(limiter, 30) for _ in range(rounds)]

    results = race(ask, range(THREADS))

    failed = [each for each in results if isinstance(each, Exception)]
    assert failed == []
    grants = [grant for result in results if not isinstance(result, Exception) for grant in result]
    assert len(grants) == rounds * THREADS
    assert_within_limit(grants)


def in_turn(limiter: RateLimiter, messages: int) -> Grant:
    """A grant, however often it says that it is not yet time."""
    now: datetime = START
    while isinstance(answer := limiter.request(messages, now, PATIENT, Priority.NORMAL), timedelta):
        now += answer
    return answer


@pytest.mark.parametrize("ahead", Priority)
def test_a_clock_that_is_an_hour_ahead_stops_nobody(family: Family, ahead: Priority) -> None:
    """Nor does one that is set back: what was granted then bears on nothing.

    Whether it was of the same lane, or is one that the others would leave room.
    """
    for _ in range(3):
        family.rate_limiter_elsewhere.request(
            RATE_LIMIT, START + timedelta(hours=1), timedelta(seconds=2), ahead
        )

    grant = family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL)
    assert grant == Grant(START, RATE_LIMIT)
    wait = family.rate_limiter_elsewhere.request(1, START, NEVER_WAIT, Priority.NORMAL)
    assert wait == WINDOW + TOLERANCE


def test_a_clock_that_is_as_far_ahead_as_anybody_waits_keeps_the_limit(family: Family) -> None:
    """Its grants count: by a clock that is right, their time is still to come."""
    ahead = START + LONGEST_WAIT
    last = ahead
    while isinstance(
        answer := family.rate_limiter_elsewhere.request(
            RATE_LIMIT, ahead, PATIENT, Priority.NORMAL
        ),
        Grant,
    ):
        last = answer.at

    wait = family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL)
    assert wait == last + WINDOW + TOLERANCE - START


def test_no_grant_is_further_ahead_than_anybody_waits(family: Family) -> None:
    """However patient: grants that were would be taken for those of a wrong clock."""
    grants = []
    while isinstance(
        answer := family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL), Grant
    ):
        grants.append(answer)

    assert START + LONGEST_WAIT - SECOND - TOLERANCE < grants[-1].at <= START + LONGEST_WAIT
    assert answer == grants[-1].at + WINDOW + TOLERANCE - START


# Several lanes.


def test_lanes_that_both_want_all_of_it_get_their_shares(family: Family) -> None:
    """Three parts for what is urgent and one for the rest, of the same second; told elsewhere, too.

    What was granted before stays: that is what the first urgent one waits for.
    """
    first = granted(family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL))
    urgent = granted(
        family.rate_limiter_elsewhere.request(RATE_LIMIT, START, PATIENT, Priority.URGENT)
    )
    normal = granted(family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL))

    after = first.at + WINDOW + TOLERANCE
    assert urgent == Grant(after, RATE_LIMIT * 3 // 4, Priority.URGENT)
    assert normal == Grant(after, RATE_LIMIT // 4, Priority.NORMAL)


@pytest.mark.parametrize(("refused", "others"), [("urgent", "normal"), ("normal", "urgent")])
def test_a_lane_that_was_refused_is_left_room_by_the_others(
    family: Family, refused: str, others: str
) -> None:
    """Up to its share, until after the time that it was told; whatever it is refused by.

    Else it would starve beside one whose workers have each a whole second, for as long as it waits.
    """
    lane, other = Priority(refused), Priority(others)
    for _ in range(3):
        family.rate_limiter.request(RATE_LIMIT, START, PATIENT, other)
    wait = 3 * (WINDOW + TOLERANCE)

    for _ in range(2):
        answer = family.rate_limiter_elsewhere.request(RATE_LIMIT, START, 2 * SECOND, lane)
        assert answer == wait
    beside = granted(family.rate_limiter.request(RATE_LIMIT, START, PATIENT, other))

    share = RATE_LIMIT * lane.weight // (lane.weight + other.weight)
    assert beside == Grant(START + wait, RATE_LIMIT - share, other)
    later = START + wait
    answer = family.rate_limiter_elsewhere.request(RATE_LIMIT, later, NEVER_WAIT, lane)
    assert answer == Grant(later, share, lane)


@pytest.mark.parametrize("priority", Priority)
def test_a_lane_that_is_alone_has_all_of_it(family: Family, priority: Priority) -> None:
    """Also where others had something a while ago."""
    for each in Priority:
        family.rate_limiter.request(RATE_LIMIT, START, PATIENT, each)

    later = START + timedelta(minutes=1)
    for number in range(3):
        now = later + number * (WINDOW + TOLERANCE)
        grant = family.rate_limiter_elsewhere.request(RATE_LIMIT, now, NEVER_WAIT, priority)
        assert grant == Grant(now, RATE_LIMIT, priority)


@pytest.mark.parametrize("seed", range(3))
def test_no_second_of_all_lanes_holds_more_than_the_limit(family: Family, seed: int) -> None:
    """Requests of any size, at any times and of any lane, of two workers."""
    random = Random(seed)  # noqa: S311  no secret
    now: datetime = START
    grants: list[Grant] = []
    for _ in range(40):
        now += timedelta(milliseconds=random.choice([0, 0, 1, 200, 700]))
        limiter = random.choice([family.rate_limiter, family.rate_limiter_elsewhere])
        priority = random.choice(list(Priority))
        answer = limiter.request(random.randint(1, RATE_LIMIT), now, PATIENT, priority)
        grants.append(granted(answer))

    assert_within_limit(grants)
    assert {grant.priority for grant in grants} == set(Priority)


# Once the account allows another rate.


def test_a_lowered_limit_holds_for_the_next_grant(family: Family) -> None:
    """What was granted counts; who asks for more than a second now holds gets as many."""
    family.rate_limiter.request(RATE_LIMIT // 2, START, NEVER_WAIT, Priority.NORMAL)
    family.allowed.rate = RATE_LIMIT // 4

    for limiter in (family.rate_limiter, family.rate_limiter_elsewhere):
        assert limiter.limit == RATE_LIMIT // 4
        assert limiter.request(1, START, NEVER_WAIT, Priority.NORMAL) == WINDOW + TOLERANCE
    later = START + WINDOW + TOLERANCE
    assert family.rate_limiter.request(RATE_LIMIT, later, NEVER_WAIT, Priority.NORMAL) == Grant(
        later, RATE_LIMIT // 4
    )


def test_a_raised_limit_holds_for_the_next_grant(family: Family) -> None:
    """At once, beside what was granted."""
    family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL)
    family.allowed.rate = 2 * RATE_LIMIT

    assert family.rate_limiter_elsewhere.request(
        RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL
    ) == Grant(START, RATE_LIMIT)


# After the provider throttled.


def pace(family: Family, now: datetime) -> int:
    """How many one grant is for at most, long after any other."""
    return granted(
        family.rate_limiter_elsewhere.request(RATE_LIMIT, now, NEVER_WAIT, Priority.NORMAL)
    ).messages


def test_after_a_throttling_a_grant_is_for_half_as_many(family: Family) -> None:
    """To all workers, at once; what the limit is does not change."""
    family.rate_limiter.slow_down(START)

    for limiter in (family.rate_limiter_elsewhere, family.rate_limiter):
        assert limiter.limit == RATE_LIMIT
    assert family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL) == Grant(
        START, RATE_LIMIT // 2
    )
    wait = WINDOW + TOLERANCE
    assert family.rate_limiter_elsewhere.request(1, START, NEVER_WAIT, Priority.NORMAL) == wait


def test_who_asks_for_less_than_the_pace_gets_it_whole(family: Family) -> None:
    """Half of the limit is still a lot."""
    family.rate_limiter.slow_down(START)

    assert family.rate_limiter.request(10, START, NEVER_WAIT, Priority.NORMAL) == Grant(START, 10)


def test_a_throttling_that_a_wrong_clock_tells_of_slows_nobody_else(family: Family) -> None:
    """An hour ahead: by right clocks it is yet to come."""
    family.rate_limiter.slow_down(START + timedelta(hours=1))

    assert pace(family, START) == RATE_LIMIT


def test_told_again_within_a_second_it_is_the_same_throttling(family: Family) -> None:
    """Workers whose calls were in flight together each tell of it, by clocks that differ."""
    family.rate_limiter.slow_down(START)
    for milliseconds in (-40, 0, 40, 999):
        now = START + timedelta(milliseconds=milliseconds)
        family.rate_limiter.slow_down(now)
        family.rate_limiter_elsewhere.slow_down(now)

    assert pace(family, START) == RATE_LIMIT // 2


def test_told_of_it_later_the_pace_halves_again(family: Family) -> None:
    """From where it has recovered to, and never to nothing."""
    family.rate_limiter.slow_down(START)
    family.rate_limiter_elsewhere.slow_down(START + SECOND)
    assert pace(family, START + SECOND) == RATE_LIMIT // 4

    for number in range(2, 20):
        family.rate_limiter.slow_down(START + number * SECOND)
    assert pace(family, START + 19 * SECOND) == 1


def test_what_was_granted_before_is_throttled_for_the_same_reason(family: Family) -> None:
    """Grants stand, and those to come were made at the higher pace: that halves no pace twice."""
    last = START
    for _ in range(4):
        last = granted(family.rate_limiter.request(RATE_LIMIT, START, PATIENT, Priority.NORMAL)).at
    for limiter in (family.rate_limiter, family.rate_limiter_elsewhere):
        limiter.slow_down(START)
        limiter.slow_down(last)
        limiter.slow_down(last + SECOND - timedelta(milliseconds=1))
    assert pace(family, last + 2 * SECOND) >= RATE_LIMIT // 2

    family.rate_limiter.slow_down(last + 2 * SECOND)
    assert pace(family, last + 4 * SECOND) < RATE_LIMIT // 2


def test_the_pace_recovers_within_a_minute(family: Family) -> None:
    """Evenly, by itself, and for all workers."""
    family.rate_limiter.slow_down(START)

    assert [pace(family, START + number * 15 * SECOND) for number in range(6)] == [
        RATE_LIMIT // 2,
        RATE_LIMIT * 5 // 8,
        RATE_LIMIT * 3 // 4,
        RATE_LIMIT * 7 // 8,
        RATE_LIMIT,
        RATE_LIMIT,
    ]


def test_a_recovered_pace_is_halved_as_the_first_time(family: Family) -> None:
    """What was a minute ago is forgotten."""
    family.rate_limiter.slow_down(START)
    later = START + 61 * SECOND
    assert pace(family, later) == RATE_LIMIT

    family.rate_limiter_elsewhere.slow_down(later + 5 * SECOND)
    assert pace(family, later + 5 * SECOND) == RATE_LIMIT // 2


def test_what_was_granted_before_counts_at_the_lower_pace(family: Family) -> None:
    """Grants stand; the next one waits until they are out of the window."""
    family.rate_limiter.request(RATE_LIMIT // 2, START, NEVER_WAIT, Priority.NORMAL)
    family.rate_limiter_elsewhere.slow_down(START)

    assert family.rate_limiter.request(1, START, NEVER_WAIT, Priority.NORMAL) == WINDOW + TOLERANCE


def test_threads_that_are_throttled_at_once_slow_down_once(
    family: Family, caplog: pytest.LogCaptureFixture
) -> None:
    """And say so once, and lose no grant over it."""
    family.rate_limiter.request(1, START, NEVER_WAIT, Priority.NORMAL)

    def tell(number: int) -> None:
        limiter = family.rate_limiter if number % 2 else family.rate_limiter_elsewhere
        limiter.slow_down(START)

    results = race(tell, range(THREADS))

    assert [each for each in results if isinstance(each, Exception)] == []
    assert caplog.messages == [f"Throttled: slowed to {RATE_LIMIT // 2} of {RATE_LIMIT} a second"]
    rest = granted(family.rate_limiter.request(RATE_LIMIT, START, NEVER_WAIT, Priority.NORMAL))
    assert rest.messages == RATE_LIMIT // 2 - 1
    assert pace(family, START + 2 * SECOND) == RATE_LIMIT // 2 + RATE_LIMIT // 60
