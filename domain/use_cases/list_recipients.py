"""List who got a campaign's mail, who did not, and why."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from domain.chunk import Chunk, ChunkRef
from domain.errors import NotFound
from domain.identifiers import CampaignId, ContactId
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.fan_out import FanOutRepository
from domain.recipient import Recipient, RecipientProgress, RecipientState
from domain.use_cases.chunk_walk import ChunkGone, Place, chunk_with, chunks_from

MAX_CHUNKS_A_PAGE = 50
"""Read for one page, whatever it asks for: a campaign can have tens of thousands."""

Line = tuple[Recipient, RecipientProgress]


@dataclass(frozen=True)
class RecipientPage:
    """Recipients in the order of fan-out. With a `cursor` there may be more, however few these."""

    lines: tuple[Line, ...]
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class ListRecipients:
    """Everybody fanned out so far, as far as their chunks are still kept."""

    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository

    def __call__(
        self,
        campaign_id: CampaignId,
        *,
        state: RecipientState | None = None,
        contact_id: ContactId | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> RecipientPage:
        """Those in `state`, if given, and of them `contact_id`, if given.

        Raises NotFound, InvalidInput naming `cursor`, DependencyFault.
        """
        place = Place.of(cursor)
        if self.campaigns.get(campaign_id) is None:
            raise NotFound("campaign", campaign_id)
        ranges = self.fan_out.progress(campaign_id).ranges

        def asked_for(line: Line) -> bool:
            return state in {None, line[1].state} and contact_id in {None, line[0].contact_id}

        if contact_id is not None and cursor is None:
            # Where a chunk is missing on the short way, all that are left are gone through.
            with suppress(ChunkGone):
                chunk = chunk_with(ranges, contact_id, self._load_all)
                lines = () if chunk is None else _lines(chunk)
                return RecipientPage(tuple(filter(asked_for, lines)), None)
        found: list[Line] = []
        for looked_at, ref in enumerate(chunks_from(ranges, place)):
            if looked_at == MAX_CHUNKS_A_PAGE or len(found) == limit:
                return RecipientPage(tuple(found), Place.at(ref).cursor)
            chunk = self._load(ref)
            lines = () if chunk is None else _lines(chunk)
            for position in range(place.within(ref), len(lines)):
                if len(found) == limit:
                    return RecipientPage(tuple(found), Place.at(ref, position).cursor)
                if asked_for(lines[position]):
                    found.append(lines[position])
        return RecipientPage(tuple(found), None)

    def _load(self, ref: ChunkRef) -> Chunk | None:
        loaded = self.chunks.load(ref)
        return None if loaded is None else loaded[1]

    def _load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, Chunk]:
        return {ref: chunk for ref, (_, chunk) in self.chunks.load_all(refs).items()}


def _lines(chunk: Chunk) -> tuple[Line, ...]:
    return tuple(zip(chunk.recipients, chunk.progress, strict=True))
