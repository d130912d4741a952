"""Write a campaign's line of analytics, as the ledger has it."""

from dataclasses import dataclass, replace

from domain.errors import VersionConflict
from domain.path_line import LineRef, PathLine
from domain.ports.analytics import AnalyticsRepository
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository

_ATTEMPTS = 3
"""Races lost to another reconciler before it is left for the next look."""


@dataclass(frozen=True, kw_only=True)
class WritePathLine:
    """Idempotent: it counts nothing up, so that it can be repeated at will."""

    analytics: AnalyticsRepository
    campaigns: CampaignRepository
    fan_out: FanOutRepository
    clock: Clock

    def __call__(self, ref: LineRef) -> PathLine | None:
        """The line as it is stored then; None where there is no such campaign.

        It is written where that says something else, or where it was due for a look. Raises
        VersionConflict and DependencyFault.
        """
        for _ in range(_ATTEMPTS):
            # First: whoever read the ledger after us then has written the line before we do.
            stored = self.analytics.get(ref)
            campaign = self.campaigns.get(ref.campaign_id)
            if campaign is None:
                return None
            progress = self.fan_out.progress(ref.campaign_id)
            line = PathLine.of(campaign, progress, self.clock.now())
            if stored is not None and not line.replaces(stored):
                return stored
            try:
                return self.analytics.save(
                    replace(line, version=0 if stored is None else stored.version)
                )
            except VersionConflict:
                continue
        raise VersionConflict("The line kept changing.")

    def first(self, ref: LineRef) -> None:
        """The same where there is no line yet, and else nothing: one read."""
        if self.analytics.get(ref) is None:
            self(ref)
