"""Bodies that do not fit, or are no JSON at all: the right refusal, and nothing created."""

import json

import pytest

from entrypoints.http.api import MAX_BODY_BYTES
from tests.unit.test_http_gateway import ADDRESS, JSON_TYPE, Answer, Gateway

FITTING: dict[str, dict[str, object]] = {
    "/v1/campaigns": {"name": "Sale", "template_id": "greeting", "segment_id": "everyone"},
    "/v1/templates": {"name": "T", "subject": "Hi", "html": "<p>Hi</p>", "text": "Hi"},
    "/v1/segments": {"name": "All"},
    "/v1/contacts": {"email": "ann@example.com", "fields": {"name": "Ann"}},
}
MEMBERS = "/v1/segments/everyone/members"
POSTED = (*FITTING, MEMBERS)

NOT_JSON = {
    "broken": '{"name": "Sale"',
    "no quotes": "{name: 1}",
    "two documents": "{} {}",
    "a word": "undefined",
    "a byte-order mark": '\ufeff{"name": "Sale"}',
    "a control character": '{"name": "a\x00b"}',
    "deep arrays": "[" * 100_000,
    "deep objects": '{"name":' * 50_000 + "1" + "}" * 50_000,
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "UTF-16": '{"name": "Sale"}'.encode("utf-16"),
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "a number of 5,000 digits": '{"name": ' + "1" * 5_000 + "}",
    "an address": f'{{"email": "{ADDRESS}"',
}
NOT_AN_OBJECT = {"array": "[]", "string": f'"{ADDRESS}"', "number": "42", "boolean": "true"}


@pytest.fixture
def gateway() -> Gateway:
    """With content."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_in_utf8_is_malformed(
    gateway: Gateway, path: str, body: str | bytes
) -> None:
    """400, whatever is posted where."""
    answer = gateway.refused_text(path, body)

    assert answer.status == 400
    assert answer.problem["type"].endswith("malformed-body")


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
def test_json_that_is_no_object_is_refused_as_a_whole(
    gateway: Gateway, path: str, body: str
) -> None:
    """422 pointing at the document itself."""
    assert gateway.refused_text(path, body).refuses("")


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", [None, "", "null"])
def test_an_empty_body_is_refused_as_a_whole(gateway: Gateway, path: str, body: str | None) -> None:
    """422: the document is what is missing."""
    answer = gateway.refused_text(path, body)

    assert answer.refuses("")
    assert "Required" in answer.text


def test_an_empty_object_is_told_everything_that_it_lacks(gateway: Gateway) -> None:
    """At once, not one field after the other."""
    assert gateway.refused("/v1/campaigns", {}).refuses("/name", "/template_id", "/segment_id")
    assert gateway.refused("/v1/templates", {}).refuses("/name", "/subject", "/html")
    assert gateway.refused("/v1/segments", {}).refuses("/name")
    assert gateway.refused("/v1/contacts", {}).refuses("/email")
    assert gateway.refused(MEMBERS, {}).refuses("/contact_ids")


@pytest.mark.parametrize("path", FITTING)
@pytest.mark.parametrize(
    ("name", "pointer"),
    [("shedule_at", "/shedule_at"), ("", "/"), ("a/b~c", "/a~1b~0c"), ("é", "/é")],
)
def test_an_unknown_field_is_refused_and_named(
    gateway: Gateway, path: str, name: str, pointer: str
) -> None:
    """A misspelled one is not ignored; the pointer is escaped as RFC 6901 asks."""
    assert gateway.refused(path, {**FITTING[path], name: ADDRESS}).refuses(pointer)


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (path, field, value)
        for path, body in FITTING.items()
        for field in body
        for value in (None, 1, True, [], [ADDRESS])
        if (field, value) != ("text", None)  # as left out: it is made from the HTML
    ],
)
def test_a_value_of_another_type_is_refused(
    gateway: Gateway, path: str, field: str, value: object
) -> None:
    """Types are not guessed."""
    assert gateway.refused(path, {**FITTING[path], field: value}).refuses(f"/{field}")


@pytest.mark.parametrize(
    ("path", "field"),
    [(path, field) for path, body in FITTING.items() for field in body if field != "fields"],
)
def test_half_a_character_is_refused(gateway: Gateway, path: str, field: str) -> None:
    r"""JSON can write a lone surrogate (\ud800), which is no text and can be stored nowhere."""
    assert gateway.refused(path, {**FITTING[path], field: "x\ud800"}).refuses(f"/{field}")


def test_half_a_character_in_a_name_is_refused(gateway: Gateway) -> None:
    """There, too; a pointer cannot hold it, so it points at what does."""
    for path, body in FITTING.items():
        assert gateway.refused(path, {**body, "\ud800": 1}).refuses("")


@pytest.mark.parametrize("path", POSTED)
def test_a_body_past_the_limit_is_too_large(gateway: Gateway, path: str) -> None:
    """413 naming the limit, counted in bytes; it is not even read as JSON."""
    for body in (
        " " * (MAX_BODY_BYTES + 1),
        "é" * (MAX_BODY_BYTES // 2 + 1),
        b"\xff" * (MAX_BODY_BYTES + 1),
    ):
        answer = gateway.refused_text(path, body)

        assert answer.status == 413
        assert str(MAX_BODY_BYTES) in answer.problem["detail"]


def test_a_body_at_the_limit_is_taken(gateway: Gateway) -> None:
    """To the byte."""
    body = '{"name": "All"}'.ljust(MAX_BODY_BYTES)

    for sent in (body, body.encode()):
        assert gateway.call("POST", "/v1/segments", sent, content_type=JSON_TYPE).status == 201


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/json-patch+json",
        "",
        None,
    ],
)
def test_another_content_type_is_refused(
    gateway: Gateway, path: str, content_type: str | None
) -> None:
    """415 that says what to send; a page elsewhere can make a browser post without a type."""
    body = json.dumps(FITTING.get(path, {"contact_ids": ["con_1"]}))

    answer = gateway.refused_text(path, body, content_type)

    assert answer.status == 415
    assert "application/json" in answer.problem["detail"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json;charset=UTF-8"]
)
def test_json_is_taken_however_it_is_declared(gateway: Gateway, content_type: str | None) -> None:
    """With a character set, or in capitals."""
    answer: Answer = gateway.post("/v1/segments", {"name": "All"}, content_type)

    assert answer.status == 201
