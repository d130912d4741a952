"""What becomes of each mail of a batch is certain, whatever who took it is doing."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from adapters.smtp.batch import Batch
from adapters.smtp.doubts import Doubts
from adapters.smtp.refusal import Doubtful
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from tests.contracts.settable_clock import SettableClock

WITHIN = timedelta(seconds=1)
AT_ONCE, A_MINUTE = 0.0, 60.0
HALTED = NotSent("halted")


def a_batch(number: int, clock: SettableClock | None = None) -> Batch:
    """Of so many mails, begun within a second."""
    return Batch(number, WITHIN, (clock or SettableClock()).monotonic, Doubts())


def test_who_never_comes_back_leaves_a_certain_outcome() -> None:
    """One that was exposed may have been sent; one that was only taken was not."""
    batch = a_batch(3)
    for position in (0, 1):
        assert batch.take() == position
    assert batch.expose(0)

    exposed, taken, waiting = batch.outcomes(AT_ONCE)

    assert isinstance(exposed, Unknown)
    assert isinstance(taken, NotSent)
    assert isinstance(waiting, NotSent)


def test_nothing_is_sent_of_a_batch_that_is_over() -> None:
    """Its outcomes were told: who comes late finds nothing to take, and may not go on."""
    batch = a_batch(2)
    assert batch.take() == 0
    told = batch.outcomes(AT_ONCE)

    assert not batch.expose(0)
    assert batch.take() is None
    batch.put_back(0)
    assert batch.take() is None
    assert not batch.is_waiting
    assert batch.outcomes(AT_ONCE) == told


def test_what_is_put_back_is_taken_again() -> None:
    """By whoever comes next, before the others."""
    batch = a_batch(2)
    assert batch.take() == 0
    batch.put_back(0)
    assert [batch.take(), batch.take(), batch.take()] == [0, 1, None]


def test_the_last_that_is_put_back_ends_a_batch_that_was_halted() -> None:
    """Nobody waits any longer: there is nothing that could still be sent."""
    batch = a_batch(2)
    assert batch.take() == 0
    with ThreadPoolExecutor(1) as threads:
        told = threads.submit(batch.outcomes, A_MINUTE)
        batch.halt(HALTED)
        batch.put_back(0)
        assert told.result(A_MINUTE / 2) == [HALTED] * 2


def test_none_is_begun_too_late() -> None:
    """What was begun in time goes on; the others are overdue, which says that nothing is wrong."""
    clock = SettableClock()
    batch = a_batch(2, clock)
    assert batch.take() == 0
    clock.sleep(WITHIN + timedelta(microseconds=1))
    assert batch.take() is None
    assert batch.expose(0)
    batch.settle(0, Accepted("id"))

    first, second = batch.outcomes(AT_ONCE)

    assert first == Accepted("id")
    assert isinstance(second, NotSent)
    assert second.overdue


def test_who_waits_for_a_batch_that_nobody_comes_to_waits_no_longer_than_for_its_grant() -> None:
    """All connections are at other batches: what is not begun by then never is."""
    clock = SettableClock()
    batch = a_batch(2, clock)
    clock.sleep(WITHIN)
    with ThreadPoolExecutor(1) as threads:
        outcomes = threads.submit(batch.outcomes, A_MINUTE).result(A_MINUTE / 2)

    assert all(isinstance(outcome, NotSent) and outcome.overdue for outcome in outcomes)
    assert not batch.is_waiting


def test_who_waits_for_a_batch_that_somebody_is_at_hears_what_comes_of_it() -> None:
    """A password that is wrong may be so after the grant: that is more than to be late."""
    clock = SettableClock()
    batch = a_batch(2, clock)
    batch.attend()
    clock.sleep(WITHIN)
    with ThreadPoolExecutor(1) as threads:
        told = threads.submit(batch.outcomes, A_MINUTE)
        batch.halt(HALTED)
        assert told.result(A_MINUTE / 2) == [HALTED] * 2


def test_doubts_are_of_all_only_where_none_was_taken() -> None:
    """And of one alone nobody can tell."""
    doubt = Doubtful("554 5.7.1")
    cases: Sequence[tuple[Sequence[Outcome | Doubtful], Sequence[Outcome]]] = (
        ([doubt], [Refused(doubt.reason)]),
        ([doubt, doubt], [AccountBlocked(doubt.reason)] * 2),
        ([doubt, doubt, Accepted("id")], [Refused(doubt.reason)] * 2 + [Accepted("id")]),
        ([doubt, doubt, Refused("no")], [AccountBlocked(doubt.reason)] * 2 + [Refused("no")]),
    )
    for settled, outcomes in cases:
        batch = a_batch(len(settled))
        for outcome in settled:
            position = batch.take()
            assert position is not None
            batch.settle(position, outcome)
        assert batch.outcomes(AT_ONCE) == outcomes
