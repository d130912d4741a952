"""Where chunks are kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.identifiers import CampaignId


@dataclass(frozen=True)
class SendPermission:
    """Read after the grant, before the claim: the campaign, and whom not to mail."""

    campaign: Campaign | None
    suppressed: frozenset[str]


@dataclass(frozen=True)
class ChunkChange:
    """A chunk to be written in place of the one `before`."""

    chunk: Chunk
    before: Chunk

    @property
    def is_one(self) -> bool:
        """Whether anything of it differs."""
        return self.chunk != self.before


class ChunkRepository(Protocol):
    """Manifest and progress of a chunk as one value.

    Every method raises DependencyFault; reads may then be repeated.
    """

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """The chunk and its campaign, strongly consistent; None if either does not exist."""
        ...

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        """As `load` for each that exists, in few requests; not all at the same moment."""
        ...

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Write `chunk`'s progress if the stored version is still `before`'s.

        Moves the tally by `chunk.tally_change(before)` in the same transaction, and where that
        finishes the chunk the campaign's progress shows when. Returns the chunk as stored. Raises
        VersionConflict, and then nothing was written. A write whose answer was lost and that was
        repeated underneath counts as the success it was.
        """
        ...

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """As `save` for each by itself, in few requests; returns those that were written.

        At most ten, of different chunks. One that somebody else was first to write is not among
        them, and does not hold the others back. Raises DependencyFault: any may have been written.
        """
        ...

    def reopen(self, chunk: Chunk, before: Chunk, campaign: Campaign) -> tuple[Chunk, Campaign]:
        """As `save`, with the campaign in the same transaction: both versions, or neither write.

        A finished chunk that has somebody to mail again must not meet a check that still counts
        it as finished. Returns both as stored.
        """
        ...

    def erase(self, chunk: Chunk, before: Chunk) -> Chunk:
        """As `save`, with the recipients in the same transaction.

        A manifest is written once: only erasure changes it.
        """
        ...

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """The campaign and the suppressed ones of `addresses`, both strongly consistent.

        Suppressed is whom the scope of a suppression holds the campaign's category back from;
        without a campaign, that of marketing.
        """
        ...
