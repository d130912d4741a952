"""What the reconciler has to look at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, SeriesId
from domain.job_run import Run
from domain.path_line import LineRef


class OpenWork(Protocol):
    """An index over the `next_check_at` of what is unfinished; never a scan.

    Each method finds those whose time is not after `now`, about longest due first, up to `limit`.
    Eventually consistent: read the record before acting. Raises DependencyFault.
    """

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """Campaigns alone: found at once, however many chunks are due."""
        ...

    def due_jobs(self, now: datetime, limit: int) -> Sequence[Run]:
        """Imports, exports and erasures, as run-job is invoked for them."""
        ...

    def due_series(self, now: datetime, limit: int) -> Sequence[SeriesId]:
        """Series, whose next occurrence may be to be made."""
        ...

    def due_lines(self, now: datetime, limit: int) -> Sequence[LineRef]:
        """Lines of analytics whose campaign is to be read again: `PathLine.next_look_at`."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Campaigns and chunks together."""
        ...
