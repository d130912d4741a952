"""Fan-out ranges: which part of a segment's key space has become chunks, and who is at it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, LeaseToken
from domain.key_space import KEY_SPACE, WHOLE_KEY_SPACE, key_space_bounds, key_space_position
from domain.tally import Tally

CHUNKS_A_STEP = 10
"""Chunks written in one transaction and enqueued in one SQS batch, but for waves."""

MAX_CHUNKS_A_STEP = 49
"""Where a step is for several waves, each in chunks of its own. A transaction of DynamoDB takes 100
items: two for each chunk, the range, a check of the campaign. Never fewer than it once was: the
chunks of a step overlap in their member keys, and are looked for no further apart than this."""

WAVE_MEMBERS = 3
"""How many times the members of an ordinary step are taken for one of several waves, so that its
chunks are less empty: 1,500, of whom all that may be known fits into the 4 MB of a transaction."""

MAX_RANGES = 16
"""Into so many a large segment is split: more than are fanned out at once, so that who is done
first goes on with another one."""

SPLIT_ABOVE = 20_000
"""Of a segment with more members left than this the rest is split: what one start does in seconds
is not worth another."""

PARALLEL_STARTS = 4
"""At one campaign at once: of the ten functions that a new AWS account runs the others go on."""


@dataclass(frozen=True, order=True)
class Wave:
    """So many recipients have their time `at` one moment."""

    at: datetime
    recipients: int


def merged(waves: Iterable[Wave]) -> tuple[Wave, ...]:
    """One for each moment, the first first."""
    counts: Counter[datetime] = Counter()
    for wave in waves:
        counts[wave.at] += wave.recipients
    return tuple(sorted(Wave(at, recipients) for at, recipients in counts.items()))


def fitting(waves: Sequence[datetime | None], chunk_size: int, chunks: int) -> int:
    """How many of the first members fit into so many chunks, each of one wave alone."""
    counts: Counter[datetime | None] = Counter()
    begun = 0
    for index, wave in enumerate(waves):
        if counts[wave] % chunk_size == 0:
            if begun == chunks:
                return index
            begun += 1
        counts[wave] += 1
    return len(waves)


@dataclass(frozen=True, kw_only=True)
class FanOutRange:
    """One range. `lower` is within it, `upper` is not; `cursor` is the last key turned to chunks.

    Chunks 0 to `chunk_count` are written, 0 to `enqueued_through` are on the queue, or left to the
    reconciler until their wave. `waves` counts the recipients of a campaign in local time.
    """

    campaign_id: CampaignId
    number: int
    lower: str
    upper: str
    cursor: str | None = None
    chunk_count: int = 0
    recipient_count: int = 0
    enqueued_through: int = 0
    is_complete: bool = False
    lease_token: LeaseToken | None = None
    lease_until: datetime | None = None
    version: int = 0
    waves: tuple[Wave, ...] = ()

    @property
    def has_work_left(self) -> bool:
        """Whether a start has anything to do here."""
        return not self.is_complete or not self.is_enqueued

    @property
    def is_whole(self) -> bool:
        """Whether all of the segment is in it."""
        return (self.lower, self.upper) == WHOLE_KEY_SPACE

    @property
    def width(self) -> int:
        """Of how many hash prefixes it is."""
        return key_space_position(self.upper) - key_space_position(self.lower)

    @property
    def covered(self) -> int:
        """How many of them are wholly fanned out, as far as the cursor tells."""
        if self.is_complete:
            return self.width
        return key_space_position(self.cursor or self.lower) - key_space_position(self.lower)

    @property
    def is_enqueued(self) -> bool:
        """Whether every chunk that is written is on the queue."""
        return self.enqueued_through == self.chunk_count

    def not_enqueued(self, limit: int) -> tuple[ChunkRef, ...]:
        """The first chunks that may not be on the queue, up to `limit`."""
        end = min(self.chunk_count, self.enqueued_through + limit)
        return tuple(
            ChunkRef(self.campaign_id, self.number, number)
            for number in range(self.enqueued_through, end)
        )

    def is_held(self, now: datetime) -> bool:
        """Whether a starter's lease on it is live."""
        return self.lease_until is not None and now < self.lease_until

    def claim(self, token: LeaseToken, until: datetime) -> "FanOutRange":
        """Held by `token`. The caller has seen that there is work and no live lease."""
        return replace(self, lease_token=token, lease_until=until)

    def advance(
        self,
        *,
        cursor: str | None,
        chunks: int,
        recipients: int,
        lease_until: datetime,
        waves: Iterable[Wave] = (),
    ) -> "FanOutRange":
        """More chunks are written; without a cursor the segment has no more members here."""
        return replace(
            self,
            cursor=cursor or self.cursor,
            chunk_count=self.chunk_count + chunks,
            recipient_count=self.recipient_count + recipients,
            is_complete=cursor is None,
            lease_until=lease_until,
            waves=merged((*self.waves, *waves)),
        )

    def members_left(self, looked_at: int, after: str | None) -> int:
        """How many members there are past the cursor: about so many, or more.

        Told from the last step, which looked at so many past key `after`: members are spread over
        the prefixes evenly, and the prefix that the cursor is within counts as gone through.
        """
        if self.cursor is None or self.is_complete:
            return 0
        passed = key_space_position(self.cursor) + 1
        stepped = passed - key_space_position(after or self.lower)
        return looked_at * (key_space_position(self.upper) - passed) // stepped

    def split(self) -> tuple["FanOutRange", Sequence["FanOutRange"]]:
        """With less of the key space before it, and new ranges of the rest; only of a whole one.

        None are new where too little is left.
        """
        first = key_space_position(self.cursor or self.lower) + 1
        count = min(MAX_RANGES, KEY_SPACE - first)
        if count < 2:  # noqa: PLR2004  two make a split
            return self, ()
        (_, upper), *others = key_space_bounds(count, first)
        return replace(self, upper=upper), [
            FanOutRange(campaign_id=self.campaign_id, number=number, lower=lower, upper=upper)
            for number, (lower, upper) in enumerate(others, self.number + 1)
        ]

    def enqueued(self, chunks: int) -> "FanOutRange":
        """So many more are on the queue."""
        return replace(self, enqueued_through=self.enqueued_through + chunks)

    def renew(self, until: datetime) -> "FanOutRange":
        """Held until then."""
        return replace(self, lease_until=until)

    def enqueue_again(self) -> "FanOutRange":
        """Every chunk is to be put on the queue once more, by whoever claims it next."""
        return replace(self.release(), enqueued_through=0)

    def release(self) -> "FanOutRange":
        """Nobody holds it."""
        return replace(self, lease_token=None, lease_until=None)


def new_ranges(campaign_id: CampaignId, count: int) -> tuple[FanOutRange, ...]:
    """The key space of any segment, divided into `count` ranges."""
    return tuple(
        FanOutRange(campaign_id=campaign_id, number=number, lower=lower, upper=upper)
        for number, (lower, upper) in enumerate(key_space_bounds(count))
    )


@dataclass(frozen=True)
class DeliveryProgress:
    """How far a campaign is: its ranges, the tally of its finished chunks, and the last's time."""

    ranges: tuple[FanOutRange, ...]
    tally: Tally
    last_finished_at: datetime | None = None

    @property
    def recipients(self) -> int:
        """Recipients fanned out so far."""
        return sum(each.recipient_count for each in self.ranges)

    @property
    def pending(self) -> int:
        """Recipients fanned out whose chunk is not finished."""
        return self.recipients - self.tally.recipients

    @property
    def waves(self) -> tuple[Wave, ...]:
        """When so many recipients have their time; none of a campaign that has one for all."""
        return merged(wave for each in self.ranges for wave in each.waves)

    def waits_for_wave(self, now: datetime) -> bool:
        """Whether a wave is to come, and all there was to do before it is done."""
        to_come = sum(wave.recipients for wave in self.waves if wave.at > now)
        is_fanned_out = not any(each.has_work_left for each in self.ranges)
        return is_fanned_out and to_come > 0 and self.pending <= to_come

    def last_wave(self, now: datetime) -> datetime | None:
        """When the last one came."""
        return max((wave.at for wave in self.waves if wave.at <= now), default=None)

    def free(self, now: datetime) -> Sequence[FanOutRange]:
        """The ranges with work left that nobody is at."""
        return [each for each in self.ranges if each.has_work_left and not each.is_held(now)]

    def held(self, now: datetime) -> int:
        """How many ranges somebody is at."""
        return sum(each.is_held(now) for each in self.ranges)

    @property
    def complete_ranges(self) -> int:
        """Whose members are all fanned out."""
        return sum(each.is_complete for each in self.ranges)

    @property
    def share(self) -> float:
        """How much of the key space is fanned out, and so about of the segment: from 0 to 1."""
        return sum(each.covered for each in self.ranges) / KEY_SPACE

    @property
    def is_seen_whole(self) -> bool:
        """Whether no part of the key space is missing, and none is there twice.

        Ranges that are read one by one while one of them is split may show it as it was before.
        """
        bounds = sorted((each.lower, each.upper) for each in self.ranges)
        edges = [lower for lower, _ in bounds] + [WHOLE_KEY_SPACE[1]]
        return edges == [WHOLE_KEY_SPACE[0], *(upper for _, upper in bounds)]

    @property
    def is_finished(self) -> bool:
        """Whether everybody is fanned out and every chunk is finished."""
        chunks = sum(each.chunk_count for each in self.ranges)
        return (
            all(not each.has_work_left for each in self.ranges)
            and self.tally.finished_chunks == chunks
            and self.is_seen_whole
        )
