"""Counts of finished chunks, kept in shards so that no record is hot."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from domain.recipient import RecipientProgress, RecipientState

TALLY_SHARDS = 16


@dataclass(frozen=True)
class Tally:
    """Recipients by final state, and how many chunks they stand for. May be a difference."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    suppressed: int = 0
    skipped: int = 0
    finished_chunks: int = 0

    @classmethod
    def of(cls, progress: Iterable[RecipientProgress]) -> "Tally":
        """The tally of one finished chunk."""
        counts = Counter(each.state for each in progress)
        return cls(
            sent=counts[RecipientState.SENT],
            failed=counts[RecipientState.FAILED],
            unknown=counts[RecipientState.UNKNOWN],
            suppressed=counts[RecipientState.SUPPRESSED],
            skipped=counts[RecipientState.SKIPPED],
            finished_chunks=1,
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
            sent=self.sent + sign * other.sent,
            failed=self.failed + sign * other.failed,
            unknown=self.unknown + sign * other.unknown,
            suppressed=self.suppressed + sign * other.suppressed,
            skipped=self.skipped + sign * other.skipped,
            finished_chunks=self.finished_chunks + sign * other.finished_chunks,
        )
