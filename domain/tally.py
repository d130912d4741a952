"""Counts of finished chunks, kept in shards so that no record is hot."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields

from domain.recipient import RecipientFlag, RecipientProgress, RecipientState

TALLY_SHARDS = 16


@dataclass(frozen=True)
class Tally:
    """Recipients by final state, and how many chunks they stand for. May be a difference.

    `delivered`, `bounced` and `complained` are of those `sent`, as far as the provider told.
    """

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    suppressed: int = 0
    skipped: int = 0
    finished_chunks: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0

    @classmethod
    def of(cls, progress: Iterable[RecipientProgress]) -> "Tally":
        """The tally of one finished chunk."""
        rows = tuple(progress)
        counts = Counter(each.state for each in rows)
        flags = Counter(flag for each in rows for flag in each.flags)
        return cls(
            sent=counts[RecipientState.SENT],
            failed=counts[RecipientState.FAILED],
            unknown=counts[RecipientState.UNKNOWN],
            suppressed=counts[RecipientState.SUPPRESSED],
            skipped=counts[RecipientState.SKIPPED],
            finished_chunks=1,
            delivered=flags[RecipientFlag.DELIVERED],
            bounced=flags[RecipientFlag.BOUNCED],
            complained=flags[RecipientFlag.COMPLAINED],
        )

    @property
    def recipients(self) -> int:
        """All recipients counted."""
        return self.sent + self.failed + self.unknown + self.suppressed + self.skipped

    def __add__(self, other: "Tally") -> "Tally":
        """Field by field."""
        return self._combined(other, 1)

    def __sub__(self, other: "Tally") -> "Tally":
        """Field by field."""
        return self._combined(other, -1)

    def _combined(self, other: "Tally", sign: int) -> "Tally":
        return Tally(
            **{
                each.name: getattr(self, each.name) + sign * getattr(other, each.name)
                for each in fields(self)
            }
        )
