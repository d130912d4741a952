"""The contract of `domain.ports.sending_account`, and what SES's answers are taken for."""

import pytest

from adapters.aws.clients import AwsClients
from adapters.aws.sending_account import SesSendingAccount
from domain.allowed_rate import AllowedRate
from domain.errors import DependencyFault
from domain.sending_quota import UNLIMITED, SendingQuota
from tests.contracts.family import Family
from tests.contracts.settable_clock import SettableClock
from tests.contracts.wire import Step, answer, cut, error, intercepted, through

QUOTA = {"Max24HourSend": 200.0, "MaxSendRate": 14.0, "SentLast24Hours": 190.0}


def test_an_account_tells_what_it_allows(family: Family) -> None:
    """Some mails a second, so many a day, and how many of those are gone."""
    quota = family.sending_account.quota()

    assert quota.max_rate >= 1
    assert quota.max_a_day == UNLIMITED or quota.max_a_day > 0
    assert quota.sent_last_day >= 0
    assert not quota.is_short


def test_the_answer_is_read_each_time(clients: AwsClients) -> None:
    """As it is now: nothing is remembered here."""
    account = SesSendingAccount(clients)
    less = {**QUOTA, "MaxSendRate": 1.0, "SentLast24Hours": 200.0}

    with intercepted(
        clients.sesv2_reads, "GetAccount", answer({"SendQuota": QUOTA}), answer({"SendQuota": less})
    ):
        assert account.quota() == SendingQuota(max_rate=14, max_a_day=200, sent_last_day=190)
        assert account.quota() == SendingQuota(max_rate=1, max_a_day=200, sent_last_day=200)


def test_the_send_rate_is_what_the_account_allows(family: Family) -> None:
    """On the emulator 14; elsewhere as much as can be set."""
    rate = AllowedRate(family.sending_account.quota, SettableClock().now)

    assert rate() == (14 if family.name == "aws" else 100_000)


@pytest.mark.usefixtures("no_backoff")
def test_a_throttled_question_is_asked_again(clients: AwsClients) -> None:
    """SES answers one a second, and many workers begin at once."""
    throttled = error("TooManyRequestsException", 429)

    with intercepted(clients.sesv2_reads, "GetAccount", throttled, throttled, through) as wire:
        assert SesSendingAccount(clients).quota().max_rate >= 1

    assert wire.requests == 3


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize(
    "step",
    [
        error("TooManyRequestsException", 429),
        error("AccessDeniedException", 403),
        error("InternalFailure", 500),
        cut,
        answer({}),
        answer({"SendQuota": {}}),
    ],
)
def test_what_is_no_answer_is_a_fault(clients: AwsClients, step: Step) -> None:
    """Of the domain's, whatever it was."""
    with (
        intercepted(clients.sesv2_reads, "GetAccount", step),
        pytest.raises(DependencyFault, match="SES GetAccount"),
    ):
        SesSendingAccount(clients).quota()
