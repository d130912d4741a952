"""Suppress an address by hand."""

from dataclasses import dataclass
from datetime import datetime

from domain.address import normalise_address
from domain.errors import InvalidInput
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
        self,
        address: str,
        scope: SuppressionScope,
        note: str | None = None,
        reason: SuppressionReason = SuppressionReason.OPERATOR,
        since: datetime | None = None,
    ) -> SuppressionEntry:
        """What is on the list then; `since` is now unless it was elsewhere, and earlier.

        Raises InvalidInput, DependencyFault.
        """
        now = self.clock.now()
        if since is not None and since > now:
            raise InvalidInput("since", "It is to come; give the time at which it happened.")
        return self.suppressions.add(
            Suppression(normalise_address(address), reason, since or now, scope, checked_note(note))
        )
