"""Segments in SQLite."""

from collections.abc import Collection

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.paging import check_cursor, in_key_range, page_of
from adapters.sqlite.parameters import ANY_OF, listed
from adapters.sqlite.records import decode, encode
from domain.errors import AlreadyExists
from domain.identifiers import ContactId, SegmentId
from domain.key_space import member_key
from domain.ports.segments import SegmentPage
from domain.segment import MemberPage, Segment


class SqliteSegmentRepository:
    """Implements `domain.ports.segments.SegmentRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, segment: Segment) -> None:
        """New ones only."""
        with self._database.writing() as connection:
            inserted = connection.execute(
                "INSERT INTO segments (segment_id, record) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (segment.segment_id, encode(segment)),
            )
            if inserted.rowcount == 0:
                raise AlreadyExists("segment", segment.segment_id)

    def get(self, segment_id: SegmentId) -> Segment | None:
        """As it was written."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM segments WHERE segment_id = ?", (segment_id,)
            ).fetchone()
        return None if row is None else decode(row[0], Segment)

    def page(self, limit: int, cursor: str | None) -> SegmentPage:
        """By id."""
        with self._database.reading() as connection:
            check_cursor(connection, "segments", "segment_id", cursor)
            rows = connection.execute(
                "SELECT segment_id, record FROM segments WHERE segment_id > ?"
                " ORDER BY segment_id LIMIT ?",
                (cursor or "", limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return SegmentPage(tuple(decode(each, Segment) for each in page), following)

    def add_members(self, segment_id: SegmentId, contact_ids: Collection[ContactId]) -> None:
        """One transaction; each once."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO segment_members (segment_id, member_key, contact_id)"
                " VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(segment_id, member_key(each), each) for each in contact_ids],
            )

    def members(
        self, segment_id: SegmentId, *, lower: str, upper: str, after: str | None, limit: int
    ) -> MemberPage:
        """A part of the table, which is in the order of segments and keys."""
        condition, bounds = in_key_range("member_key", lower=lower, upper=upper, after=after)
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT member_key, contact_id FROM segment_members"  # noqa: S608  no value
                f" WHERE segment_id = ? AND {condition} ORDER BY member_key LIMIT ?",
                (segment_id, *bounds, limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return MemberPage(tuple(map(ContactId, page)), following)

    def memberships(
        self, contact_id: ContactId, segment_ids: Collection[SegmentId]
    ) -> frozenset[SegmentId]:
        """At one instant."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT segment_id FROM segment_members"  # noqa: S608  no value
                f" WHERE segment_id {ANY_OF} AND member_key = ?",
                (listed(segment_ids), member_key(contact_id)),
            ).fetchall()
        return frozenset(SegmentId(each) for (each,) in rows)

    def remove_member(self, segment_id: SegmentId, contact_id: ContactId) -> None:
        """By its key."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM segment_members WHERE segment_id = ? AND member_key = ?",
                (segment_id, member_key(contact_id)),
            )

    def those_in(
        self, segment_id: SegmentId, contact_ids: Collection[ContactId]
    ) -> frozenset[ContactId]:
        """At one instant."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT contact_id FROM segment_members"  # noqa: S608  no value
                f" WHERE segment_id = ? AND member_key {ANY_OF}",
                (segment_id, listed(map(member_key, contact_ids))),
            ).fetchall()
        return frozenset(ContactId(each) for (each,) in rows)
