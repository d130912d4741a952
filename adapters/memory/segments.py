"""Segments in memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection

from adapters.memory.database import MemoryDatabase
from adapters.memory.ordered_keys import OrderedByKey
from adapters.memory.paging import page_of
from domain.errors import AlreadyExists
from domain.identifiers import ContactId, SegmentId
from domain.key_space import member_key
from domain.ports.segments import SegmentPage
from domain.segment import MemberPage, Segment


class MemorySegmentRepository:
    """Implements `domain.ports.segments.SegmentRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, segment: Segment) -> None:
        """New ones only."""
        with self._database.lock:
            if segment.segment_id in self._database.segments:
                raise AlreadyExists("segment", segment.segment_id)
            self._database.segments[segment.segment_id] = segment

    def get(self, segment_id: SegmentId) -> Segment | None:
        """The segment."""
        return self._database.segments.get(segment_id)

    def page(self, limit: int, cursor: str | None) -> SegmentPage:
        """By id."""
        with self._database.lock:
            keys, following = page_of(self._database.segments, limit, cursor)
            return SegmentPage(tuple(self._database.segments[key] for key in keys), following)

    def add_members(self, segment_id: SegmentId, contact_ids: Collection[ContactId]) -> None:
        """Each once."""
        with self._database.lock:
            members = self._database.members.setdefault(segment_id, OrderedByKey())
            members.update({member_key(each): each for each in contact_ids})

    def members(
        self, segment_id: SegmentId, *, lower: str, upper: str, after: str | None, limit: int
    ) -> MemberPage:
        """In key order."""
        with self._database.lock:
            members = self._database.members.get(segment_id, OrderedByKey[ContactId]())
            keys = members.in_order()
            start = bisect_left(keys, lower)
            if after is not None:
                start = max(start, bisect_right(keys, after))
            end = bisect_left(keys, upper)
            page = keys[start : min(end, start + limit)]
            return MemberPage(
                tuple(members[key] for key in page),
                page[-1] if page and start + limit < end else None,
            )

    def memberships(
        self, contact_id: ContactId, segment_ids: Collection[SegmentId]
    ) -> frozenset[SegmentId]:
        """At one instant."""
        with self._database.lock:
            members = self._database.members
            key = member_key(contact_id)
            return frozenset(each for each in segment_ids if key in members.get(each, {}))

    def remove_member(self, segment_id: SegmentId, contact_id: ContactId) -> None:
        """By its key."""
        with self._database.lock:
            members = self._database.members.get(segment_id)
            if members is not None:
                members.pop(member_key(contact_id), None)

    def those_in(
        self, segment_id: SegmentId, contact_ids: Collection[ContactId]
    ) -> frozenset[ContactId]:
        """At one instant."""
        with self._database.lock:
            members = self._database.members.get(segment_id, OrderedByKey[ContactId]())
            return frozenset(each for each in contact_ids if member_key(each) in members)
