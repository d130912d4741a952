"""Templates over HTTP."""

import json
from datetime import timedelta

import pytest
from dependency_injector import providers

from entrypoints.settings import Settings
from tests.unit.test_http_gateway import ADDRESS, JSON_TYPE, Answer, Gateway

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
        checked = {**read.json, "variables": ["name"], "warnings": created.json["warnings"]}
        assert (read.status, checked) == (200, created.json)
        assert read.headers["etag"] == created.headers["etag"] == '"1"'
    assert gateway.get("/v1/templates/sale").json == {
        **BODY,
        "template_id": "sale",
        "version": 1,
        "defaults": {},
        "from": None,
        "reply_to": None,
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "2026-03-02T09:00:00Z",
    }


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
        ({"defaults": {"first name": "x"}}, "/defaults/first name"),
        ({"defaults": {"email": "x"}}, "/defaults/email"),
        ({"defaults": {"bio": "x" * 3_000}}, "/defaults"),
        ({"from": "mallory@example.org"}, "/from"),
        ({"reply_to": "mallory@example.org"}, "/reply_to"),
    ],
)
def test_content_that_cannot_be_mailed_is_refused(
    gateway: Gateway, changed: dict[str, object], pointer: str
) -> None:
    """Too long, empty, of several lines, or no template: at the field, nothing kept."""
    assert gateway.refused("/v1/templates", {**BODY, **changed}).refuses(pointer)


def test_what_is_wrong_with_a_template_is_told_with_its_line(gateway: Gateway) -> None:
    """An author can find it."""
    body = {**BODY, "html": "<p>\n{{ name }}\n{% endfor %}</p>"}

    (error,) = gateway.refused("/v1/templates", body).problem["errors"]

    assert "html:3" in error["detail"]


def put(
    gateway: Gateway, changed: dict[str, object], if_match: str | None = None, to: str = "greeting"
) -> Answer:
    """An edit of the template."""
    return gateway.call(
        "PUT",
        f"/v1/templates/{to}",
        json.dumps({**BODY, **changed}),
        content_type=JSON_TYPE,
        headers={} if if_match is None else {"if-match": if_match},
    )


def test_an_edit_is_a_version_and_those_before_are_kept(gateway: Gateway) -> None:
    """Numbered; each can be read, and what was current last comes first."""
    first = gateway.get("/v1/templates/greeting").json
    gateway.clock.sleep(timedelta(hours=1))
    edited = put(gateway, {"subject": "Newer"})

    assert (edited.status, edited.headers["etag"]) == (200, '"2"')
    current = gateway.get("/v1/templates/greeting").json
    assert (current["version"], current["subject"]) == (2, "Newer")
    assert (current["created_at"], current["updated_at"]) == (
        "2026-03-02T09:00:00Z",
        "2026-03-02T10:00:00Z",
    )
    assert gateway.get("/v1/templates/greeting", "version=1").json == first
    assert gateway.get("/v1/templates/greeting", "version=2").json == current
    listed = gateway.get("/v1/templates/greeting/versions").json
    assert [(each["version"], each["subject"]) for each in listed["items"]] == [
        (2, "Newer"),
        (1, "Hello"),
    ]
    (summary,) = gateway.get("/v1/templates").json["items"]
    assert (summary["version"], summary["subject"]) == (2, "Newer")


def test_an_edit_that_changes_nothing_makes_no_version(gateway: Gateway) -> None:
    """One whose answer was lost may be sent again."""
    for _ in range(2):
        assert put(gateway, {}).headers["etag"] == '"2"'


def test_versions_are_paged(gateway: Gateway) -> None:
    """Each once, down to the first."""
    for number in range(4):
        put(gateway, {"subject": f"S{number}"})
    found: list[int] = []
    cursor = ""
    while True:
        page = gateway.get("/v1/templates/greeting/versions", f"limit=2{cursor}").json
        found += [each["version"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert found == [5, 4, 3, 2, 1]
    for made_up in ("x", "0", "-1", "1e3", "٣"):
        answer = gateway.get("/v1/templates/greeting/versions", f"cursor={made_up}")
        assert answer.refuses("/cursor")


def test_nobody_edits_what_they_have_not_seen(gateway: Gateway) -> None:
    """412 with the version there is; nothing is changed."""
    put(gateway, {"subject": "Newer"}, if_match='"1"')

    stale = put(gateway, {"subject": "Newest"}, if_match='"1"')

    assert (stale.status, stale.headers["etag"], stale.problem["revision"]) == (412, '"2"', 2)
    assert gateway.get("/v1/templates/greeting").json["subject"] == "Newer"
    assert put(gateway, {"subject": "Newest"}, if_match='"2"').status == 200


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("PUT", "/v1/templates/nobody", ""),
        ("GET", "/v1/templates/greeting", "version=2"),
        ("GET", "/v1/templates/nobody/versions", ""),
        ("POST", "/v1/templates/nobody/preview", ""),
    ],
)
def test_what_is_not_there_is_not_found(
    gateway: Gateway, method: str, path: str, query: str
) -> None:
    """404."""
    body = {"PUT": json.dumps(BODY), "POST": "{}"}.get(method)
    answer = gateway.call(method, path, body, content_type=JSON_TYPE, query=query)

    assert (answer.status, answer.problem["title"]) == (404, "No such template")


def test_an_edit_is_checked_as_a_new_template_is(gateway: Gateway) -> None:
    """At the field; the template stays."""
    assert put(gateway, {"html": "{% if %}"}).refuses("/html")
    assert gateway.get("/v1/templates/greeting").json["version"] == 1


def test_a_text_is_made_where_there_is_none(gateway: Gateway) -> None:
    """From the HTML, merge tags and all."""
    body = {"name": "T", "subject": "Hi", "html": '<p>Hi {{ name }}, <a href="https://x.eu">go</a>'}

    created = gateway.post("/v1/templates", body)

    assert created.json["text"] == "Hi {{ name }}, go <https://x.eu>\n"
    assert gateway.refused("/v1/templates", {**body, "html": "<br>"}).refuses("/text")


def test_the_answer_tells_the_variables_and_what_is_worth_a_look(gateway: Gateway) -> None:
    """Compared with what contacts have; functions are no variables, a default is no worry."""
    gateway.post("/v1/contacts", {"email": ADDRESS, "fields": {"name": "Ann"}})
    text = "{{ name }} {{ town }} {{ street }}{% for n in range(2) %}{{ n }}{% endfor %}"

    created = gateway.post("/v1/templates", {**BODY, "text": text, "defaults": {"town": "Ulm"}})

    assert created.json["variables"] == ["name", "street", "town"]
    unknown = [each for each in created.json["warnings"] if each["kind"] == "unknown_variable"]
    assert len(unknown) == 1
    assert "street" in unknown[0]["detail"]
    assert [
        each["part"] for each in created.json["warnings"] if each["kind"] == "no_unsubscribe_link"
    ] == ["html", "text"]


@pytest.fixture
def senders(gateway: Gateway) -> Gateway:
    """A deployment that may send from two addresses."""
    settings = Settings.from_environment(
        {"SENDER": "News <news@example.com>", "SENDERS": '"Help, Desk" <help@example.com>'}
    )
    gateway.container.settings.override(providers.Object(settings))
    return gateway


def test_mails_come_from_those_whom_the_deployment_may_send_from(senders: Gateway) -> None:
    """Named by the address; anybody else is refused, whatever the name."""
    created = senders.post(
        "/v1/templates", {**BODY, "from": "HELP@example.com", "reply_to": "news@example.com"}
    )

    assert created.json["from"] == '"Help, Desk" <help@example.com>'
    assert created.json["reply_to"] == "News <news@example.com>"
    for other in ("me@example.com", "Boss <news@example.com>", "news@example.com\r\nBcc: x@y.eu"):
        assert senders.refused("/v1/templates", {**BODY, "from": other}).refuses("/from")


def test_a_preview_is_what_a_contact_would_get(gateway: Gateway) -> None:
    """Subject, HTML escaped, text; and nothing is stored or sent."""
    contact = gateway.post("/v1/contacts", {"email": ADDRESS, "fields": {"name": "<Ann>"}}).json
    put(gateway, {"text": "{{ name }}, {{ email }}"})
    before = gateway.stored()

    preview = gateway.post("/v1/templates/greeting/preview", {"contact_id": contact["contact_id"]})

    assert preview.status == 200
    assert preview.json["subject"] == "For <Ann>"
    assert preview.json["html"] == "<p>&lt;Ann&gt;</p>"
    assert preview.json["text"] == f"<Ann>, {ADDRESS}"
    assert preview.json["version"] == 2
    assert gateway.stored() == before


def test_a_preview_for_fields_and_of_an_earlier_version(gateway: Gateway) -> None:
    """Nobody need have them."""
    put(gateway, {"subject": "{{ town }}"})
    path = "/v1/templates/greeting/preview"

    assert gateway.post(path, {"fields": {"name": "Bo", "town": "Ulm"}}).json["subject"] == "Ulm"
    first = gateway.post(path, {"fields": {"name": "Bo"}, "version": 1}).json
    assert first["subject"] == "Hello"
    assert "<p>Hello Bo</p>" in first["html"]


def test_a_preview_warns_of_what_only_shows_once_it_is_rendered(gateway: Gateway) -> None:
    """HTML larger than Gmail shows, a link without a target."""
    html = '<a href="{{ link }}">x</a>{% for n in range(110) %}' + "x" * 1_000 + "{% endfor %}"
    created = put(gateway, {"html": html})
    assert "clipped" not in {each["kind"] for each in created.json["warnings"]}

    fields = {"name": "Bo", "link": ""}
    preview = gateway.post("/v1/templates/greeting/preview", {"fields": fields}).json

    assert {"clipped", "empty_link"} <= {each["kind"] for each in preview["warnings"]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"contact_id": "con_nobody"}, "/contact_id"),
        ({"contact_id": "greeting", "fields": {}}, "/fields"),
        ({"fields": {}}, "/fields"),
        ({}, "/fields"),
        ({"fields": {"first name": "x"}}, "/fields/first name"),
        ({"version": 0}, "/version"),
    ],
)
def test_a_preview_that_cannot_be_is_refused(
    gateway: Gateway, body: dict[str, object], pointer: str
) -> None:
    """A field is missing, or nobody is there: at the place that says for whom."""
    assert gateway.refused("/v1/templates/greeting/preview", body).refuses(pointer)
