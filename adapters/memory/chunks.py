"""Chunks in memory."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from adapters.memory.database import MemoryDatabase
from domain.campaign import Campaign, CampaignCategory
from domain.chunk import Chunk, ChunkRef
from domain.errors import VersionConflict
from domain.identifiers import CampaignId
from domain.ports.chunks import ChunkChange, SendPermission
from domain.tally import Tally


class MemoryChunkRepository:
    """Implements `domain.ports.chunks.ChunkRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Both at one instant."""
        with self._database.lock:
            campaign = self._database.campaigns.get(ref.campaign_id)
            chunk = self._database.chunks.get(ref)
            return None if campaign is None or chunk is None else (campaign, chunk)

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        """One after the other."""
        found = {ref: self.load(ref) for ref in refs}
        return {ref: loaded for ref, loaded in found.items() if loaded is not None}

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """By version, with the tally."""
        with self._database.lock:
            current = self._database.chunks.get(chunk.ref)
            if current is None or current.version != before.version:
                raise VersionConflict(f"chunk {chunk.ref}")
            stored = replace(chunk, version=before.version + 1)
            self._database.chunks[chunk.ref] = stored
            change = chunk.tally_change(before)
            if change is not None:
                tallies = self._database.tallies
                campaign_id = chunk.ref.campaign_id
                tallies[campaign_id] = tallies.get(campaign_id, Tally()) + change
                finished_at = chunk.finished_since(before)
                if finished_at is not None:
                    latest = self._database.last_finished_at
                    latest[campaign_id] = max(finished_at, latest.get(campaign_id, finished_at))
            return stored

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """One after the other."""
        stored: dict[ChunkRef, Chunk] = {}
        for change in changes:
            with suppress(VersionConflict):
                stored[change.chunk.ref] = self.save(change.chunk, change.before)
        return stored

    def reopen(self, chunk: Chunk, before: Chunk, campaign: Campaign) -> tuple[Chunk, Campaign]:
        """Both versions, or neither write."""
        with self._database.lock:
            self._database.check_campaign(campaign)
            stored = self.save(chunk, before)
            reopened = replace(campaign, version=campaign.version + 1)
            self._database.put_campaign(reopened)
            return stored, reopened

    def erase(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Recipients and progress are one value here."""
        return self.save(chunk, before)

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """Campaign and suppression list at one instant."""
        with self._database.lock:
            campaign = self._database.campaigns.get(campaign_id)
            category = CampaignCategory.MARKETING if campaign is None else campaign.category
            found = {each: self._database.suppression_entry(each) for each in addresses}
            return SendPermission(
                campaign,
                frozenset(
                    address
                    for address, entry in found.items()
                    if entry and entry.scope.holds_back(category)
                ),
            )
