"""Where fan-out ranges are kept, and what turns members into chunks."""

from collections.abc import Sequence
from typing import Protocol

from domain.campaign import Campaign
from domain.chunk import Chunk
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.identifiers import CampaignId


class FanOutRepository(Protocol):
    """Every write is fenced: it holds only if nobody wrote the range since it was read.

    Every method raises DependencyFault. A write whose answer was lost and that was repeated
    underneath counts as the success it was.
    """

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """All ranges, in order, the whole tally, and when a chunk was last finished.

        A strongly consistent read.
        """
        ...

    def claim(self, fan_out_range: FanOutRange, campaign: Campaign) -> tuple[FanOutRange, Campaign]:
        """Write the claimed range and, in the same transaction, the campaign it starts.

        Holds only if both stored versions are the ones given. Returns both as stored. Raises
        VersionConflict, and then neither was written.
        """
        ...

    def append(self, fan_out_range: FanOutRange, chunks: Sequence[Chunk]) -> FanOutRange:
        """Write up to `MAX_CHUNKS_A_STEP` new chunks and the advanced range in one transaction.

        Holds only if the stored range is the version given and the campaign is `sending`: a
        starter that was overtaken, or missed a pause or a cancel, writes nothing. Returns the
        range as stored. Raises VersionConflict.
        """
        ...

    def split(self, fan_out_range: FanOutRange, others: Sequence[FanOutRange]) -> FanOutRange:
        """Write the range with less before it and the new ones of the rest in one transaction.

        Holds only if the stored range is the version given and there are no ranges of the numbers
        of `others`, fewer than `MAX_RANGES`. Returns the range as stored. Raises VersionConflict,
        and then nothing was written.
        """
        ...

    def save(self, fan_out_range: FanOutRange) -> FanOutRange:
        """Write the range if the stored version is the one given; returns it as stored.

        Raises VersionConflict.
        """
        ...
