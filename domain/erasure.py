"""Erasure: what stays of a person while the rest is being found."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.identifiers import ContactId, SuppressionId

ABANDONED_AFTER = timedelta(seconds=60)
"""One that notes nothing for so long has broken off; a step takes a fraction of it."""


@dataclass(frozen=True)
class Erasure:
    """One under way. Nothing in it names the person to whoever has not the key of the hash.

    `suppression_id` is the place of the address on the suppression list, whether or not it is on
    it; campaigns are gone through up to `cursor`. At `next_check_at` it has broken off, and the
    reconciler has somebody go on with it; None in those from before it looked after them.
    """

    contact_id: ContactId
    suppression_id: SuppressionId
    cursor: str | None = None
    next_check_at: datetime | None = None
