"""Tell why recipients who are pending were not mailed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.ports.chunks import ChunkRepository

MAX_CHUNKS = 12
"""Read for it, however large the campaign."""

_UNDER_WAY = frozenset({CampaignState.SENDING, CampaignState.PAUSED})


@dataclass(frozen=True, kw_only=True)
class ExplainPending:
    """By what paused the campaign, or what the latest try of their chunk said: it is in its record.

    Where nothing gets on, each chunk that is left is tried in vain, again and again: a few tell.
    """

    chunks: ChunkRepository

    def __call__(self, campaign: Campaign, progress: DeliveryProgress) -> str | None:
        """None where none of the chunks that are looked at was tried in vain.

        Raises DependencyFault.
        """
        if campaign.state not in _UNDER_WAY or not progress.pending:
            return None
        if campaign.pause_detail is not None:
            return campaign.pause_detail
        refs = tuple(islice(_from_the_end(progress.ranges), MAX_CHUNKS))
        found = (_reason(campaign, chunk) for _, chunk in self.chunks.load_all(refs).values())
        return next(filter(None, found), None)


def _from_the_end(ranges: Sequence[FanOutRange]) -> Iterator[ChunkRef]:
    """Those that are sent last, and, in ever longer steps, some of those before them."""
    back = 1
    while any(back <= each.chunk_count for each in ranges):
        for each in ranges:
            if back <= each.chunk_count:
                yield ChunkRef(each.campaign_id, each.number, each.chunk_count - back)
        back *= 2


def _reason(campaign: Campaign, chunk: Chunk) -> str | None:
    if not chunk.put_backs and campaign.state is not CampaignState.PAUSED:
        # Some of it was accepted at the latest try, and the rest is to be tried at once.
        return None
    reasons = (chunk.progress[position].reason for position in chunk.pending)
    return next(filter(None, reasons), None)
