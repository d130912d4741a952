"""Chunks in DynamoDB."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.audience_records import item_to_suppression_scope
from adapters.aws.campaign_writes import saved
from adapters.aws.delivery_records import (
    finish_to_attributes,
    item_to_campaign,
    items_to_chunk,
    manifest_to_item,
    progress_to_item,
    tally_to_counters,
)
from adapters.aws.keys import campaign_key, manifest_key, progress_key, suppression_key, tally_key
from adapters.aws.table import Add, Put, Table, Write, put_version
from domain.campaign import Campaign, CampaignCategory
from domain.chunk import Chunk, ChunkRef
from domain.identifiers import CampaignId
from domain.ports.chunks import SendPermission


class DynamoDBChunkRepository:
    """Implements `domain.ports.chunks.ChunkRepository`."""

    def __init__(self, table: Table, address_hash_key: AddressHashKey) -> None:
        """Over one table; suppressions are found by the keyed hash of the address."""
        self._table = table
        self._address_hash_key = address_hash_key

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Campaign, manifest and progress in one consistent BatchGetItem."""
        return self.load_all([ref]).get(ref)

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        """Consistent BatchGetItem, 100 records a request; each campaign once."""
        wanted = dict.fromkeys(campaign_key(ref.campaign_id) for ref in refs)
        for ref in refs:
            wanted |= {manifest_key(ref): None, progress_key(ref): None}
        found = self._table.batch_get(list(wanted), consistent=True)
        campaigns = {
            key: item_to_campaign(item) for key, item in found.items() if key[1] == "CAMPAIGN"
        }
        loaded = {}
        for ref in refs:
            campaign = campaigns.get(campaign_key(ref.campaign_id))
            manifest, progress = found.get(manifest_key(ref)), found.get(progress_key(ref))
            if campaign is not None and manifest is not None and progress is not None:
                loaded[ref] = (campaign, items_to_chunk(ref, manifest, progress))
        return loaded

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """A conditional PutItem; where the tally moves, a transaction with it."""
        stored, put, tally = self._writes(chunk, before)
        if tally:
            self._table.transact([put, *tally])
        else:
            self._table.put(put)
        return stored

    def erase(self, chunk: Chunk, before: Chunk) -> Chunk:
        """One transaction: progress, tally, manifest."""
        stored, put, tally = self._writes(chunk, before)
        manifest = manifest_to_item(stored, self._table.expires_at())
        self._table.transact([put, *tally, Put(manifest, "attribute_exists(pk)")])
        return stored

    def reopen(self, chunk: Chunk, before: Chunk, campaign: Campaign) -> tuple[Chunk, Campaign]:
        """One transaction: progress, tally, campaign."""
        stored, put, tally = self._writes(chunk, before)
        reopened = replace(campaign, version=campaign.version + 1)
        self._table.transact([put, *tally, *saved(reopened)])
        return stored, reopened

    def _writes(self, chunk: Chunk, before: Chunk) -> tuple[Chunk, Put, list[Write]]:
        stored = replace(chunk, version=before.version + 1)
        put = put_version(progress_to_item(stored, self._table.expires_at()), before.version)
        change = chunk.tally_change(before)
        if change is None:
            return stored, put, []
        attributes = finish_to_attributes(chunk.finished_since(before))
        return stored, put, [Add(tally_key(chunk.ref), tally_to_counters(change), attributes)]

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """Campaign and suppressions in one consistent BatchGetItem."""
        campaign = campaign_key(campaign_id)
        keys = {suppression_key(self._address_hash_key(), each): each for each in addresses}
        found = self._table.batch_get([campaign, *keys], consistent=True)
        sent = item_to_campaign(found[campaign]) if campaign in found else None
        category = CampaignCategory.MARKETING if sent is None else sent.category
        return SendPermission(
            sent,
            frozenset(
                address
                for key, address in keys.items()
                if key in found and item_to_suppression_scope(found[key]).holds_back(category)
            ),
        )
