"""Creating a segment and putting people into it."""

import pytest

from domain.contact import ContactDraft
from domain.errors import AlreadyExists, InvalidInput, NotFound, UnknownReference
from domain.identifiers import ContactId, SegmentId
from domain.key_space import key_space_bounds, member_key
from domain.use_cases.add_members import AddMembers
from domain.use_cases.create_segment import CreateSegment
from tests.unit.sentinel import NOW, Sentinel


@pytest.fixture
def create_segment(sentinel: Sentinel) -> CreateSegment:
    """The use case."""
    return CreateSegment(
        segments=sentinel.segments,
        contacts=sentinel.contacts,
        clock=sentinel.clock,
        ids=sentinel.ids,
    )


@pytest.fixture
def add_members(sentinel: Sentinel) -> AddMembers:
    """The use case."""
    return AddMembers(segments=sentinel.segments, contacts=sentinel.contacts)


def members(sentinel: Sentinel, segment_id: SegmentId) -> list[ContactId]:
    """All of them, in their order."""
    ((lower, upper),) = key_space_bounds(1)
    page = sentinel.segments.members(segment_id, lower=lower, upper=upper, after=None, limit=1_000)
    return list(page.contact_ids)


def people(sentinel: Sentinel, size: int) -> list[ContactId]:
    """Contacts in no segment."""
    drafts = [ContactDraft.of(f"person-{number}@example.com", {}) for number in range(size)]
    return [contact.contact_id for contact in sentinel.contacts.put(drafts)]


def test_under_a_name(sentinel: Sentinel, create_segment: CreateSegment) -> None:
    """A segment may be given its id, is found under it, and has nobody in it."""
    segment = create_segment("VIP customers", "vip-customers")
    assert (segment.segment_id, segment.created_at) == ("vip-customers", NOW)
    assert sentinel.segments.get(segment.segment_id) == segment
    assert members(sentinel, segment.segment_id) == []


def test_under_an_id_of_its_own(create_segment: CreateSegment) -> None:
    """Without a name a segment gets an id, another one each."""
    one, two = create_segment("One"), create_segment("Two")
    assert one.segment_id != two.segment_id
    assert one.segment_id.startswith("seg_")


def test_a_name_that_is_taken(sentinel: Sentinel, create_segment: CreateSegment) -> None:
    """A second segment under one name is refused, the first one stays."""
    first = create_segment("One", "vip-customers")
    with pytest.raises(AlreadyExists):
        create_segment("Two", "vip-customers")
    assert sentinel.segments.get(first.segment_id) == first


@pytest.mark.parametrize("segment_id", ["", "_vip", "vip customers", "a/b", "a" * 65, "é", "a\n"])
def test_a_name_that_is_none(create_segment: CreateSegment, segment_id: str) -> None:
    """What cannot stand in an address bar is no id."""
    with pytest.raises(InvalidInput) as refusal:
        create_segment("VIP customers", segment_id)
    assert refusal.value.field == "segment_id"


def test_everybody_is_in_it_once(
    sentinel: Sentinel, create_segment: CreateSegment, add_members: AddMembers
) -> None:
    """Who is put in twice, in one call or in two, is in it once; members stand in key order."""
    segment_id = create_segment("Everyone").segment_id
    ids = people(sentinel, 20)
    add_members(segment_id, [*ids[:12], *ids[:3]])
    add_members(segment_id, ids[10:])
    assert members(sentinel, segment_id) == sorted(ids, key=member_key)


def test_no_such_segment(sentinel: Sentinel, add_members: AddMembers) -> None:
    """Nobody is put into a segment that does not exist."""
    with pytest.raises(NotFound):
        add_members(SegmentId("nosuch"), people(sentinel, 1))


def test_no_such_contact(
    sentinel: Sentinel, create_segment: CreateSegment, add_members: AddMembers
) -> None:
    """Where one contact does not exist it is named, and nobody is put in."""
    segment_id = create_segment("Everyone").segment_id
    with pytest.raises(UnknownReference) as refusal:
        add_members(segment_id, [*people(sentinel, 2), ContactId("con_nosuch")])
    assert refusal.value.field == "contact_ids/2"
    assert members(sentinel, segment_id) == []


def test_too_many_at_once(
    sentinel: Sentinel, create_segment: CreateSegment, add_members: AddMembers
) -> None:
    """Five hundred are the most in one call; one more is refused and nobody is put in."""
    segment_id = create_segment("Everyone").segment_id
    ids = people(sentinel, 501)
    with pytest.raises(InvalidInput) as refusal:
        add_members(segment_id, ids)
    assert refusal.value.field == "contact_ids"
    assert members(sentinel, segment_id) == []
    add_members(segment_id, ids[:500])
    assert len(members(sentinel, segment_id)) == 500
