"""The contract of `domain.ports.segments`."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.errors import AlreadyExists, InvalidInput
from domain.identifiers import ContactId, SegmentId
from domain.key_space import key_space_bounds, member_key
from domain.rule import read_rule
from domain.segment import Segment
from tests.contracts.examples import MADE_UP_CURSORS, a_segment
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of

VIPS = SegmentId("vip-customers")
IDS = [
    SegmentId(each)
    for each in ("1st", "A-segment", "Z", "a-segment", "vip", "vip-customers", "vip_1")
]
"""In order: digits, capitals, hyphens, small letters, underscores sort by their code."""
WHOLE = key_space_bounds(1)[0]


def contact_ids(count: int) -> list[ContactId]:
    """So many, in the order of their member keys."""
    return sorted((ContactId(f"con_{number:026d}") for number in range(count)), key=member_key)


def read_all(
    family: Family, bounds: tuple[str, str] = WHOLE, limit: int = 7, after: str | None = None
) -> list[ContactId]:
    """Every member that pages of `limit` bring."""
    lower, upper = bounds
    found: list[ContactId] = []
    while True:
        page = family.segments.members(VIPS, lower=lower, upper=upper, after=after, limit=limit)
        assert len(page.contact_ids) <= limit
        found += page.contact_ids
        if page.cursor is None:
            return found
        assert page.contact_ids, "a cursor leads on, so there was something to read"
        assert after is None or page.cursor > after, "in key order, so it ends"
        after = page.cursor


def list_all(family: Family, limit: int) -> tuple[Sequence[SegmentId], Sequence[int]]:
    """Every segment that pages of `limit` bring, and how long each page was."""
    found: list[SegmentId] = []
    lengths: list[int] = []
    cursor = None
    while True:
        page = family.segments.page(limit, cursor)
        found += [each.segment_id for each in page.segments]
        lengths.append(len(page.segments))
        if page.cursor is None:
            return found, lengths
        assert len(lengths) < 100, "it never ends"
        cursor = page.cursor


def test_a_segment_is_read_as_it_was_added(family: Family) -> None:
    """Whole."""
    family.segments.add(a_segment())

    assert family.segments.get(VIPS) == a_segment()


def test_an_unknown_segment_is_none(family: Family) -> None:
    """Nothing is raised for an id that nobody has."""
    assert family.segments.get(VIPS) is None


def test_a_taken_id_is_refused_and_nothing_changes(family: Family) -> None:
    """The first segment stays as it is, with its members."""
    family.segments.add(a_segment())
    family.segments.add_members(VIPS, contact_ids(2))

    with pytest.raises(AlreadyExists) as refusal:
        family.segments.add(replace(a_segment(), name="Another"))

    assert (refusal.value.kind, refusal.value.identifier) == ("segment", VIPS)
    assert family.segments.get(VIPS) == a_segment()
    assert read_all(family) == contact_ids(2)


def test_adding_the_same_again_is_refused(family: Family) -> None:
    """That it would write what is stored does not make two creators of it."""
    family.segments.add(a_segment())

    with pytest.raises(AlreadyExists):
        family.segments.add(a_segment())


def test_of_those_who_add_one_id_one_wins(family: Family) -> None:
    """Threads that add different segments under one id: the others hear that it is taken."""
    rivals = [replace(a_segment(), name=f"Rival {number}") for number in range(THREADS)]

    def add(segment: Segment) -> Segment:
        family.segments.add(segment)
        return segment

    winner = winner_of(race(add, rivals), AlreadyExists)

    assert family.segments.get(VIPS) == winner


def test_there_is_an_empty_page_of_no_segments(family: Family) -> None:
    """No segments and no cursor."""
    page = family.segments.page(10, None)

    assert (page.segments, page.cursor) == ((), None)


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (100, [7])])
def test_pages_bring_every_segment_once_by_id(
    family: Family, limit: int, lengths: Sequence[int]
) -> None:
    """The last page has no cursor, also when it is full; members are no segments."""
    for segment_id in IDS[::-1]:
        family.segments.add(a_segment(segment_id))
        family.segments.add_members(segment_id, contact_ids(3))

    assert list_all(family, limit) == (IDS, lengths)


@pytest.mark.parametrize("cursor", MADE_UP_CURSORS)
def test_a_made_up_cursor_is_refused(family: Family, cursor: str) -> None:
    """InvalidInput names `cursor`, whatever the nonsense is."""
    family.segments.add(a_segment())

    with pytest.raises(InvalidInput) as refusal:
        family.segments.page(10, cursor)

    assert refusal.value.field == "cursor"


def test_a_segment_without_members_has_an_empty_page(family: Family) -> None:
    """An unknown segment too."""
    family.segments.add(a_segment())
    lower, upper = WHOLE

    for segment_id in (VIPS, SegmentId("unknown")):
        page = family.segments.members(segment_id, lower=lower, upper=upper, after=None, limit=10)
        assert (page.contact_ids, page.cursor) == ((), None)


@pytest.mark.parametrize("count", [1, 25, 60])
def test_members_are_found_as_soon_as_they_are_added(family: Family, count: int) -> None:
    """In the order of their keys, however they were put in."""
    members = contact_ids(count)

    family.segments.add_members(VIPS, sorted(members, reverse=True))

    assert read_all(family) == members


@pytest.mark.parametrize("limit", [1, 7, 10, 11, 100])
def test_pages_bring_every_member_once(family: Family, limit: int) -> None:
    """Whatever their size."""
    members = contact_ids(20)
    family.segments.add_members(VIPS, members)

    assert read_all(family, limit=limit) == members


def test_a_page_keeps_to_its_limit(family: Family) -> None:
    """And says by its cursor that there are more."""
    family.segments.add_members(VIPS, contact_ids(20))
    lower, upper = WHOLE

    page = family.segments.members(VIPS, lower=lower, upper=upper, after=None, limit=5)

    assert 0 < len(page.contact_ids) <= 5
    assert page.cursor == member_key(page.contact_ids[-1])


def test_nobody_added_changes_nothing(family: Family) -> None:
    """No members in, no members there."""
    family.segments.add_members(VIPS, [])

    assert read_all(family) == []


def test_who_is_in_already_stays_once(family: Family) -> None:
    """Added again, with others, and twice in one call."""
    members = contact_ids(30)
    family.segments.add_members(VIPS, members[:20])

    family.segments.add_members(VIPS, members[10:])
    family.segments.add_members(VIPS, [members[0], members[5], members[0]])

    assert read_all(family) == members


def test_who_comes_and_goes_is_seen_by_the_next_page(family: Family) -> None:
    """Each time, though pages were read before."""
    members = contact_ids(20)
    family.segments.add_members(VIPS, [*members[:8], *members[9:]])
    assert len(read_all(family)) == 19

    family.segments.add_members(VIPS, [members[8]])
    assert read_all(family) == members
    family.segments.remove_member(VIPS, members[12])
    assert read_all(family) == [*members[:12], *members[13:]]


def test_segments_do_not_share_members(family: Family) -> None:
    """Nor do names of which one is the beginning of the other."""
    members = contact_ids(4)
    family.segments.add_members(VIPS, members[:2])
    family.segments.add_members(SegmentId(f"{VIPS}-2"), members[2:])
    family.segments.add_members(SegmentId("vip"), members[2:])

    assert read_all(family) == members[:2]


@pytest.mark.parametrize("ranges", [1, 2, 3, 16])
def test_ranges_of_the_key_space_share_out_the_members(family: Family, ranges: int) -> None:
    """Every member is in exactly one range."""
    members = contact_ids(60)
    family.segments.add_members(VIPS, members)

    shares = [read_all(family, bounds) for bounds in key_space_bounds(ranges)]

    assert [each for share in shares for each in share] == members


def test_the_lower_bound_is_within_and_the_upper_is_not(family: Family) -> None:
    """Also where a bound is itself the key of a member."""
    members = contact_ids(6)
    family.segments.add_members(VIPS, members)

    found = read_all(family, (member_key(members[1]), member_key(members[4])))

    assert found == members[1:4]


@pytest.mark.parametrize("limit", [1, 100])
def test_members_come_after_the_key_given(family: Family, limit: int) -> None:
    """Not the one with that key itself; and a key that nobody has does as well."""
    members = contact_ids(6)
    family.segments.add_members(VIPS, members)
    between = member_key(members[2]) + "!"

    assert read_all(family, limit=limit, after=member_key(members[2])) == members[3:]
    assert read_all(family, limit=limit, after=between) == members[3:]


def test_after_the_last_member_comes_nobody(family: Family) -> None:
    """And no cursor."""
    members = contact_ids(6)
    family.segments.add_members(VIPS, members)

    assert read_all(family, after=member_key(members[-1])) == []


def test_a_key_outside_the_bounds_does_not_widen_them(family: Family) -> None:
    """Neither one before the lower bound nor one past the upper."""
    members = contact_ids(6)
    family.segments.add_members(VIPS, members)
    bounds = (member_key(members[2]), member_key(members[4]))

    assert read_all(family, bounds, after=member_key(members[0])) == members[2:4]
    assert read_all(family, bounds, after=member_key(members[5])) == []


def test_who_joins_while_reading_is_found_if_the_key_comes_later(family: Family) -> None:
    """And disturbs nothing otherwise."""
    members = contact_ids(6)
    family.segments.add_members(VIPS, members[1:5])
    lower, upper = WHOLE
    page = family.segments.members(VIPS, lower=lower, upper=upper, after=None, limit=2)

    family.segments.add_members(VIPS, [members[0], members[5]])

    assert read_all(family, after=page.cursor) == members[3:]


def test_threads_add_members_side_by_side(family: Family) -> None:
    """Nobody is lost."""
    members = contact_ids(5 * THREADS)

    race(lambda start: family.segments.add_members(VIPS, members[start::THREADS]), range(THREADS))

    assert read_all(family, limit=100) == members


def test_a_rule_is_read_as_it_was_written(family: Family) -> None:
    """Values with their types, from the record and from the list."""
    rule = read_rule(
        {
            "any": [
                {"not": {"all": [{"field": "a", "op": "in", "value": ["1", 1, 1.5, True]}]}},
                {"segment": "staff"},
                {"field": "born", "op": "between", "value": ["1990-01-01", "1999-12-31"]},
            ]
        }
    )
    segment = replace(a_segment(), rule=rule)
    family.segments.add(segment)

    stored = family.segments.get(segment.segment_id)

    assert stored == segment
    assert stored is not None
    assert repr(stored.rule) == repr(rule)


def test_those_in_a_segment_are_told_from_others(family: Family) -> None:
    """However many are asked for, and of the one segment only."""
    members = contact_ids(230)
    family.segments.add_members(VIPS, members[::2])
    family.segments.add_members(SegmentId("others"), members[1::2])

    assert family.segments.those_in(VIPS, members) == frozenset(members[::2])
    assert family.segments.those_in(VIPS, []) == frozenset()
    assert family.segments.those_in(SegmentId("nosuch"), members[:3]) == frozenset()


def test_the_segments_of_a_contact_are_told(family: Family) -> None:
    """Of those that are asked for, however many."""
    one, other = contact_ids(2)
    segments = [SegmentId(f"segment-{number}") for number in range(120)]
    for segment_id in segments[::50]:
        family.segments.add_members(segment_id, [one])
    family.segments.add_members(segments[1], [other])

    assert family.segments.memberships(one, segments) == frozenset(segments[::50])
    assert family.segments.memberships(one, segments[1:3]) == frozenset()
    assert family.segments.memberships(one, []) == frozenset()


def test_a_member_is_taken_out_of_one_segment(family: Family) -> None:
    """Who is not in it is not, twice over; nobody else goes, and no other segment loses anybody."""
    members = contact_ids(3)
    others = SegmentId("others")
    for segment_id in (VIPS, others):
        family.segments.add_members(segment_id, members)

    for _ in range(2):
        family.segments.remove_member(VIPS, members[1])
    family.segments.remove_member(SegmentId("nosuch"), members[0])

    assert read_all(family) == [members[0], members[2]]
    assert family.segments.those_in(others, members) == frozenset(members)
