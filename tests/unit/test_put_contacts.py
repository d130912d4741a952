"""Creating and updating contacts."""

import pytest

from domain.contact import ContactDraft
from domain.errors import InvalidInput
from domain.use_cases.put_contacts import PutContacts
from tests.unit.sentinel import Sentinel


@pytest.fixture
def put_contacts(sentinel: Sentinel) -> PutContacts:
    """The use case."""
    return PutContacts(contacts=sentinel.contacts)


def test_one_contact_for_each_address(put_contacts: PutContacts) -> None:
    """Another address is another contact; results stand in the order given."""
    ann, bob = put_contacts(
        [
            ContactDraft.of("ann@example.com", {"name": "Ann"}),
            ContactDraft.of("bob@example.com", {}),
        ]
    )
    assert (ann.address, ann.fields) == ("ann@example.com", {"name": "Ann"})
    assert bob.address == "bob@example.com"
    assert ann.contact_id != bob.contact_id


def test_the_same_address_is_the_same_contact(
    sentinel: Sentinel, put_contacts: PutContacts
) -> None:
    """An address seen before, in any spelling, keeps its contact and gets the new fields."""
    (first,) = put_contacts([ContactDraft.of("ann@example.com", {"name": "Ann", "age": 7})])
    again, twice = put_contacts(
        [
            ContactDraft.of("Ann@Example.com", {"name": "Anna"}),
            ContactDraft.of("ANN@EXAMPLE.COM", {"name": "Annie"}),
        ]
    )
    assert first.contact_id == again.contact_id == twice.contact_id
    (stored,) = sentinel.contacts.get([first.contact_id])
    assert stored.fields == {"name": "Annie"}


def test_too_many_at_once(sentinel: Sentinel, put_contacts: PutContacts) -> None:
    """Five hundred are the most in one call; one more is refused and nobody is stored."""
    drafts = [ContactDraft.of(f"person-{number}@example.com", {}) for number in range(501)]
    with pytest.raises(InvalidInput) as refusal:
        put_contacts(drafts)
    assert refusal.value.field == "contacts"
    assert sentinel.database.contacts == {}
    assert len(put_contacts(drafts[:500])) == 500
