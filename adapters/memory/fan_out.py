"""Fan-out ranges in memory."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.memory.database import MemoryDatabase
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk
from domain.errors import VersionConflict
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.identifiers import CampaignId
from domain.tally import Tally


class MemoryFanOutRepository:
    """Implements `domain.ports.fan_out.FanOutRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """Ranges and tally at one instant."""
        with self._database.lock:
            ranges = self._database.ranges.get(campaign_id, {})
            return DeliveryProgress(
                tuple(ranges[number] for number in sorted(ranges)),
                self._database.tallies.get(campaign_id, Tally()),
                self._database.last_finished_at.get(campaign_id),
            )

    def claim(self, fan_out_range: FanOutRange, campaign: Campaign) -> tuple[FanOutRange, Campaign]:
        """Both versions, or neither write."""
        with self._database.lock:
            self._database.check_campaign(campaign)
            held = self.save(fan_out_range)
            started = replace(campaign, version=campaign.version + 1)
            self._database.put_campaign(started)
            return held, started

    def append(self, fan_out_range: FanOutRange, chunks: Sequence[Chunk]) -> FanOutRange:
        """Fenced by the range's version and the campaign's state."""
        with self._database.lock:
            campaign = self._database.campaigns.get(fan_out_range.campaign_id)
            if campaign is None or campaign.state is not CampaignState.SENDING:
                raise VersionConflict(f"campaign {fan_out_range.campaign_id} is not sending")
            advanced = self.save(fan_out_range)
            self._database.chunks.update({chunk.ref: chunk for chunk in chunks})
            return advanced

    def split(self, fan_out_range: FanOutRange, others: Sequence[FanOutRange]) -> FanOutRange:
        """By version; the others are new."""
        with self._database.lock:
            ranges = self._database.ranges.get(fan_out_range.campaign_id, {})
            if any(each.number in ranges for each in others):
                raise VersionConflict(f"ranges of campaign {fan_out_range.campaign_id}")
            stored = self.save(fan_out_range)
            ranges.update({each.number: each for each in others})
            return stored

    def save(self, fan_out_range: FanOutRange) -> FanOutRange:
        """By version."""
        with self._database.lock:
            self._database.check_range(fan_out_range)
            stored = replace(fan_out_range, version=fan_out_range.version + 1)
            self._database.ranges[stored.campaign_id][stored.number] = stored
            return stored
