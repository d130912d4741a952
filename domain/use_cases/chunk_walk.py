"""What listing recipients and settling them share: the way through a campaign's chunks."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.chunk import Chunk, ChunkRef
from domain.errors import InvalidInput
from domain.fan_out import MAX_CHUNKS_A_STEP, FanOutRange
from domain.identifiers import ContactId
from domain.key_space import member_key

_CURSOR = re.compile(r"([0-9]{1,4})\.([0-9]{1,6})\.([0-9]{1,2})")

LoadChunks = Callable[[Sequence[ChunkRef]], Mapping[ChunkRef, Chunk]]


class ChunkGone(Exception):
    """A chunk on the way is no longer kept: whether somebody was in it cannot be told."""


@dataclass(frozen=True)
class Place:
    """The recipient to go on with, in the order of fan-out."""

    range_number: int = 0
    number: int = 0
    position: int = 0

    @classmethod
    def of(cls, cursor: str | None) -> "Place":
        """The beginning without one. Raises InvalidInput naming `cursor`."""
        if cursor is None:
            return cls()
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            text = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            text = ""
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
        return cls(*map(int, found.groups()))

    @classmethod
    def at(cls, ref: ChunkRef, position: int = 0) -> "Place":
        """Somebody of a chunk, the first if nobody is named."""
        return cls(ref.range_number, ref.number, position)

    @property
    def cursor(self) -> str:
        """Opaque to whoever gets it."""
        text = f"{self.range_number}.{self.number}.{self.position}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def within(self, ref: ChunkRef) -> int:
        """From which position of a chunk on; 0 in a later one."""
        here = (ref.range_number, ref.number) == (self.range_number, self.number)
        return self.position if here else 0


def chunks_from(ranges: Sequence[FanOutRange], place: Place) -> Iterator[ChunkRef]:
    """Every chunk written so far, from the one of `place` on."""
    for each in ranges:
        if each.number < place.range_number:
            continue
        first = place.number if each.number == place.range_number else 0
        for number in range(first, each.chunk_count):
            yield ChunkRef(each.campaign_id, each.number, number)


def chunk_with(
    ranges: Sequence[FanOutRange], contact_id: ContactId, load: LoadChunks
) -> Chunk | None:
    """The chunk that a contact is in; None where it is in none so far.

    Members are fanned out in the order of their keys, step by step, so that halving finds it.
    Raises ChunkGone.
    """
    key = member_key(contact_id)
    for each in ranges:
        if each.lower <= key < each.upper:
            return _found(each, key, load)
    return None


def _found(fan_out_range: FanOutRange, key: str, load: LoadChunks) -> Chunk | None:
    # The chunks of one step overlap where they are of several waves; those of two steps never do.
    overlap = bool(fan_out_range.waves)
    reach = MAX_CHUNKS_A_STEP - 1 if overlap else 0
    low, high = 0, fan_out_range.chunk_count
    while high - low > 3 * reach:
        middle = (low + high) // 2
        (chunk,) = _loaded(fan_out_range, range(middle, middle + 1), load)
        keys = [member_key(each.contact_id) for each in chunk.recipients]
        if key in keys:
            return chunk
        if key < keys[-1]:
            high = min(high, middle + reach + overlap)
        if key > keys[0]:
            low = max(low, middle - reach + (not overlap))
    for chunk in _loaded(fan_out_range, range(low, high), load):
        if key in [member_key(each.contact_id) for each in chunk.recipients]:
            return chunk
    return None


def _loaded(fan_out_range: FanOutRange, numbers: range, load: LoadChunks) -> Sequence[Chunk]:
    refs = [ChunkRef(fan_out_range.campaign_id, fan_out_range.number, each) for each in numbers]
    found = load(refs)
    if len(found) < len(refs):
        raise ChunkGone
    return [found[ref] for ref in refs]
