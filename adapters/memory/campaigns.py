"""Campaigns in memory."""

from dataclasses import replace

from adapters.memory.database import MemoryDatabase
from adapters.memory.paging import page_of
from domain.campaign import Campaign, CampaignState
from domain.errors import AlreadyExists
from domain.fan_out import FanOutRange
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignPage


class MemoryCampaignRepository:
    """Implements `domain.ports.campaigns.CampaignRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(
        self,
        campaign: Campaign,
        ranges: tuple[FanOutRange, ...],
        record: IdempotencyRecord | None = None,
    ) -> None:
        """All, or nothing."""
        with self._database.lock:
            if campaign.campaign_id in self._database.campaigns:
                raise AlreadyExists("campaign", campaign.campaign_id)
            if record is not None:
                self._database.put_idempotency_record(record)
            self._database.put_campaign(campaign)
            self._database.ranges[campaign.campaign_id] = {each.number: each for each in ranges}

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """As last written."""
        return self._database.campaigns.get(campaign_id)

    def save(self, campaign: Campaign) -> Campaign:
        """By version."""
        with self._database.lock:
            self._database.check_campaign(campaign)
            stored = replace(campaign, version=campaign.version + 1)
            self._database.put_campaign(stored)
            return stored

    def page(
        self,
        state: CampaignState | None,
        limit: int,
        cursor: str | None,
        *,
        ids: tuple[str, str] | None = None,
    ) -> CampaignPage:
        """Newest first: ids sort by time."""
        with self._database.lock:
            matching = [
                each.campaign_id
                for each in self._database.campaigns.values()
                if (state is None or each.state is state or each.campaign_id == cursor)
                and (ids is None or ids[0] <= each.campaign_id < ids[1])
            ]
            keys, following = page_of(matching, limit, cursor, newest_first=True)
            return CampaignPage(tuple(self._database.campaigns[key] for key in keys), following)

    def cursor_after(self, state: CampaignState | None, campaign_id: CampaignId) -> str:  # noqa: ARG002  one for all
        """Its id."""
        return campaign_id
