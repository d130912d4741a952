"""Addresses and fields of people."""

from dataclasses import replace
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.address import normalise_address
from domain.contact import Contact, ContactDraft, Origin
from domain.errors import InvalidInput
from domain.identifiers import ContactId, JobId
from domain.merge_fields import FieldValue, checked_fields
from domain.use_cases.edit_contact import ContactEdit


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee+News@EXAMPLE.Com\n", "ann.lee+news@example.com"),
        ("O'Brien_1@mail.example.co.uk", "o'brien_1@mail.example.co.uk"),
        ("JOSE\u0301@example.com", "josé@example.com"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("müller@münchen.de", "müller@münchen.de"),
        ("संपर्क@डाटामेल.भारत", "संपर्क@डाटामेल.भारत"),
        ("a@xn--mnchen-3ya.de", "a@münchen.de"),
        ("u@bücher。de", "u@bücher.de"),
    ],
)
def test_one_spelling(text: str, address: str) -> None:
    """Case, surrounding space and composition do not make another person; any script may be."""
    assert normalise_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@example",
        "ann@.com",
        "ann@example..com",
        "ann@example.com.",
        "ann@-example.com",
        "ann@example-.com",
        "ann@[127.0.0.1]",
        "ann @example.com",
        ".ann@example.com",
        "ann.@example.com",
        "an..n@example.com",
        '"ann"@example.com',
        "Ann <ann@example.com>",
        "<ann@example.com>",
        "ann(friend)@example.com",
        "ann@example.com\r\nBcc: bob@example.com",
        "ann\r\n@example.com",
        "ann\n@example.com",
        "ann\t@example.com",
        "ann\x00@example.com",
        "ann\x7f@example.com",
        "ann\u200b@example.com",
        "ann\u2028@example.com",
        "ann\u202e@example.com",
        "ann\ud800@example.com",
        "ann@exam\x00ple.com",
        "ann@example.com\x00",
        "ann@example.com,bob@example.com",
        "ann@example.com;bob@example.com",
        "ann@example.com bob@example.com",
        "ann@bob@example.com",
    ],
)
def test_no_address(text: str) -> None:
    """What is not exactly one address, without a control character, is refused."""
    with pytest.raises(InvalidInput) as refusal:
        normalise_address(text)
    assert refusal.value.field == "email"


def test_the_limits_of_an_address() -> None:
    """64 bytes before the @ and 254 in all are the most, as in RFC 5321; bytes, not letters."""
    longest_local = "a" * 64 + "@example.com"
    assert normalise_address(longest_local) == longest_local
    domain = ".".join(["d" * 62] * 3) + ".com"
    longest = "a" * (254 - len(domain) - 1) + "@" + domain
    assert normalise_address(longest) == longest
    for too_long in ("a" * 65 + "@example.com", "é" * 33 + "@example.com", "a" + longest):
        with pytest.raises(InvalidInput, match="Too long"):
            normalise_address(too_long)


NASTY = (
    *("ann", "@", "example.com", ".", "\r\n", "\n", "\t", " ", ",", ";", ":", "<", ">", "(", ")"),
    *('"', "\\", "[", "]", "\x00", "\x85", "\u2028", "\u200b", "\u0301", "é", "İ", "Σ", "J\u030c"),
)
fragments = st.lists(st.sampled_from(NASTY) | st.text(max_size=3), max_size=8).map("".join)


@given(text=fragments | fragments.map(lambda text: f"ann{text}@example.com"))
def test_an_address_cannot_carry_anything_else(text: str) -> None:
    """Whatever text comes in, what is stored is one printable address that a mail parser reads."""
    try:
        address = normalise_address(text)
    except InvalidInput:
        return
    assert address.isprintable()
    assert not any(character.isspace() for character in address)
    assert getaddresses([address]) == [("", address)]


@given(text=fragments.map(lambda text: f"{text}@example.com"))
@example(text="J\u030c@example.com")
def test_normalising_again_changes_nothing(text: str) -> None:
    """The stored spelling is stable: who is suppressed under it is found under it."""
    try:
        address = normalise_address(text)
    except InvalidInput:
        return
    assert normalise_address(address) == address


def test_fields_are_copied() -> None:
    """Changing what was passed in, or what came out, does not change the contact."""
    given_fields: dict[str, FieldValue] = {"name": "Ann", "visits": 3, "score": 0.5, "vip": True}
    draft = ContactDraft.of("Ann@example.com", given_fields)
    given_fields["name"] = "Bob"
    assert draft.address == "ann@example.com"
    assert draft.fields["name"] == "Ann"
    with pytest.raises(TypeError):
        draft.fields["name"] = "Bob"  # type: ignore[index]  # that it cannot is the point


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({f"field_{number}": "" for number in range(51)}, "fields"),
        ({"": "x"}, "fields/"),
        ({"1st": "x"}, "fields/1st"),
        ({"first name": "x"}, "fields/first name"),
        ({"name\n": "x"}, "fields/name\n"),
        ({"größe": "x"}, "fields/größe"),
        ({"a" * 65: "x"}, "fields/" + "a" * 65),
        ({"email": "x"}, "fields/email"),
        ({"bio": "x" * 2_046}, "fields"),
        ({"bio": "é" * 1_023}, "fields"),
    ],
)
def test_the_limits_of_fields(fields: dict[str, FieldValue], named: str) -> None:
    """Too many, too large, or not a name: refused, naming which."""
    with pytest.raises(InvalidInput) as refusal:
        checked_fields(fields)
    assert refusal.value.field == named


def test_fields_up_to_the_limits() -> None:
    """Fifty fields, a name of 64 letters and 2,048 bytes in all are taken."""
    assert len(checked_fields({f"field_{number}": number for number in range(50)})) == 50
    assert checked_fields({"a" * 64: True})
    assert checked_fields({"bio": "x" * 2_045})
    assert checked_fields({}) == {}


def test_a_name_that_cannot_be_written() -> None:
    """Half a surrogate pair in a field's name is refused, and not repeated in the refusal."""
    with pytest.raises(InvalidInput) as refusal:
        checked_fields({"name\ud800": "x"})
    assert str(refusal.value).encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2**53, -(2**53)])
def test_numbers_that_json_has_not(value: float) -> None:
    """A number that not every reader of JSON reads alike is refused by its field."""
    with pytest.raises(InvalidInput) as refusal:
        checked_fields({"score": value})
    assert refusal.value.field == "fields/score"


@pytest.mark.parametrize("value", [2**53 - 1, 1 - 2**53, 1e300, 0, True])
def test_numbers_that_json_has(value: float) -> None:
    """Whole numbers up to 2^53 - 1 and all finite fractions are taken as they are."""
    assert checked_fields({"score": value}) == {"score": value}


def test_a_contact_keeps_a_copy() -> None:
    """Changing the fields that a contact was made of does not change the contact."""
    source: dict[str, FieldValue] = {"name": "Ann"}
    contact = Contact(ContactId("con_1"), "ann@example.com", source)
    source["name"] = "Bob"
    assert contact.fields == {"name": "Ann"}


def test_a_value_that_cannot_be_written() -> None:
    """Half a surrogate pair, or a number beyond all printing, is refused, not a crash."""
    with pytest.raises(InvalidInput):
        checked_fields({"name": "\ud800"})
    with pytest.raises(InvalidInput):
        checked_fields({"visits": 10**5_000})


def test_what_a_person_edits_comes_from_no_row_any_more() -> None:
    """Who made the contact stays."""
    row = Origin(JobId("imp_1"), 7)
    draft = replace(ContactDraft.of("ada@example.com", {"tier": "gold"}), origin=row)

    edited = ContactEdit(fields={"tier": None}).applied(Contact.new(ContactId("con_1"), draft))

    assert (edited.created_by, edited.changed_by) == (row, None)
