"""Contacts and segments over HTTP."""

import json

import pytest

from domain.suppression import Suppression, SuppressionReason
from tests.unit.sentinel import NOW
from tests.unit.test_http_gateway import ADDRESS, Answer, Gateway


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
        "status": "subscribed",
        "fields": fields,
        "locale": None,
        "time_zone": None,
        "consent": None,
        "confirmation": None,
        "soft_bounces": {"count": 0, "last_at": None},
    }


FULL = {
    "email": ADDRESS,
    "fields": {"name": "Zoë", "points": 7},
    "locale": "DE-at",
    "time_zone": "Europe/Vienna",
    "consent": {"source": "sign-up form", "at": "2026-01-02T04:04:05+01:00"},
}


def test_what_is_known_of_a_person_is_told_again() -> None:
    """In one spelling: a language tag as RFC 5646 has it, times in UTC."""
    gateway = Gateway()

    created = gateway.post("/v1/contacts", FULL)

    told = gateway.get(created.headers["location"])
    assert told.json == created.json
    assert (told.json["locale"], told.json["time_zone"]) == ("de-AT", "Europe/Vienna")
    assert told.json["consent"] == {"source": "sign-up form", "at": "2026-01-02T03:04:05Z"}


def test_new_fields_leave_the_rest(gateway: Gateway) -> None:
    """A client that sends fields only takes nobody's consent away."""
    before = gateway.post("/v1/contacts", FULL).json

    after = gateway.post("/v1/contacts", {"email": ADDRESS, "fields": {"name": "Zoé"}}).json

    assert after == {**before, "fields": {"name": "Zoé"}}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"locale": "german"}, None),
        ({"locale": "de_AT"}, "/locale"),
        ({"locale": ""}, "/locale"),
        ({"locale": "x" * 65}, "/locale"),
        ({"time_zone": "Vienna"}, "/time_zone"),
        ({"time_zone": "localtime"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"consent": {"source": "form"}}, "/consent/at"),
        ({"consent": {"source": "form", "at": "2026-01-02"}}, "/consent/at"),
        ({"consent": {"source": "form", "at": "2026-01-02T03:04:05"}}, "/consent/at"),
        ({"consent": {"source": "form", "at": 1767323045}}, "/consent/at"),
        ({"consent": {"source": "form", "at": "2026-02-30T03:04:05Z"}}, "/consent/at"),
        ({"consent": {"source": " ", "at": "2026-01-02T03:04:05Z"}}, "/consent/source"),
        ({"consent": {"source": "x" * 201, "at": "2026-01-02T03:04:05Z"}}, "/consent/source"),
        ({"consent": {"source": "x\ud800", "at": "2026-01-02T03:04:05Z"}}, "/consent/source"),
    ],
)
def test_what_is_no_locale_zone_or_consent_is_refused(
    gateway: Gateway, change: dict[str, object], pointer: str | None
) -> None:
    """By name; `german` could be a language of that many letters."""
    body = {"email": ADDRESS, **change}
    if pointer is None:
        assert gateway.post("/v1/contacts", body).status == 201
    else:
        assert gateway.refused("/v1/contacts", body).refuses(pointer)


def patch(gateway: Gateway, contact_id: str, body: object, if_match: str | None = None) -> Answer:
    """PATCH a contact."""
    return gateway.call(
        "PATCH",
        f"/v1/contacts/{contact_id}",
        json.dumps(body),
        content_type="application/json",
        headers={} if if_match is None else {"if-match": if_match},
    )


def test_a_change_leaves_what_it_does_not_name(gateway: Gateway) -> None:
    """Null removes: a field by itself, a locale, a zone, a consent."""
    before = gateway.post("/v1/contacts", FULL).json
    contact_id = before["contact_id"]

    changed = patch(gateway, contact_id, {"fields": {"points": None, "age": 7}, "locale": "fr"})

    expected = {**before, "fields": {"name": "Zoë", "age": 7}, "locale": "fr"}
    assert (changed.status, changed.json) == (200, expected)
    cleared = patch(gateway, contact_id, {"locale": None, "time_zone": None, "consent": None})
    assert cleared.json == {**expected, "locale": None, "time_zone": None, "consent": None}
    assert gateway.get(f"/v1/contacts/{contact_id}").json == cleared.json


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"email": "bob@example.com"}, "/email"),
        ({"fields": {"email": "x"}}, "/fields/email"),
        ({"fields": {"name": ["x"]}}, "/fields/name"),
        ({"fields": {f"field_{number}": 1 for number in range(50)}}, "/fields"),
        ({"time_zone": "Nowhere"}, "/time_zone"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    gateway: Gateway, body: dict[str, object], pointer: str
) -> None:
    """And nothing of it is done; the address is not among what can be changed."""
    before = gateway.post("/v1/contacts", FULL).json

    assert patch(gateway, before["contact_id"], body).refuses(pointer)

    assert gateway.get(f"/v1/contacts/{before['contact_id']}").json == before


def test_nobody_changes_what_they_have_not_seen(gateway: Gateway) -> None:
    """With If-Match of an earlier revision the answer is 412, and tells the present one."""
    created = gateway.post("/v1/contacts", FULL)
    contact_id = created.json["contact_id"]
    first = created.headers["etag"]

    second = patch(gateway, contact_id, {"locale": "fr"}, first).headers["etag"]

    stale = patch(gateway, contact_id, {"locale": "it"}, first)
    assert (stale.status, stale.headers["etag"]) == (412, second)
    read = gateway.get(f"/v1/contacts/{contact_id}")
    assert (read.json["locale"], read.headers["etag"]) == ("fr", second)


def test_a_contact_that_does_not_exist_is_not_found(gateway: Gateway) -> None:
    """Neither to read nor to change nor to look up, and the address is not repeated."""
    assert gateway.get("/v1/contacts/con_unknown").status == 404
    assert patch(gateway, "con_unknown", {"locale": "fr"}).status == 404
    answer = gateway.refused("/v1/contacts/lookup", {"email": ADDRESS})
    assert (answer.status, answer.problem["title"]) == (404, "No such contact")


def test_a_contact_is_looked_up_by_its_address(gateway: Gateway) -> None:
    """In any spelling; what is no address is refused."""
    created = gateway.post("/v1/contacts", FULL)

    found = gateway.post("/v1/contacts/lookup", {"email": f" {ADDRESS.upper()} "})

    assert (found.status, found.json) == (200, created.json)
    assert found.headers["etag"] == created.headers["etag"]
    assert gateway.refused("/v1/contacts/lookup", {"email": "ann"}).refuses("/email")


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (SuppressionReason.BOUNCE, "bounced"),
        (SuppressionReason.COMPLAINT, "complained"),
        (SuppressionReason.OPERATOR, "unsubscribed"),
    ],
)
def test_the_status_is_that_of_the_suppression_list(
    gateway: Gateway, reason: SuppressionReason, status: str
) -> None:
    """At once, wherever the contact is told of."""
    contact_id = put(gateway, ADDRESS, {})

    gateway.container.family.suppressions().add(Suppression(ADDRESS, reason, NOW))

    assert gateway.get(f"/v1/contacts/{contact_id}").json["status"] == status
    assert patch(gateway, contact_id, {"locale": "fr"}).json["status"] == status
    assert gateway.post("/v1/contacts/lookup", {"email": ADDRESS}).json["status"] == status
    assert gateway.post("/v1/contacts", {"email": ADDRESS}).json["status"] == status
    listed = gateway.get("/v1/contacts").json["items"]
    assert {each["contact_id"]: each["status"] for each in listed}[contact_id] == status


def test_contacts_are_listed_page_by_page(gateway: Gateway) -> None:
    """Everybody once, and whoever is put meanwhile at most once."""
    known = {each["contact_id"] for each in gateway.get("/v1/contacts").json["items"]}
    ids = {put(gateway, f"person{number}@example.com", {}) for number in range(7)} | known
    found: list[str] = []
    query = "limit=3"
    while True:
        page = gateway.get("/v1/contacts", query).json
        assert len(page["items"]) <= 3
        found += [each["contact_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"limit=3&cursor={page['next_cursor']}"

    assert sorted(found) == sorted(ids)
    for cursor in (
        "",
        "made-up",
        ADDRESS,
        gateway.get("/v1/templates", "limit=1").json["next_cursor"] or "x",
    ):
        assert gateway.get("/v1/contacts", f"cursor={cursor}").refuses("/cursor")


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
    assert named.json == {
        "segment_id": "vip",
        "name": "VIP",
        "created_at": "2026-03-02T09:00:00Z",
        "rule": None,
    }


GOLD = {"field": "plan", "op": "equals", "value": "gold"}


def test_a_segment_with_a_rule_is_told_as_it_was_given(gateway: Gateway) -> None:
    """The rule stays data; who fits it is listed, with more than one page."""
    rule = {"all": [GOLD, {"not": {"segment": "everyone"}}]}
    ids = [put(gateway, f"p{number}@example.com", {"plan": "gold"}) for number in range(5)]
    put(gateway, "silver@example.com", {"plan": "silver"})
    gateway.post("/v1/segments/everyone/members", {"contact_ids": ids[:1]})

    created = gateway.post("/v1/segments", {"segment_id": "gold", "name": "Gold", "rule": rule})

    assert (created.status, created.json["rule"]) == (201, rule)
    assert gateway.get("/v1/segments/gold").json == created.json
    first = gateway.get("/v1/segments/gold/members", "limit=3").json
    rest = gateway.get("/v1/segments/gold/members", f"cursor={first['next_cursor']}").json
    listed = [each["contact_id"] for each in (*first["items"], *rest["items"])]
    assert (len(first["items"]), rest["next_cursor"]) == (3, None)
    assert sorted(listed) == sorted(ids[1:])
    (only,) = gateway.get("/v1/segments/everyone/members").json["items"]
    assert only["contact_id"] == ids[0]


def test_a_rule_is_tried_before_it_is_saved(gateway: Gateway) -> None:
    """How many fit, and some of them; one that nobody fits says so. Segments have previews, too."""
    for number in range(12):
        put(gateway, f"p{number}@example.com", {"plan": "gold"})

    found = gateway.post("/v1/segments/preview", {"rule": GOLD})
    nobody = gateway.post("/v1/segments/preview", {"rule": {**GOLD, "value": "iron"}})

    assert (found.status, found.json["count"], found.json["is_exact"]) == (200, 12, True)
    assert (found.json["detail"], len(found.json["sample"])) == ("12 match.", 10)
    assert {each["fields"]["plan"] for each in found.json["sample"]} == {"gold"}
    assert (nobody.json["count"], nobody.json["detail"]) == (0, "Nobody matches.")
    assert gateway.get("/v1/segments/everyone/preview").json["detail"] == "Nobody matches."
    assert gateway.get("/v1/segments/nosuch/preview").status == 404


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({}, "/rule"),
        ([GOLD], "/rule"),
        ({"segment": "nosuch"}, "/rule"),
        ({"segment": "self"}, "/rule"),
        ({"all": [GOLD, {**GOLD, "op": "sounds_like"}]}, "/rule/all/1/op"),
        ({"not": {"field": "a b", "op": "equals", "value": 1}}, "/rule/not/field"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(gateway: Gateway, rule: object, pointer: str) -> None:
    """By its place; a segment cannot be within itself, since it is not there before."""
    body = {"segment_id": "self", "name": "Self", "rule": rule}

    assert gateway.refused("/v1/segments", body).refuses(pointer)
    assert gateway.refused("/v1/segments/preview", {"rule": rule}).refuses(pointer)


def test_nobody_is_put_into_a_segment_with_a_rule(gateway: Gateway) -> None:
    """The answer says why."""
    ann = put(gateway, ADDRESS, {})
    gateway.post("/v1/segments", {"segment_id": "gold", "name": "Gold", "rule": GOLD})

    answer = gateway.refused("/v1/segments/gold/members", {"contact_ids": [ann]})

    assert answer.refuses("/contact_ids")


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
