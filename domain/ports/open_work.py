"""What the reconciler has to look at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId


class OpenWork(Protocol):
    """An index over the `next_check_at` of unfinished campaigns and chunks; never a scan."""

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """The campaigns among them: found at once, however many chunks are due."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Those whose `next_check_at` is not after `now`, about longest due first.

        Up to `limit`. Eventually consistent: read the record before acting. Raises
        DependencyFault.
        """
        ...
