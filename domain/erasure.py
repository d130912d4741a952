"""Erasure: what stays of a person while the rest is being found."""

from dataclasses import dataclass

from domain.identifiers import ContactId, SuppressionId

ERASED = "erased"
"""Why an erased recipient is not sent."""


@dataclass(frozen=True)
class Erasure:
    """One under way. Nothing in it names the person to whoever has not the key of the hash.

    `suppression_id` is the place of the address on the suppression list, whether or not it is on
    it; campaigns are gone through up to `cursor`.
    """

    contact_id: ContactId
    suppression_id: SuppressionId
    cursor: str | None = None
