"""Changes of campaigns' states that are to be announced."""

from collections.abc import Sequence
from typing import Protocol

from domain.campaign_history import ChangeRef, StateChange


class CampaignChanges(Protocol):
    """What every write of a campaign leaves here, in one transaction with it: its new changes.

    Each stays until somebody takes it away. Every method raises DependencyFault.
    """

    def due(self, limit: int) -> Sequence[ChangeRef]:
        """Those that are there, the oldest first, up to `limit`; eventually consistent."""
        ...

    def get(self, ref: ChangeRef) -> StateChange | None:
        """The change; None once it is taken away. Strongly consistent."""
        ...

    def remove(self, ref: ChangeRef) -> None:
        """It is announced. Nothing happens where it is gone already."""
        ...
