"""Campaigns in DynamoDB."""

from dataclasses import replace

from adapters.aws.campaign_writes import added, saved
from adapters.aws.delivery_records import item_to_campaign, range_to_item
from adapters.aws.idempotency import put_record
from adapters.aws.keys import campaign_key
from adapters.aws.listing import cursor_at, page_of
from adapters.aws.table import Table, put_new
from domain.campaign import Campaign, CampaignState
from domain.errors import AlreadyExists, IdempotencyKeyInUse, VersionConflict
from domain.fan_out import FanOutRange
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignPage


class DynamoDBCampaignRepository:
    """Implements `domain.ports.campaigns.CampaignRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(
        self,
        campaign: Campaign,
        ranges: tuple[FanOutRange, ...],
        record: IdempotencyRecord | None = None,
    ) -> None:
        """One transaction."""
        try:
            self._table.transact(
                [
                    *added(campaign),
                    *(put_new(range_to_item(each)) for each in ranges),
                    *([] if record is None else [put_record(record)]),
                ]
            )
        except VersionConflict as error:
            if record is not None and self.get(campaign.campaign_id) is None:
                raise IdempotencyKeyInUse from error
            raise AlreadyExists("campaign", campaign.campaign_id) from error

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """A consistent GetItem."""
        item = self._table.get(campaign_key(campaign_id))
        return None if item is None else item_to_campaign(item)

    def save(self, campaign: Campaign) -> Campaign:
        """A conditional PutItem; a transaction where its state changes."""
        stored = replace(campaign, version=campaign.version + 1)
        put, *changes = saved(stored)
        if changes:
            self._table.transact([put, *changes])
        else:
            self._table.put(put)
        return stored

    def page(
        self,
        state: CampaignState | None,
        limit: int,
        cursor: str | None,
        *,
        ids: tuple[str, str] | None = None,
    ) -> CampaignPage:
        """From the index `listing`, or `campaigns_by_state`."""
        items, following = page_of(
            self._table,
            index="listing" if state is None else "campaigns_by_state",
            attribute="listing" if state is None else "state",
            value=_listed(state),
            key_of=lambda listing_id: campaign_key(CampaignId(listing_id)),
            limit=limit,
            cursor=cursor,
            newest_first=True,
            between=ids,
        )
        return CampaignPage(tuple(item_to_campaign(item) for item in items), following)

    def cursor_after(self, state: CampaignState | None, campaign_id: CampaignId) -> str:
        """As a page that ends there has it."""
        return cursor_at(_listed(state), campaign_id)


def _listed(state: CampaignState | None) -> str:
    return "campaigns" if state is None else state.value
