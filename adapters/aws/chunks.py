"""Chunks in DynamoDB."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.campaign_writes import saved
from adapters.aws.delivery_records import (
    finish_to_attributes,
    item_to_campaign,
    items_to_chunk,
    manifest_to_item,
    progress_to_item,
    tally_to_counters,
)
from adapters.aws.keys import campaign_key, manifest_key, progress_key, tally_key
from adapters.aws.suppression_records import item_to_suppression_scope, suppression_key
from adapters.aws.table import Add, Put, Table, TransactionRefused, put_version
from domain.campaign import Campaign, CampaignCategory
from domain.chunk import Chunk, ChunkRef
from domain.errors import VersionConflict
from domain.identifiers import CampaignId
from domain.ports.chunks import ChunkChange, SendPermission
from domain.tally import Tally


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
        (stored,), (put,), tally = self._writes([ChunkChange(chunk, before)])
        if tally:
            self._table.transact([put, *tally])
        else:
            self._table.put(put)
        return stored

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """One transaction, repeated without those whose condition failed."""
        waiting = list(changes)
        while len(waiting) > 1:
            stored, puts, tally = self._writes(waiting)
            try:
                self._table.transact([*puts, *tally])
            except TransactionRefused as refused:
                waiting = [
                    each for index, each in enumerate(waiting) if index not in refused.failed
                ]
            else:
                return {chunk.ref: chunk for chunk in stored}
        try:
            return {each.chunk.ref: self.save(each.chunk, each.before) for each in waiting}
        except VersionConflict:
            return {}

    def erase(self, chunk: Chunk, before: Chunk) -> Chunk:
        """One transaction: progress, tally, manifest."""
        (stored,), puts, tally = self._writes([ChunkChange(chunk, before)])
        manifest = manifest_to_item(stored, self._table.expires_at())
        self._table.transact([*puts, *tally, Put(manifest, "attribute_exists(pk)")])
        return stored

    def reopen(self, chunk: Chunk, before: Chunk, campaign: Campaign) -> tuple[Chunk, Campaign]:
        """One transaction: progress, tally, campaign."""
        (stored,), puts, tally = self._writes([ChunkChange(chunk, before)])
        reopened = replace(campaign, version=campaign.version + 1)
        self._table.transact([*puts, *tally, *saved(reopened)])
        return stored, reopened

    def _writes(
        self, changes: Sequence[ChunkChange]
    ) -> tuple[Sequence[Chunk], Sequence[Put], Sequence[Add]]:
        """The chunks as they will be stored, and how; where the tally moves, how it does.

        All of them are counted in one shard, the first one's: only the sum of the shards says
        anything, and two workers that write ten chunks each rarely meet in one of sixteen.
        """
        expires_at = self._table.expires_at()
        stored = [replace(each.chunk, version=each.before.version + 1) for each in changes]
        puts = [
            put_version(progress_to_item(chunk, expires_at), each.before.version)
            for chunk, each in zip(stored, changes, strict=True)
        ]
        moves = [each.chunk.tally_change(each.before) for each in changes]
        moved = sum((move for move in moves if move is not None), Tally())
        if moved == Tally():
            return stored, puts, ()
        ends = [each.chunk.finished_since(each.before) for each in changes]
        finished_at = max((end for end in ends if end is not None), default=None)
        key = tally_key(changes[0].chunk.ref)
        attributes = finish_to_attributes(finished_at)
        return stored, puts, [Add(key, tally_to_counters(moved), attributes)]

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
