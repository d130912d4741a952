"""One mail for which somebody waits: a place that was missed is not the end of it."""

from datetime import datetime, timedelta

from adapters.memory.mailer import MemoryMailer
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.chunk import ChunkRef
from domain.grants import Grant
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import Accepted, NotSent
from domain.priority import Priority
from domain.use_cases.send_directly import LAST_BEGUN, SendDirectly
from tests.contracts.settable_clock import SettableClock

SECOND = timedelta(seconds=1)
MESSAGE = Message(
    chunk=ChunkRef(CampaignId("cmp_test"), 0, 0),
    position=0,
    to="ann@example.com",
    subject="Hi",
    html="Hi",
    text="Hi",
)


class RestingLimiter(MemoryRateLimiter):
    """Its process is not run for a second, `rests` times, just as it has a place."""

    def __init__(self, clock: SettableClock, rests: int) -> None:
        """Of a thousand places a second."""
        super().__init__(1_000)
        self._clock = clock
        self._rests = rests

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """The place, which has passed by then."""
        answer = super().request(messages, now, patience, priority)
        if self._rests:
            self._rests -= 1
            self._clock.sleep(SECOND)
        return answer


def sent(rests: int) -> tuple[object, int, timedelta]:
    """What became of a mail, how often it was sent, and how long that took."""
    clock = SettableClock()
    mailer = MemoryMailer(clock)
    send = SendDirectly(limiter=RestingLimiter(clock, rests), mailer=mailer, clock=clock)
    outcome = send(MESSAGE, clock.monotonic() + LAST_BEGUN)
    return outcome, len(mailer.outbox), clock.monotonic()


def test_who_misses_a_place_takes_another() -> None:
    """On a busy machine: nobody is told to try again what can be tried now."""
    outcome, mails, _ = sent(rests=2)

    assert isinstance(outcome, Accepted)
    assert mails == 1


def test_who_misses_every_place_is_told_so_in_time() -> None:
    """Nothing was sent, and whoever waits has an answer."""
    outcome, mails, took = sent(rests=1_000)

    assert isinstance(outcome, NotSent)
    assert "was missed; try again" in outcome.reason
    assert mails == 0
    assert took <= LAST_BEGUN
