"""Token buckets: how many starts go the direct way, and how long the others would wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.admission import Admissions, StartLimit, StartLimits
from tests.unit.sentinel import NOW

LIMITS = StartLimits(account=StartLimit(10, burst=20), key=StartLimit(5, burst=8))
SECOND = timedelta(seconds=1)


def asked(
    times: Sequence[datetime],
    key_id: str | None = None,
    admissions: Admissions = Admissions(),  # noqa: B008  it never changes
    limits: StartLimits = LIMITS,
) -> tuple[Admissions, list[datetime]]:
    """The buckets after one start asked for at each time, and which were admitted."""
    admitted = []
    for now in times:
        answer = admissions.take(key_id, now, limits)
        if isinstance(answer, Admissions):
            admissions = answer
            admitted.append(now)
    return admissions, admitted


def test_a_burst_is_admitted_as_far_as_the_bucket_goes() -> None:
    """So many at one moment, and no more."""
    _, admitted = asked([NOW] * 50)

    assert len(admitted) == 20


def test_tokens_come_back_at_the_rate() -> None:
    """Half a second after the bucket was emptied there are five of ten a second."""
    _, admitted = asked([NOW] * 50 + [NOW + SECOND / 2] * 50)

    assert len(admitted) == 25


def test_whoever_is_turned_away_is_told_when_there_is_a_token() -> None:
    """A tenth of a second later; asked then, it is admitted."""
    admissions, _ = asked([NOW] * 20)

    assert admissions.take(None, NOW, LIMITS) == SECOND / 10
    assert isinstance(admissions.take(None, NOW + SECOND / 10, LIMITS), Admissions)


def test_a_key_has_a_bucket_of_its_own() -> None:
    """One that asks for too much leaves tokens to the others."""
    admissions, admitted = asked([NOW] * 50, "key_1")

    assert len(admitted) == 8
    assert admissions.take("key_1", NOW, LIMITS) == SECOND / 5
    assert isinstance(admissions.take("key_2", NOW, LIMITS), Admissions)


def test_all_keys_together_have_the_accounts() -> None:
    """However many keys ask."""
    admissions = Admissions()
    admitted = 0
    for number in range(50):
        answer = admissions.take(f"key_{number}", NOW, LIMITS)
        if isinstance(answer, Admissions):
            admissions, admitted = answer, admitted + 1

    assert admitted == 20


def test_full_buckets_are_not_kept() -> None:
    """The record stays small, however many keys there were in its time."""
    admissions = Admissions()
    for number in range(1_000):
        answer = admissions.take(f"key_{number}", NOW + number * SECOND / 10, LIMITS)
        assert isinstance(answer, Admissions)
        admissions = answer

    # A token of a key is back after a fifth of a second, in which the account admits two.
    assert len(admissions.keys_full_at) <= 3


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=366)])
@pytest.mark.parametrize("key_id", [None, "key_1"])
def test_a_clock_that_was_ahead_holds_nobody_up(key_id: str | None, ahead: timedelta) -> None:
    """Once it is set back one is admitted, and then as after an empty bucket."""
    admissions, _ = asked([NOW + ahead] * 20, key_id)

    admissions, admitted = asked([NOW] * 20, key_id, admissions)
    assert admitted == [NOW]
    limit = LIMITS.account if key_id is None else LIMITS.key
    later = NOW + 2 * SECOND
    _, admitted = asked([later] * 50, key_id, admissions)
    assert len(admitted) == limit.burst


def test_a_clock_that_is_little_ahead_admits_nobody_beyond_the_bucket() -> None:
    """Clocks differ: by it the bucket is empty for as long as that."""
    admissions, _ = asked([NOW + 30 * SECOND] * 20)

    assert admissions.take(None, NOW, LIMITS) == SECOND / 10
    _, admitted = asked([NOW + 33 * SECOND] * 50, None, admissions)
    assert len(admitted) == 20


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=200),
    st.integers(1, 20),
    st.integers(1, 30),
)
def test_no_span_of_time_admits_more_than_the_burst_and_what_comes_back(
    milliseconds: list[int], a_second: int, burst: int
) -> None:
    """Whatever is asked for, and when; and the first one is always admitted."""
    limits = StartLimits(StartLimit(a_second, burst), StartLimit(1_000, 1_000))
    times = [NOW + timedelta(milliseconds=each) for each in sorted(milliseconds)]

    _, admitted = asked(times, limits=limits)

    assert admitted[0] == times[0]
    for first, begin in enumerate(admitted):
        for last, end in enumerate(admitted[first:], first):
            # Rounded to whole microseconds.
            most = burst + (end - begin) / SECOND * a_second + 0.01
            assert last - first + 1 <= most, (begin, end)


@pytest.mark.parametrize("key_id", [None, "key_1"])
def test_the_first_start_is_admitted(key_id: str | None) -> None:
    """A lone campaign waits for nobody."""
    assert isinstance(Admissions().take(key_id, NOW, LIMITS), Admissions)
