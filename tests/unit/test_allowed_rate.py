"""How many mails a second may be sent: as set, or as the account allows."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.memory.sending_account import MemorySendingAccount
from domain.allowed_rate import REMEMBERED, RETRIED, RETRIED_AT_FIRST, AllowedRate
from domain.errors import DependencyUnavailable
from domain.sending_quota import UNLIMITED, SendingQuota
from tests.unit.sentinel import SettableClock

MOMENT = timedelta(microseconds=1)


class Account(MemorySendingAccount):
    """Counts how often it is read, and gives no answer while it `fails`."""

    def __init__(self, rate: float = 14) -> None:
        """Of that rate."""
        super().__init__()
        self.reads = 0
        self.fails = False
        self.elapse: Callable[[], None] = lambda: None
        self.allow(rate)

    def allow(self, rate: float) -> None:
        """From now on."""
        self.allowed = SendingQuota(max_rate=rate, max_a_day=UNLIMITED, sent_last_day=0)

    def quota(self) -> SendingQuota:
        """`allowed`."""
        self.reads += 1
        self.elapse()
        if self.fails:
            raise DependencyUnavailable("SES GetAccount: told by the test")
        return super().quota()


def rate_of(account: Account, clock: SettableClock, fixed: int = 0) -> AllowedRate:
    """Over them."""
    return AllowedRate(account.quota, clock.now, fixed)


def test_the_rate_is_what_the_account_allows() -> None:
    """Read when it is first asked for, and not before."""
    account = Account(14)
    rate = rate_of(account, SettableClock())

    assert account.reads == 0
    assert rate() == 14


def test_a_rate_that_is_set_goes_before_the_accounts() -> None:
    """Be it more or less, and nobody is asked."""
    account = Account(14)

    assert [rate_of(account, SettableClock(), fixed)() for fixed in (1, 500)] == [1, 500]
    assert account.reads == 0


@pytest.mark.parametrize(("told", "rate"), [(14.9, 14), (1.0, 1), (0.5, 1), (0.0, 1)])
def test_it_is_a_whole_number_and_at_least_one(told: float, rate: int) -> None:
    """Rounded down."""
    quota = SendingQuota(max_rate=told, max_a_day=UNLIMITED, sent_last_day=0)
    assert quota.mails_a_second == rate
    assert rate_of(Account(told), SettableClock())() == rate


def test_the_answer_is_remembered_for_five_minutes() -> None:
    """Then a raised or lowered rate is taken up."""
    clock, account = SettableClock(), Account(14)
    rate = rate_of(account, clock)
    rate()
    account.allow(50)

    clock.sleep(REMEMBERED - MOMENT)
    assert (rate(), account.reads) == (14, 1)
    clock.sleep(MOMENT)
    assert (rate(), account.reads) == (50, 2)


def test_without_a_new_answer_the_last_one_stays() -> None:
    """However long; it is asked again every minute."""
    clock, account = SettableClock(), Account(14)
    rate = rate_of(account, clock)
    rate()
    account.fails = True

    for reads in range(2, 100):
        clock.sleep(REMEMBERED)
        assert (rate(), account.reads) == (14, reads)

    account.fails = False
    account.allow(50)
    assert rate() == 14
    clock.sleep(RETRIED)
    assert rate() == 50


def test_without_any_answer_it_is_one_a_second_and_said(caplog: pytest.LogCaptureFixture) -> None:
    """Until there is one; not asked again at every call."""
    clock, account = SettableClock(), Account(14)
    account.fails = True
    rate = rate_of(account, clock)

    assert [rate(), rate(), rate()] == [1, 1, 1]
    assert account.reads == 1
    (line,) = caplog.messages
    assert "told by the test" in line
    assert "1 a second" in line

    account.fails = False
    clock.sleep(RETRIED_AT_FIRST)
    assert rate() == 14


def test_a_question_that_takes_long_is_not_asked_again_at_once() -> None:
    """A provider that hangs does not hang its workers all the time."""
    clock, account = SettableClock(), Account(14)
    rate = rate_of(account, clock)
    rate()
    account.fails = True
    account.elapse = lambda: clock.sleep(2 * RETRIED)
    clock.sleep(REMEMBERED)

    assert (rate(), account.reads) == (14, 2)
    assert (rate(), account.reads) == (14, 2)
