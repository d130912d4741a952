"""The contract of `domain.ports.admission`."""

from datetime import timedelta

import pytest

from domain.errors import DependencyFault
from tests.contracts.family import START_LIMITS, Family
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import START

SECOND = timedelta(seconds=1)


def test_a_lone_start_is_admitted(family: Family) -> None:
    """With a key and without."""
    assert family.admission.admit(None, START) is None
    assert family.admission.admit("key_1", START) is None


def test_a_burst_is_admitted_as_far_as_the_accounts_bucket_goes(family: Family) -> None:
    """Then it is told how long to wait, and is admitted when it has waited."""
    for _ in range(START_LIMITS.account.burst):
        assert family.admission.admit(None, START) is None

    wait = family.admission.admit(None, START)

    assert wait == SECOND / START_LIMITS.account.a_second
    assert family.admission.admit(None, START + wait) is None


def test_a_refusal_takes_no_token(family: Family) -> None:
    """However often somebody asks in vain, the token that comes back is there."""
    for _ in range(START_LIMITS.account.burst):
        family.admission.admit(None, START)
    waits = {family.admission.admit(None, START) for _ in range(20)}

    assert len(waits) == 1
    assert family.admission.admit(None, START + SECOND) is None


def test_a_key_that_asks_for_too_much_leaves_tokens_to_others(family: Family) -> None:
    """Each key has a bucket of its own."""
    for _ in range(START_LIMITS.key.burst):
        assert family.admission.admit("key_1", START) is None

    assert family.admission.admit("key_1", START) == SECOND / START_LIMITS.key.a_second
    assert family.admission.admit("key_2", START) is None


def test_processes_share_the_buckets(family: Family) -> None:
    """What one has taken is gone for the other, which has seen them full."""
    assert family.admission_elsewhere.admit("key_2", START) is None
    for _ in range(START_LIMITS.account.burst - 1):
        assert family.admission.admit(None, START) is None

    assert isinstance(family.admission_elsewhere.admit(None, START), timedelta)
    assert isinstance(family.admission.admit(None, START), timedelta)


def test_they_fill_up_for_whoever_has_seen_them_empty(family: Family) -> None:
    """Whoever was turned away is not turned away for ever."""
    for _ in range(START_LIMITS.account.burst):
        family.admission.admit(None, START)
    assert isinstance(family.admission.admit(None, START), timedelta)

    later = START + SECOND * START_LIMITS.account.burst

    for _ in range(START_LIMITS.account.burst):
        assert family.admission.admit(None, later) is None
    assert isinstance(family.admission.admit(None, later), timedelta)


def test_a_long_stream_is_admitted_as_far_as_tokens_come_back(family: Family) -> None:
    """Whichever process is asked, and however long ago it has last seen the buckets."""
    asks = [START + number * SECOND / 10 for number in range(100)]
    # Long turns: what one remembers is old when it is asked again.
    admitted = [
        at
        for number, at in enumerate(asks)
        if (family.admission_elsewhere if number // 7 % 2 else family.admission).admit(None, at)
        is None
    ]

    limit = START_LIMITS.account
    assert len(admitted) == limit.burst + limit.a_second * (asks[-1] - START) // SECOND


@pytest.mark.parametrize("elsewhere", [False, True])
def test_those_who_ask_at_once_are_not_admitted_beyond_the_bucket(
    family: Family, *, elsewhere: bool
) -> None:
    """Somebody is admitted; whoever loses too many races is turned away, and loses nothing."""
    other = family.admission_elsewhere if elsewhere else family.admission

    def ask(number: int) -> list[timedelta | None]:
        asked = family.admission if number % 2 else other
        return [asked.admit(None, START) for _ in range(START_LIMITS.account.burst)]

    results = race(ask, range(THREADS))

    assert not [each for each in results if isinstance(each, DependencyFault)]
    answers = [each for result in results if isinstance(result, list) for each in result]
    assert len(answers) == THREADS * START_LIMITS.account.burst
    assert 0 < answers.count(None) <= START_LIMITS.account.burst
