"""The demo data: what a newcomer's first campaign is made of."""

import copy
import hashlib
import json
import re
from collections.abc import Sequence

import pytest

from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.segments import MemorySegmentRepository
from adapters.memory.templates import MemoryTemplateRepository
from adapters.minijinja.renderer import MinijinjaRenderer
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.contact import ContactDraft
from domain.identifiers import ContactId, SegmentId, TemplateId
from domain.ports.renderer import Rendered
from domain.recipient import Recipient
from domain.use_cases.create_segment import CreateSegment
from domain.use_cases.create_template import CreateTemplate
from domain.use_cases.put_contacts import PutContacts
from entrypoints.local.demo.load import SEGMENTS, load_demo
from entrypoints.local.demo.people import CONTACTS, demo_contacts
from entrypoints.local.demo.pictures import DIGESTS, PICTURES, VIEWS, digest_of, previews
from entrypoints.local.demo.templates import TEMPLATES, content_of
from tests.unit.sentinel import FOOTER

UNSUBSCRIBE = "https://mail.example.com/u/token?a=1&b=2"
CONTACTS_DIGEST = "e3d95e1328e0fbfd89cf66d966530dc22343cee9e7999db55dda687e35e90283"
"""Of the contacts of the default seed: changed on purpose only, and then here too."""


@pytest.fixture(scope="module")
def contacts() -> Sequence[ContactDraft]:
    """Made once; they cannot be changed."""
    return demo_contacts()


def load(database: MemoryDatabase) -> None:
    """Through the real use cases."""
    clock, ids = SystemClock(), SystemIds()
    segments = MemorySegmentRepository(database)
    contacts = MemoryContactRepository(database, ids)
    load_demo(
        CreateTemplate(
            templates=MemoryTemplateRepository(database),
            renderer=MinijinjaRenderer(),
            clock=clock,
            ids=ids,
        ),
        CreateSegment(segments=segments, contacts=contacts, clock=clock, ids=ids),
        PutContacts(contacts=contacts),
        segments,
    )


def rendered(template_id: str, contacts: Sequence[ContactDraft]) -> Sequence[Rendered]:
    """What each contact gets; fails if one gets nothing."""
    results = MinijinjaRenderer().render(
        content_of(template_id),
        [
            FOOTER.merged(Recipient(ContactId("con_1"), each.address, each.fields), UNSUBSCRIBE)
            for each in contacts
        ],
    )
    mails = [each for each in results if isinstance(each, Rendered)]
    assert [each for each in results if not isinstance(each, Rendered)] == []
    return mails


def digest(contacts: Sequence[ContactDraft]) -> str:
    """Of every byte of the contacts, in order."""
    listed = [[each.address, dict(each.fields)] for each in contacts]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def test_the_seed_document_finds_its_templates_and_segments() -> None:
    """The three examples of the founding document name them."""
    database = MemoryDatabase()
    load(database)
    assert set(database.templates) == {"promo-template", "news-template", "newsletter-template"}
    assert set(database.segments) == {"vip-customers", "all-active", "all-subscribers"}


def test_segments_grow_and_hold_each_other() -> None:
    """1,000 in 2,000 in 3,000."""
    database = MemoryDatabase()
    load(database)
    vip, active, everybody = (
        set(database.members[SegmentId(each)].values())
        for each in ("vip-customers", "all-active", "all-subscribers")
    )
    assert (len(vip), len(active), len(everybody)) == (1_000, 2_000, 3_000)
    assert vip < active < everybody == set(database.contacts)


def test_loading_twice_changes_nothing() -> None:
    """Not even an id."""
    database = MemoryDatabase()
    load(database)
    before = (
        dict(database.templates),
        dict(database.segments),
        copy.deepcopy(database.members),
        dict(database.contacts),
    )
    load(database)
    assert before == (
        database.templates,
        database.segments,
        database.members,
        database.contacts,
    )


def test_a_load_that_broke_off_is_completed_by_the_next() -> None:
    """Segments without members and a store without people: the next load fills them."""
    database = MemoryDatabase()
    load(database)
    complete = len(database.contacts)
    database.members.clear()
    database.contacts.clear()
    database.contacts_by_address.clear()
    del database.templates[TemplateId("news-template")]
    load(database)
    assert len(database.contacts) == complete
    assert {key: len(members) for key, members in database.members.items()} == {
        "vip-customers": 1_000,
        "all-active": 2_000,
        "all-subscribers": 3_000,
    }
    assert set(database.templates) == set(TEMPLATES)


def test_contacts_are_the_same_on_every_machine(contacts: Sequence[ContactDraft]) -> None:
    """By the seed alone."""
    assert demo_contacts() == contacts
    assert digest(contacts) == CONTACTS_DIGEST
    assert digest(demo_contacts(seed=1)) != CONTACTS_DIGEST


def test_each_contact_has_a_plain_address_of_its_own(contacts: Sequence[ContactDraft]) -> None:
    """However the name is written."""
    addresses = {each.address for each in contacts}
    assert len(addresses) == len(contacts) == CONTACTS
    plain = re.compile(r"[a-z]+([._]?[a-z]+)?[0-9]*@example\.com", re.ASCII)
    assert [each for each in addresses if not plain.fullmatch(each)] == []


@pytest.mark.parametrize(
    "name", ["Müller", "Nguyễn", "Šimůnek", "Ólafur", "佐藤", "Мария", "إيمان", "O'Brien", "Łukasz"]
)
def test_names_are_of_many_scripts(contacts: Sequence[ContactDraft], name: str) -> None:
    """A campaign that garbles one of them shows it on the first run."""
    assert any(name in (each.fields["first_name"], each.fields["last_name"]) for each in contacts)


@pytest.mark.parametrize(
    ("last_name", "spelled"),
    [("Müller", "mueller"), ("Łęcka", "lecka"), ("佐藤", "sato"), ("Sørensen", "soerensen")],
)
def test_addresses_spell_names_as_their_bearers_do(
    contacts: Sequence[ContactDraft], last_name: str, spelled: str
) -> None:
    """In ASCII."""
    addresses = [each.address for each in contacts if each.fields["last_name"] == last_name]
    assert addresses
    assert [each for each in addresses if spelled not in each] == []


def test_full_names_are_in_the_order_of_their_language(contacts: Sequence[ContactDraft]) -> None:
    """A family name comes first where people put it first."""
    for contact in contacts:
        if contact.fields["language"] in {"Hungarian", "Japanese", "Vietnamese"}:
            expected = f"{contact.fields['last_name']} {contact.fields['first_name']}"
        elif contact.fields["language"] in {"Chinese", "Korean"}:
            expected = f"{contact.fields['last_name']}{contact.fields['first_name']}"
        else:
            expected = f"{contact.fields['first_name']} {contact.fields['last_name']}"
        assert contact.fields["full_name"] == expected


def test_gold_begins_where_the_newsletter_says(contacts: Sequence[ContactDraft]) -> None:
    """It counts the points that are missing to 2000."""
    assert {each.fields["tier"] for each in contacts} == {"Gold", "Silver", "Blue"}
    for contact in contacts:
        points = contact.fields["points"]
        assert isinstance(points, int)
        assert (points >= 2_000) == (contact.fields["tier"] == "Gold")


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_templates_merge_only_what_every_contact_has(
    template_id: str, contacts: Sequence[ContactDraft]
) -> None:
    """Strict undefined: a missing field would cost that person the mail."""
    names = MinijinjaRenderer().variables(content_of(template_id))
    assert {"first_name", "email", "unsubscribe_url", "postal_address"} <= names
    for contact in contacts:
        assert names <= contact.fields.keys() | {"email", "unsubscribe_url", "postal_address"}


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_every_contact_gets_a_mail_of_good_manners(
    template_id: str, contacts: Sequence[ContactDraft]
) -> None:
    """Small, personal in both parts, with nothing to load, nothing left unmerged, and a footer."""
    mails = rendered(template_id, contacts)
    assert len(mails) == CONTACTS
    for contact, mail in zip(contacts, mails, strict=True):
        assert len(mail.html.encode()) < 50_000
        assert contact.address in mail.html
        assert contact.address in mail.text
        assert str(contact.fields["first_name"]) in mail.text
        for part in (mail.subject, mail.html, mail.text):
            assert "{{" not in part
            assert "{%" not in part
        assert re.search(r"<(img|script|link|iframe|form)\b|url\(|@import", mail.html) is None
        assert "Harrowick" in mail.html
        assert "Harrowick" in mail.text
        assert "<" not in mail.text
        assert f'<a href="{UNSUBSCRIBE.replace("&", "&amp;")}"' in mail.html.replace("&#x2f;", "/")
        assert f"Unsubscribe:\n{UNSUBSCRIBE}\n" in f"{mail.text}\n"


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_links_lead_nowhere_but_to_example_com(template_id: str) -> None:
    """A reserved domain: no click ends at somebody's shop."""
    content = content_of(template_id)
    links = re.findall(r'href="([^"]*)"', content.html) + re.findall(r"https?:\S+", content.text)
    assert links
    assert links.count("{{ unsubscribe_url }}") == 1
    for link in links:
        assert link == "{{ unsubscribe_url }}" or re.fullmatch(
            r"https://example\.com/\S*|mailto:[a-z]+@example\.com", link
        )


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_text_lines_stay_within_a_narrow_window(
    template_id: str, contacts: Sequence[ContactDraft]
) -> None:
    """The text part reads well by itself, names merged."""
    for mail in rendered(template_id, contacts[:300]):
        lines = [line for line in mail.text.splitlines() if line != UNSUBSCRIBE]
        assert max(map(len, lines)) <= 80


def test_segments_are_listed_from_the_smallest() -> None:
    """As their docstring says: each holds the ones before it."""
    assert [each.segment_id for each in SEGMENTS] == [
        "vip-customers",
        "all-active",
        "all-subscribers",
    ]


def test_the_docs_show_the_templates_as_they_are() -> None:
    """Each in every view; one that was changed since is drawn again by `make pictures`."""
    drawn = {
        f"{template_id}-{view.name}.png": digest_of(html)
        for template_id, html in previews()
        for view in VIEWS
    }
    assert json.loads(DIGESTS.read_text(encoding="utf-8")) == drawn
    assert {each.name for each in PICTURES.glob("*.png")} == drawn.keys()
    page = (PICTURES.parent / "templates.md").read_text(encoding="utf-8")
    assert all(f"(pictures/{name})" in page for name in drawn)
