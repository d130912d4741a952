"""Contacts and segments over HTTP."""

import pytest

from tests.unit.test_http_gateway import ADDRESS, Gateway


@pytest.fixture
def gateway() -> Gateway:
    """With a segment `everyone`."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


def put(gateway: Gateway, email: str, fields: dict[str, object]) -> str:
    """Put a contact; returns its id."""
    answer = gateway.post("/v1/contacts", {"email": email, "fields": fields})
    assert answer.status == 201
    contact_id: str = answer.json["contact_id"]
    return contact_id


def test_location_leads_to_the_contact() -> None:
    """Under an opaque id: no address stands in a URL."""
    gateway = Gateway()
    fields = {"name": "Zoë", "points": 7, "rate": 0.5, "active": True}

    created = gateway.post("/v1/contacts", {"email": ADDRESS, "fields": fields})

    assert created.status == 201
    assert "@" not in created.headers["location"]
    assert gateway.get(created.headers["location"]).json == {
        "contact_id": created.json["contact_id"],
        "email": ADDRESS,
        "fields": fields,
    }


def test_the_same_address_is_the_same_contact(gateway: Gateway) -> None:
    """However it is written; the fields are the last ones given."""
    first = put(gateway, ADDRESS, {"name": "Ann"})

    assert put(gateway, f" {ADDRESS.upper()} ", {"name": "Anne"}) == first
    assert gateway.get(f"/v1/contacts/{first}").json["fields"] == {"name": "Anne"}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "@example.com",
        f"{ADDRESS}@",
        f"{ADDRESS}, {ADDRESS}",
        f"Ann <{ADDRESS}>",
        f"{ADDRESS}\r\nBcc: {ADDRESS}",
        f"{ADDRESS}\x00",
        "x" * 65 + "@example.com",
        "x" * 321,
    ],
)
def test_what_is_no_address_is_refused(gateway: Gateway, email: str) -> None:
    """And not repeated."""
    assert gateway.refused("/v1/contacts", {"email": email}).refuses("/email")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"email": ADDRESS}, "/fields/email"),
        ({"1st": "x"}, "/fields/1st"),
        ({"": "x"}, "/fields/"),
        ({"a/b": "x"}, "/fields/a~1b"),
        ({"a~b": "x"}, "/fields/a~0b"),
        ({"name": None}, "/fields/name"),
        ({"name": ["Ann"]}, "/fields/name"),
        ({"name": {"first": "Ann"}}, "/fields/name"),
        ({"name": "x\ud800"}, "/fields/name"),
        ({"x\ud800": "Ann"}, "/fields"),
        ({f"field_{number}": 1 for number in range(51)}, "/fields"),
        ({"note": "x" * 2_048}, "/fields"),
    ],
)
def test_fields_that_cannot_be_merged_are_refused(
    gateway: Gateway, fields: dict[str, object], pointer: str
) -> None:
    """Each is named once, by a pointer into what was sent."""
    assert gateway.refused("/v1/contacts", {"email": ADDRESS, "fields": fields}).refuses(pointer)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(gateway: Gateway, number: str) -> None:
    """RFC 8259 knows no NaN and no infinity: they would be merged as such and read back as null."""
    body = f'{{"email": "{ADDRESS}", "fields": {{"points": {number}}}}}'

    assert gateway.refused_text("/v1/contacts", body).status in {400, 422}


def test_a_segment_is_created_under_the_name_it_is_given(gateway: Gateway) -> None:
    """Or under an id of its own; Location leads to it."""
    named = gateway.post("/v1/segments", {"segment_id": "vip", "name": "VIP"})
    unnamed = gateway.post("/v1/segments", {"name": "Others"})

    assert (named.status, named.headers["location"]) == (201, "/v1/segments/vip")
    assert unnamed.json["segment_id"].startswith("seg_")
    for created in (named, unnamed):
        assert gateway.get(created.headers["location"]).json == created.json
    assert named.json == {"segment_id": "vip", "name": "VIP", "created_at": "2026-03-02T09:00:00Z"}


def test_a_taken_id_is_a_conflict(gateway: Gateway) -> None:
    """409; the segment that has it stays as it is."""
    answer = gateway.refused("/v1/segments", {"segment_id": "everyone", "name": "Nobody"})

    assert answer.status == 409
    assert answer.problem["type"].endswith("already-exists")
    assert gateway.get("/v1/segments/everyone").json["name"] == "Everyone"


@pytest.mark.parametrize("segment_id", ["", "-x", "a b", "a/b", "é", ADDRESS, "x" * 65])
def test_an_id_that_does_not_fit_is_refused(gateway: Gateway, segment_id: str) -> None:
    """It stands in URLs."""
    body = {"segment_id": segment_id, "name": "All"}

    assert gateway.refused("/v1/segments", body).refuses("/segment_id")


def test_members_are_added_once(gateway: Gateway) -> None:
    """Who is in it already stays once, even within one request."""
    ann = put(gateway, ADDRESS, {"name": "Ann"})
    ben = put(gateway, "ben@example.com", {"name": "Ben"})

    for contact_ids in ([ann], [ann, ben, ben]):
        answer = gateway.post("/v1/segments/everyone/members", {"contact_ids": contact_ids})
        assert (answer.status, answer.json["segment_id"]) == (200, "everyone")

    (members,) = gateway.container.family.database().members.values()
    assert sorted(members.values()) == sorted([ann, ben])


@pytest.mark.parametrize(
    ("contact_ids", "pointer"),
    [
        (["con_unknown"], "/contact_ids/0"),
        ([1], "/contact_ids/0"),
        ([""], "/contact_ids/0"),
        (["\ud800"], "/contact_ids/0"),
        ([ADDRESS], "/contact_ids/0"),
        ([], "/contact_ids"),
        (ADDRESS, "/contact_ids"),
        (["con_unknown"] * 501, "/contact_ids"),
    ],
)
def test_members_that_are_no_contacts_are_refused(
    gateway: Gateway, contact_ids: object, pointer: str
) -> None:
    """Nobody is put in, and what was sent in place of an id is not repeated."""
    body = {"contact_ids": contact_ids}

    assert gateway.refused("/v1/segments/everyone/members", body).refuses(pointer)


def test_one_unknown_contact_keeps_all_out(gateway: Gateway) -> None:
    """And is named by its place."""
    ann = put(gateway, ADDRESS, {})

    answer = gateway.refused(
        "/v1/segments/everyone/members", {"contact_ids": [ann, "con_unknown", ann]}
    )

    assert answer.refuses("/contact_ids/1")


def test_members_of_an_unknown_segment_are_not_found(gateway: Gateway) -> None:
    """404: it is the address that is wrong."""
    answer = gateway.refused("/v1/segments/nobody/members", {"contact_ids": ["con_1"]})

    assert answer.status == 404
    assert answer.problem["title"] == "No such segment"
