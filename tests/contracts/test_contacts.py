"""The contract of `domain.ports.contacts`."""

from collections.abc import Sequence

import pytest

from domain.contact import Contact, ContactDraft, FieldValue
from domain.identifiers import ContactId
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race


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

    assert after == Contact(before.contact_id, "ada@example.com", {"name": "Countess"})
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
