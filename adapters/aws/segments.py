"""Segments in DynamoDB."""

from collections.abc import Collection

from adapters.aws.keys import member_sort_key, segment_key
from adapters.aws.listing import page_of
from adapters.aws.segment_records import item_to_segment, member_to_item, segment_to_item
from adapters.aws.table import Table, put_new
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import ContactId, SegmentId
from domain.key_space import member_key
from domain.ports.segments import SegmentPage
from domain.segment import MemberPage, Segment


class DynamoDBSegmentRepository:
    """Implements `domain.ports.segments.SegmentRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(self, segment: Segment) -> None:
        """A conditional PutItem."""
        try:
            self._table.put(put_new(segment_to_item(segment)))
        except VersionConflict as error:
            raise AlreadyExists("segment", segment.segment_id) from error

    def get(self, segment_id: SegmentId) -> Segment | None:
        """A consistent GetItem."""
        item = self._table.get(segment_key(segment_id))
        return None if item is None else item_to_segment(item)

    def page(self, limit: int, cursor: str | None) -> SegmentPage:
        """From the index `listing`."""
        items, following = page_of(
            self._table,
            index="listing",
            attribute="listing",
            value="segments",
            key_of=lambda listing_id: segment_key(SegmentId(listing_id)),
            limit=limit,
            cursor=cursor,
        )
        return SegmentPage(tuple(item_to_segment(item) for item in items), following)

    def add_members(self, segment_id: SegmentId, contact_ids: Collection[ContactId]) -> None:
        """BatchWriteItem, 25 a request."""
        self._table.batch_put(
            [member_to_item(segment_id, each) for each in dict.fromkeys(contact_ids)]
        )

    def members(
        self, segment_id: SegmentId, *, lower: str, upper: str, after: str | None, limit: int
    ) -> MemberPage:
        """A consistent Query: who was put in a moment ago must not be missed."""
        pk, _ = segment_key(segment_id)
        if after is not None and after >= upper:
            return MemberPage((), None)
        start = (pk, member_sort_key(after)) if after is not None and after >= lower else None
        end = member_sort_key(upper)
        found = [
            ContactId(item["contact_id"])
            for item in self._table.query(
                "pk = :pk AND sk BETWEEN :lower AND :upper",
                {":pk": pk, ":lower": member_sort_key(lower), ":upper": end},
                consistent=True,
                limit=limit + 1,
                start=start,
            )
            if item["sk"] != end
        ]
        page = tuple(found[:limit])
        return MemberPage(page, member_key(page[-1]) if len(found) > limit else None)

    def memberships(
        self, contact_id: ContactId, segment_ids: Collection[SegmentId]
    ) -> frozenset[SegmentId]:
        """Consistent, 100 a request."""
        sk = member_sort_key(member_key(contact_id))
        keys = {(segment_key(each)[0], sk): each for each in segment_ids}
        found = self._table.batch_get(list(keys), consistent=True)
        return frozenset(keys[key] for key in found)

    def remove_member(self, segment_id: SegmentId, contact_id: ContactId) -> None:
        """A DeleteItem."""
        pk, _ = segment_key(segment_id)
        self._table.delete((pk, member_sort_key(member_key(contact_id))))

    def those_in(
        self, segment_id: SegmentId, contact_ids: Collection[ContactId]
    ) -> frozenset[ContactId]:
        """Consistent, 100 a request."""
        pk, _ = segment_key(segment_id)
        keys = {(pk, member_sort_key(member_key(each))): each for each in contact_ids}
        found = self._table.batch_get(list(keys), consistent=True)
        return frozenset(keys[key] for key in found)
