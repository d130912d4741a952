"""What became of one message handed to the mailer: split by what may follow."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Accepted:
    """The provider took it and will try to deliver it."""

    message_id: str


@dataclass(frozen=True)
class NotSent:
    """Certainly not taken (throttled, no connection, called off): may be sent later.

    `overdue`: its grant had run out; nothing is wrong but that, and another grant is all it needs.
    `throttled`: the provider takes fewer a second than it was given.
    """

    reason: str
    overdue: bool = False
    throttled: bool = False


@dataclass(frozen=True)
class Refused:
    """Refused for good: sending it again would be refused again."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """The request left and no answer came: it may have been sent. Never sent again by itself."""

    reason: str


@dataclass(frozen=True)
class AccountBlocked:
    """Certainly not taken, and nothing else will be: account paused, suspended or out of quota."""

    reason: str
    quota: bool = False


Outcome = Accepted | NotSent | Refused | Unknown | AccountBlocked


@dataclass(frozen=True, kw_only=True)
class OutcomeCounts:
    """How many messages had which outcome."""

    accepted: int = 0
    refused: int = 0
    not_sent: int = 0
    unknown: int = 0
    blocked: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "OutcomeCounts":
        """Counted."""
        counts = Counter(type(each) for each in outcomes)
        return cls(
            accepted=counts[Accepted],
            refused=counts[Refused],
            not_sent=counts[NotSent],
            unknown=counts[Unknown],
            blocked=counts[AccountBlocked],
        )
