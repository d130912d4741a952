"""The contract of `domain.ports.contacts`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.contact import Confirmation, Consent, Contact, ContactDraft, Origin
from domain.errors import InvalidInput, VersionConflict
from domain.identifiers import CampaignId, ContactId, JobId
from domain.key_space import WHOLE_KEY_SPACE, key_space_bounds, member_key
from domain.merge_fields import FieldValue
from domain.soft_bounces import SoftBounces
from domain.suppression import Suppression, SuppressionReason
from tests.contracts.examples import LATER
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import START


def drafts(count: int, **fields: FieldValue) -> list[ContactDraft]:
    """So many, of different addresses."""
    return [ContactDraft.of(f"person{number}@example.com", fields) for number in range(count)]


def ids_of(contacts: Sequence[Contact]) -> list[ContactId]:
    """Their ids."""
    return [contact.contact_id for contact in contacts]


def test_a_new_contact_is_read_as_it_was_put(family: Family) -> None:
    """With an id of its own, the normalised address and the fields."""
    (contact,) = family.contacts.put([ContactDraft.of(" Ada@Example.COM ", {"name": "Ada"})])

    assert (contact.address, contact.fields) == ("ada@example.com", {"name": "Ada"})
    assert family.contacts.get([contact.contact_id]) == (contact,)


def test_many_are_found_by_their_addresses(family: Family) -> None:
    """Those that there are, once each."""
    put = family.contacts.put(drafts(120))
    addresses = [each.address for each in put]

    found = family.contacts.find_all([*addresses, "nobody@example.com"])

    assert sorted(found, key=lambda each: each.contact_id) == sorted(
        put, key=lambda each: each.contact_id
    )
    assert family.contacts.find_all([]) == ()


def test_who_is_to_confirm_awaits_it_from_the_first_moment(family: Family) -> None:
    """No fan-out in between finds somebody who never asked; what was asked is kept as it was."""
    draft = replace(ContactDraft.of("ada@example.com", {}), is_to_confirm=True)

    (contact,) = family.contacts.put([draft])
    asked = family.contacts.save(
        replace(contact, confirmation=Confirmation(holds_back=False).asked(START))
    )

    assert contact.confirmation == Confirmation()
    assert asked.confirmation == Confirmation(1, START, holds_back=False)
    assert family.contacts.get([contact.contact_id]) == (asked,)
    assert family.contacts.put([draft]) == (asked,)


def test_what_bounced_is_kept_with_the_contact(family: Family) -> None:
    """Of which campaigns, and when; a put changes nothing of it."""
    (contact,) = family.contacts.put(drafts(1, name="Ada"))
    bounced = SoftBounces().bounced(CampaignId("cmp_1"), START)
    bounced = bounced.bounced(CampaignId("cmp_2"), START + timedelta(hours=1))

    saved = family.contacts.save(replace(contact, soft_bounces=bounced))

    assert contact.soft_bounces == SoftBounces()
    assert family.contacts.get([contact.contact_id]) == (saved,)
    (after,) = family.contacts.put(drafts(1, name="Countess"))
    assert after.soft_bounces == bounced


@pytest.mark.parametrize("count", [1, 50, 120])
def test_there_is_one_result_for_each_draft_in_order(family: Family, count: int) -> None:
    """Each address has its own contact."""
    wanted = drafts(count, tier="gold")

    contacts = family.contacts.put(wanted)

    assert [each.address for each in contacts] == [each.address for each in wanted]
    assert len(set(ids_of(contacts))) == count
    assert family.contacts.get(ids_of(contacts)) == contacts


def test_nobody_put_is_nobody(family: Family) -> None:
    """Nothing in, nothing out."""
    assert family.contacts.put([]) == ()
    assert family.contacts.get([]) == ()


def test_an_address_seen_before_keeps_its_id_and_gets_the_new_fields(family: Family) -> None:
    """The fields are replaced as a whole."""
    (before,) = family.contacts.put([ContactDraft.of("ada@example.com", {"name": "Ada", "a": 1})])

    (after,) = family.contacts.put([ContactDraft.of("ADA@example.com", {"name": "Countess"})])

    assert after == Contact(
        before.contact_id, "ada@example.com", {"name": "Countess"}, revision=before.revision + 1
    )
    assert family.contacts.get([before.contact_id]) == (after,)


def test_known_and_new_addresses_mix(family: Family) -> None:
    """In one call some are created and some updated, in order all the same."""
    wanted = drafts(60)
    known = family.contacts.put(wanted[::2])

    contacts = family.contacts.put(wanted)

    assert ids_of(contacts[::2]) == ids_of(known)
    assert [each.address for each in contacts] == [each.address for each in wanted]
    assert len(set(ids_of(contacts))) == len(wanted)


def test_putting_again_changes_nothing(family: Family) -> None:
    """The same drafts give the same contacts."""
    first = family.contacts.put(drafts(5, tier="gold"))

    assert family.contacts.put(drafts(5, tier="gold")) == first


def test_an_address_twice_in_one_call_is_one_contact(family: Family) -> None:
    """The later draft's fields stay."""
    contacts = family.contacts.put(
        [
            ContactDraft.of("ada@example.com", {"name": "First"}),
            ContactDraft.of("eve@example.com", {"name": "Eve"}),
            ContactDraft.of("ada@example.com", {"name": "Second"}),
        ]
    )

    assert len(contacts) == 3
    assert contacts[0].contact_id == contacts[2].contact_id != contacts[1].contact_id
    (stored,) = family.contacts.get([contacts[0].contact_id])
    assert stored.fields == {"name": "Second"}


def test_writers_of_one_address_agree_on_one_contact(family: Family) -> None:
    """Threads that put the same new addresses at once all get the same ids."""
    results = race(lambda tier: family.contacts.put(drafts(10, tier=tier)), range(THREADS))

    puts = [each for each in results if not isinstance(each, Exception)]
    assert len(puts) == THREADS, results
    assert len({tuple(ids_of(each)) for each in puts}) == 1
    stored = family.contacts.get(ids_of(puts[0]))
    assert [each.address for each in stored] == [each.address for each in drafts(10)]


def test_contacts_come_in_the_order_asked_for(family: Family) -> None:
    """Those that do not exist are left out; one asked for twice comes twice."""
    first, second, third = family.contacts.put(drafts(3))

    found = family.contacts.get(
        [
            third.contact_id,
            ContactId("con_unknown"),
            first.contact_id,
            third.contact_id,
            second.contact_id,
        ]
    )

    assert found == (third, first, third, second)


def test_more_contacts_are_read_than_one_request_takes(family: Family) -> None:
    """A fan-out step asks for 500; none is missed and none out of order."""
    contacts = family.contacts.put(drafts(230))[::-1]

    assert family.contacts.get(ids_of(contacts)) == contacts


@pytest.mark.parametrize("value", ["", "Zoë ☃\n", 0, 1, 2**53 - 1, -1, 1.0, 0.1, True, False, "1"])
def test_a_field_keeps_its_value_and_type(family: Family, value: FieldValue) -> None:
    """A number, a truth and a text that look alike stay apart."""
    (contact,) = family.contacts.put([ContactDraft.of("ada@example.com", {"field": value})])

    (found,) = family.contacts.get([contact.contact_id])
    assert found.fields == {"field": value}
    assert type(found.fields["field"]) is type(value)


def test_a_stored_contact_shares_nothing_with_what_was_given(family: Family) -> None:
    """Changing the fields given, or those got, changes nothing that is stored."""
    fields: dict[str, FieldValue] = {"name": "Ada"}
    (contact,) = family.contacts.put([ContactDraft("ada@example.com", fields)])

    fields["name"] = "Eve"
    (got,) = family.contacts.get([contact.contact_id])
    if isinstance(got.fields, dict):
        got.fields["name"] = "Mallory"

    (stored,) = family.contacts.get([contact.contact_id])
    assert stored.fields == {"name": "Ada"}


CONSENT = Consent("sign-up form", datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))


def full_draft(**fields: FieldValue) -> ContactDraft:
    """With everything that a contact may have."""
    return ContactDraft.of("ada@example.com", fields, "de-AT", "Europe/Vienna", CONSENT)


def test_everything_that_is_known_of_a_person_is_kept(family: Family) -> None:
    """Locale, time zone and consent are read as they were put."""
    (contact,) = family.contacts.put([full_draft()])

    (stored,) = family.contacts.get([contact.contact_id])
    assert stored == contact
    assert (stored.locale, stored.time_zone, stored.consent) == ("de-AT", "Europe/Vienna", CONSENT)


def test_what_a_draft_leaves_out_stays(family: Family) -> None:
    """A client that knows only the fields loses nobody's consent."""
    (before,) = family.contacts.put([full_draft(a=1)])

    (after,) = family.contacts.put([ContactDraft.of("ada@example.com", {"b": 2})])

    assert after == replace(before, fields={"b": 2}, revision=before.revision + 1)
    assert family.contacts.get([before.contact_id]) == (after,)


def test_the_revision_counts_changes_only(family: Family) -> None:
    """1, 1.0 and true are three values; the same draft twice is no change."""
    revisions = []
    for value in (1, 1, 1.0, True, True, "1"):
        (contact,) = family.contacts.put([full_draft(field=value)])
        (stored,) = family.contacts.get([contact.contact_id])
        assert type(stored.fields["field"]) is type(value)
        revisions.append(stored.revision)

    assert revisions == [1, 1, 2, 3, 3, 4]


def test_more_known_contacts_change_than_one_request_takes(family: Family) -> None:
    """All of them, each once."""
    known = family.contacts.put(drafts(120))

    changed = family.contacts.put(drafts(120, tier="gold"))

    assert ids_of(changed) == ids_of(known)
    assert family.contacts.get(ids_of(known)) == changed
    assert {each.revision for each in changed} == {2}


def test_a_contact_is_found_by_its_address(family: Family) -> None:
    """Nobody else is, and not by another address."""
    contact, _ = family.contacts.put(drafts(2))

    assert family.contacts.find(contact.address) == contact
    assert family.contacts.find("nobody@example.com") is None


def test_a_saved_contact_is_read_as_it_was_saved(family: Family) -> None:
    """Of the next revision."""
    (contact,) = family.contacts.put([full_draft(a=1)])
    edited = replace(contact, fields={"b": "x"}, locale=None, time_zone="Asia/Tokyo", consent=None)

    saved = family.contacts.save(edited)

    assert saved == replace(edited, revision=contact.revision + 1)
    assert family.contacts.get([contact.contact_id]) == (saved,)
    assert family.contacts.find(contact.address) == saved


def test_an_overtaken_save_writes_nothing(family: Family) -> None:
    """Nor does one of a contact that does not exist."""
    (contact,) = family.contacts.put([full_draft(a=1)])
    saved = family.contacts.save(replace(contact, fields={"a": 2}))

    for late in (
        replace(contact, fields={"a": 3}),
        Contact(ContactId("con_unknown"), "eve@example.com", {}),
    ):
        with pytest.raises(VersionConflict):
            family.contacts.save(late)

    assert family.contacts.get([contact.contact_id, ContactId("con_unknown")]) == (saved,)


def test_of_many_who_save_one_revision_one_does(family: Family) -> None:
    """The others are told."""
    (contact,) = family.contacts.put([full_draft()])

    results = race(
        lambda number: family.contacts.save(replace(contact, fields={"n": number})), range(THREADS)
    )

    saved = [each for each in results if isinstance(each, Contact)]
    assert len(saved) == 1, results
    assert all(isinstance(each, VersionConflict) for each in results if each not in saved)
    assert family.contacts.get([contact.contact_id]) == tuple(saved)


def pages(
    family: Family, bounds: tuple[str, str] = WHOLE_KEY_SPACE, limit: int = 7
) -> list[Contact]:
    """Everybody within bounds, page by page; no page is longer than it may be."""
    lower, upper = bounds
    found: list[Contact] = []
    after = None
    while True:
        page = family.contacts.page(lower=lower, upper=upper, after=after, limit=limit)
        assert len(page.contacts) <= limit
        found += page.contacts
        if page.cursor is None:
            return found
        assert after is None or page.cursor > after
        after = page.cursor


@pytest.mark.parametrize("limit", [1, 7, 40, 100])
def test_pages_hold_everybody_once_in_key_order(family: Family, limit: int) -> None:
    """Whatever the length of a page."""
    contacts = family.contacts.put(drafts(40))

    assert pages(family, limit=limit) == sorted(
        contacts, key=lambda each: member_key(each.contact_id)
    )


def test_a_page_of_nobody_is_the_last(family: Family) -> None:
    """It has no cursor."""
    assert pages(family) == []


@pytest.mark.parametrize("ranges", [2, 3, 16, 256])
def test_ranges_divide_the_contacts(family: Family, ranges: int) -> None:
    """Everybody is in one range, and in no other."""
    contacts = family.contacts.put(drafts(60))

    found = [each for bounds in key_space_bounds(ranges) for each in pages(family, bounds, limit=9)]

    assert found == sorted(contacts, key=lambda each: member_key(each.contact_id))


def test_bounds_are_a_lower_that_is_in_and_an_upper_that_is_not(family: Family) -> None:
    """To the very key."""
    ordered = sorted(family.contacts.put(drafts(30)), key=lambda each: member_key(each.contact_id))
    keys = [member_key(each.contact_id) for each in ordered]

    assert pages(family, (keys[3], keys[20])) == ordered[3:20]
    assert pages(family, (keys[3], keys[4])) == ordered[3:4]
    assert pages(family, (keys[3], keys[3])) == []
    assert family.contacts.page(lower=keys[3], upper=keys[9], after=keys[9], limit=5).contacts == ()
    after_none = family.contacts.page(lower=keys[3], upper=keys[9], after="00", limit=2)
    assert after_none.contacts == tuple(ordered[3:5])


def test_a_changed_contact_keeps_its_place(family: Family) -> None:
    """The page shows it as it is now."""
    contacts = family.contacts.put(drafts(10))
    saved = family.contacts.save(replace(contacts[4], fields={"n": 1}))

    assert [saved if each.contact_id == saved.contact_id else each for each in pages(family)] == (
        pages(family)
    )
    assert saved in pages(family)


def test_an_erasure_takes_contact_and_address_at_once(family: Family) -> None:
    """Everybody else stays; the address, given anew, is another contact."""
    one, other = family.contacts.put(drafts(2))

    erasure = family.contacts.begin_erasure(one.contact_id, LATER)

    assert erasure is not None
    assert (erasure.contact_id, erasure.cursor) == (one.contact_id, None)
    assert erasure.next_check_at == LATER
    assert family.contacts.get(ids_of([one, other])) == (other,)
    assert family.contacts.find(one.address) is None
    assert pages(family) == [other]
    with pytest.raises(VersionConflict):
        family.contacts.save(one)
    (again,) = family.contacts.put(drafts(1))
    assert again.contact_id != one.contact_id
    assert one.address not in repr(erasure)


def test_an_erasure_under_way_is_gone_on_with(family: Family) -> None:
    """As far as it was noted, until it has ended."""
    (contact,) = family.contacts.put(drafts(1))
    erasure = family.contacts.begin_erasure(contact.contact_id, LATER)
    assert erasure is not None
    assert family.contacts.begin_erasure(contact.contact_id, LATER) == erasure

    noted = replace(erasure, cursor="far", next_check_at=LATER + timedelta(days=1))
    family.contacts.note_erasure(noted)
    assert family.contacts.begin_erasure(contact.contact_id, LATER) == noted

    for _ in range(2):
        family.contacts.end_erasure(contact.contact_id)
    # Another was at it, too, and has not heard of the end.
    family.contacts.note_erasure(noted)
    assert family.contacts.begin_erasure(contact.contact_id, LATER) is None


def test_the_place_on_the_suppression_list_outlives_the_address(family: Family) -> None:
    """By it what is on the list is forgotten."""
    (contact,) = family.contacts.put(drafts(1))
    since = datetime(2026, 1, 2, tzinfo=UTC)
    stored = family.suppressions.add(Suppression(contact.address, SuppressionReason.BOUNCE, since))

    erasure = family.contacts.begin_erasure(contact.contact_id, LATER)

    assert erasure is not None
    assert erasure.suppression_id == stored.suppression_id


def test_of_many_who_erase_at_once_all_are_told_of_one_erasure(family: Family) -> None:
    """Nobody fails."""
    (contact,) = family.contacts.put(drafts(1))

    results = race(
        lambda _: family.contacts.begin_erasure(contact.contact_id, LATER), range(THREADS)
    )

    assert len({repr(each) for each in results}) == 1
    assert results[0] == family.contacts.begin_erasure(contact.contact_id, LATER)


def row(line: int, import_id: str = "imp_1", address: str = "ada@example.com") -> ContactDraft:
    """Of a file: it adds its line and a field of its own."""
    fields: dict[str, FieldValue] = {"line": line, f"from_{line}": True}
    draft = ContactDraft.of(address, fields, locale="de")
    return replace(draft, adds=True, origin=Origin(JobId(import_id), line))


def what_became(contact: Contact, draft: ContactDraft) -> str:
    """As an import counts it."""
    if contact.created_by == draft.origin:
        return "created"
    return "changed" if contact.changed_by == draft.origin else "unchanged"


def test_what_became_of_a_row_is_told_when_it_is_put_again_too(family: Family) -> None:
    """An import that was killed before it counted counts the same rows the same way."""
    same = ContactDraft.of("same@example.com", {"line": 4, "from_4": True}, locale="de")
    known = ContactDraft.of("known@example.com", {"name": "Ada"})
    family.contacts.put([same, known])
    rows = [row(2), row(3, address="known@example.com"), row(4, address="same@example.com")]

    first = family.contacts.put(rows)
    again = family.contacts.put(rows)

    assert again == first
    assert [what_became(*each) for each in zip(again, rows, strict=True)] == [
        "created",
        "changed",
        "unchanged",
    ]
    assert [(each.created_by, each.changed_by) for each in first] == [
        (rows[0].origin, rows[0].origin),
        (None, rows[1].origin),
        (None, None),
    ]
    assert family.contacts.get(ids_of(first)) == first


def test_a_row_adds_to_what_is_known(family: Family) -> None:
    """Fields that it does not have stay."""
    (before,) = family.contacts.put(
        [ContactDraft.of("ada@example.com", {"name": "Ada", "line": 1})]
    )

    (after,) = family.contacts.put([row(7)])

    assert after == replace(
        before,
        fields={"name": "Ada", "line": 7, "from_7": True},
        locale="de",
        changed_by=Origin(JobId("imp_1"), 7),
        revision=before.revision + 1,
    )
    assert family.contacts.get(ids_of([after])) == (after,)


def test_an_earlier_row_of_a_file_does_not_undo_a_later_one(family: Family) -> None:
    """Whoever lost the job may come late; another file is another matter, and so is a person."""
    family.contacts.put([row(5)])
    (later,) = family.contacts.put([row(9)])

    (unchanged,) = family.contacts.put([row(5)])
    assert unchanged == later
    assert family.contacts.get(ids_of([later])) == (later,)

    (by_another,) = family.contacts.put([row(2, "imp_2")])
    assert by_another.fields["line"] == 2
    assert by_another.created_by == Origin(JobId("imp_1"), 5)
    assert by_another.changed_by == Origin(JobId("imp_2"), 2)

    (by_hand,) = family.contacts.put([ContactDraft.of("ada@example.com", {"line": 0})])
    assert (by_hand.created_by, by_hand.changed_by) == (by_another.created_by, None)
    assert family.contacts.get(ids_of([by_hand])) == (by_hand,)


def test_of_two_drafts_of_one_address_the_later_counts(family: Family) -> None:
    """Nothing of the first is added."""
    contacts = family.contacts.put([row(2), row(3)])

    assert contacts[0] == contacts[1]
    assert contacts[0].fields == {"line": 3, "from_3": True}
    assert contacts[0].revision == 1


def test_a_row_that_adds_too_many_fields_is_refused_and_nothing_is_written(family: Family) -> None:
    """Of the others neither; put one by one, only that one is refused."""
    full = ContactDraft.of("full@example.com", {f"f{number}": 1 for number in range(49)})
    before = family.contacts.put([full, ContactDraft.of("known@example.com", {})])
    rows = [
        row(2, address="new@example.com"),
        row(3, address="known@example.com"),
        row(4, address="full@example.com"),
    ]

    with pytest.raises(InvalidInput) as refusal:
        family.contacts.put(rows)
    assert refusal.value.field == "fields"
    assert family.contacts.find("new@example.com") is None
    assert family.contacts.get(ids_of(before)) == before

    for each in rows[:2]:
        family.contacts.put([each])
    with pytest.raises(InvalidInput):
        family.contacts.put(rows[2:])
    assert family.contacts.get(ids_of(before[:1])) == before[:1]
