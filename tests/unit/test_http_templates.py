"""Templates over HTTP."""

import pytest

from tests.unit.test_http_gateway import Gateway

BODY = {
    "name": "Sale ☃",
    "subject": "For {{ name }}",
    "html": "<p>{{ name }}</p>\n",
    "text": "{{ name }}",
}


@pytest.fixture
def gateway() -> Gateway:
    """With a template `greeting`."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


def test_a_template_is_created_under_the_name_it_is_given(gateway: Gateway) -> None:
    """Or under an id of its own; Location leads to it, whole."""
    named = gateway.post("/v1/templates", {**BODY, "template_id": "sale"})
    unnamed = gateway.post("/v1/templates", BODY)

    assert (named.status, named.headers["location"]) == (201, "/v1/templates/sale")
    assert unnamed.json["template_id"].startswith("tpl_")
    for created in (named, unnamed):
        read = gateway.get(created.headers["location"])
        assert (read.status, read.json) == (200, created.json)
    assert named.json == {**BODY, "template_id": "sale", "created_at": "2026-03-02T09:00:00Z"}


def test_a_taken_id_is_a_conflict(gateway: Gateway) -> None:
    """409; the template that has it stays as it is."""
    answer = gateway.refused("/v1/templates", {**BODY, "template_id": "greeting"})

    assert answer.status == 409
    assert answer.problem["type"].endswith("already-exists")
    assert gateway.get("/v1/templates/greeting").json["subject"] == "Hello"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"subject": ""}, "/subject"),
        ({"subject": "Hi\r\nBcc: x@example.com"}, "/subject"),
        ({"subject": "x" * 501}, "/subject"),
        ({"subject": "{{ name"}, "/subject"),
        ({"html": " \n"}, "/html"),
        ({"html": "{% if name %}"}, "/html"),
        ({"html": "é" * 50_001}, "/html"),
        ({"text": ""}, "/text"),
        ({"text": "{% for %}"}, "/text"),
        ({"template_id": "a/b"}, "/template_id"),
        ({"template_id": ""}, "/template_id"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
    ],
)
def test_content_that_cannot_be_mailed_is_refused(
    gateway: Gateway, changed: dict[str, str], pointer: str
) -> None:
    """Too long, empty, of several lines, or no template: at the field, nothing kept."""
    assert gateway.refused("/v1/templates", {**BODY, **changed}).refuses(pointer)


def test_what_is_wrong_with_a_template_is_told_with_its_line(gateway: Gateway) -> None:
    """An author can find it."""
    body = {**BODY, "html": "<p>\n{{ name }}\n{% endfor %}</p>"}

    (error,) = gateway.refused("/v1/templates", body).problem["errors"]

    assert "html:3" in error["detail"]
