"""Suppress an address by hand."""

from dataclasses import dataclass

from domain.contact import normalise_address
from domain.ports.clock import Clock
from domain.ports.suppressions import SuppressionRepository
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
    checked_note,
)


@dataclass(frozen=True, kw_only=True)
class AddSuppression:
    """From now on, in campaigns that are under way too."""

    suppressions: SuppressionRepository
    clock: Clock

    def __call__(
        self, address: str, scope: SuppressionScope, note: str | None = None
    ) -> SuppressionEntry:
        """What is on the list then. Raises InvalidInput, DependencyFault."""
        return self.suppressions.add(
            Suppression(
                normalise_address(address),
                SuppressionReason.OPERATOR,
                self.clock.now(),
                scope,
                checked_note(note),
            )
        )
