"""The API as API Gateway calls it, and what holds of every answer."""

import base64
import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qs

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from dependency_injector import providers
from pydantic import SecretStr

from adapters.memory.campaigns import MemoryCampaignRepository
from domain.campaign import Campaign, CampaignState
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignPage
from entrypoints.containers import Family, build
from entrypoints.http.api import MAX_BODY_BYTES, Api
from entrypoints.http.routes import all_routes
from entrypoints.logs import configure_logging
from entrypoints.settings import Settings
from tests.unit.sentinel import SettableClock

ADDRESS = "ann.personal@example.com"
REQUEST_ID = "JKJaXmPLvHcESHA="
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401  a JSON document
        """The body of a success."""
        assert self.headers["content-type"] == JSON_TYPE, self
        return json.loads(self.text)

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document, which repeats no address of the request."""
        assert self.headers["content-type"] == "application/problem+json", self
        document: dict[str, Any] = json.loads(self.text)
        assert document["status"] == self.status
        assert document["type"].startswith("urn:sentinel:problem:")
        assert document["title"]
        assert document["detail"]
        assert ADDRESS not in self.text
        return document

    def refuses(self, *pointers: str) -> bool:
        """Whether it is a 422 that names exactly these places of the document, each with why."""
        errors: Sequence[Mapping[str, str]] = self.problem["errors"]
        assert all(error["detail"] for error in errors)
        return self.status == 422 and [error["pointer"] for error in errors] == [*pointers]


FOOTER = "{{ postal_address }} {{ unsubscribe_url }}"
"""What a template of marketing merges."""
SETTINGS = Settings(
    address_hash_key=SecretStr("k" * 32),
    public_url="https://mail.example.com",
    postal_address="1 High Street, Harrowick",
)


class Gateway:
    """Calls an API over an empty memory family, whose clock stands still, as API Gateway does."""

    def __init__(self) -> None:
        """Empty."""
        self.clock = SettableClock()
        self.container = build(Family.MEMORY, SETTINGS)
        self.container.family.clock.override(providers.Object(self.clock))
        self._api = Api(self.container, all_routes(self.container))

    def get(self, path: str, query: str = "") -> Answer:
        """GET."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object, content_type: str | None = JSON_TYPE) -> Answer:
        """POST a document."""
        return self.call("POST", path, json.dumps(body), content_type=content_type)

    def call(  # noqa: PLR0913  what a request has
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        content_type: str | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any request (payload format 2.0); bytes come in base64."""
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                **(headers or {}),
                **({} if content_type is None else {"content-type": content_type}),
            },
            "requestContext": {
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
                "requestId": REQUEST_ID,
                "stage": "$default",
            },
            "isBase64Encoded": isinstance(body, bytes),
        }
        if query:
            parsed = parse_qs(query, keep_blank_values=True)
            event["queryStringParameters"] = {
                name: ",".join(values) for name, values in parsed.items()
            }
        if body is not None:
            encoded = base64.b64encode(body).decode() if isinstance(body, bytes) else body
            event["body"] = encoded
        answer = self._api(event, LambdaContext())
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        assert headers["x-request-id"] == REQUEST_ID
        return Answer(answer["statusCode"], headers, answer.get("body") or "")

    def refused(self, path: str, body: object) -> Answer:
        """The answer to a document that is posted and, as is seen here, creates nothing."""
        return self.refused_text(path, json.dumps(body))

    def refused_text(
        self, path: str, body: str | bytes | None, content_type: str | None = JSON_TYPE
    ) -> Answer:
        """The same of any body."""
        before = self.stored()
        answer = self.call("POST", path, body, content_type=content_type)
        assert self.stored() == before
        return answer

    def stored(self) -> Mapping[str, object]:
        """Every record there is, and every list as it is answered."""
        database = self.container.family.database()
        records = {
            each.name: repr(getattr(database, each.name))
            for each in fields(database)
            if each.name != "lock"
        }
        lists = {
            path: self.get(path).text for path in ("/v1/campaigns", "/v1/templates", "/v1/segments")
        }
        return {**records, **lists}

    def add_content(self) -> None:
        """A template `greeting` and an empty segment `everyone`."""
        greeting = {"subject": "Hello", "html": "<p>Hello {{ name }}</p>", "text": FOOTER}
        template = {"template_id": "greeting", "name": "Greeting", **greeting}
        assert self.post("/v1/templates", template).status == 201
        segment = {"segment_id": "everyone", "name": "Everyone"}
        assert self.post("/v1/segments", segment).status == 201


class UnansweringCampaigns(MemoryCampaignRepository):
    """A store that gives no answer to reads."""

    def page(
        self,
        state: CampaignState | None,
        limit: int,
        cursor: str | None,
        *,
        ids: tuple[str, str] | None = None,
    ) -> CampaignPage:
        """Times out."""
        asked = (state, limit, cursor, ids)
        raise DependencyUnavailable(f"Page of {asked}: ReadTimeoutError")

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """Fails as a defect does, with an address in its text."""
        raise RuntimeError(f"{campaign_id} of {ADDRESS}")


class Unanswering:
    """A store whose `add` carries out nothing or what it is asked for, and tells of neither.

    It refuses to be looked at where nobody is to know.
    """

    def __init__(self, real: object, *, adds: bool, shows: bool) -> None:
        """In front of the real one."""
        self._real, self._adds, self._shows = real, adds, shows

    def add(self, *arguments: object) -> None:
        """Times out."""
        if self._adds:
            self._real.add(*arguments)  # type: ignore[attr-defined]  # of any kind
        raise DependencyUnavailable("PutItem: ReadTimeoutError")

    def __getattr__(self, name: str) -> object:
        """All else as it is, but a look at one thing."""
        if name == "get" and not self._shows:
            raise DependencyRefused("GetItem: throttled")
        return getattr(self._real, name)


CREATED = {
    "campaigns": {"name": "Sale", "template_id": "greeting", "segment_id": "everyone"},
    "series": {
        "name": "Weekly",
        "template_id": "greeting",
        "segment_id": "everyone",
        "cron": "0 8 * * TUE",
        "timezone": "Europe/Berlin",
    },
    "webhooks": {"url": "https://example.com/hook", "events": ["campaign.sent"]},
    "imports": {},
    "exports": {},
}
"""A body for each kind of what must not be there twice."""


def created_unanswered(kind: str, *, adds: bool, shows: bool) -> Answer:
    """The answer to a POST of that kind."""
    gateway = Gateway()
    gateway.add_content()
    stores = {"imports": "jobs", "exports": "jobs"}
    provider = getattr(gateway.container.family, stores.get(kind, kind))
    provider.override(providers.Object(Unanswering(provider(), adds=adds, shows=shows)))
    return gateway.post(f"/v1/{kind}", CREATED[kind])


def without_store() -> Gateway:
    """An API whose store of campaigns cannot be read."""
    gateway = Gateway()
    family = gateway.container.family
    family.campaigns.override(providers.Object(UnansweringCampaigns(family.database())))
    return gateway


@pytest.fixture
def log() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines logged since it was last asked."""
    loggers = [logging.getLogger(name) for name in (None, "domain", "adapters", "entrypoints")]
    levels = [each.level for each in loggers]
    handlers = loggers[0].handlers[:]
    loggers[0].handlers.clear()  # configure_logging would close those of pytest
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        configure_logging("INFO")

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in stderr.getvalue().splitlines()]
        stderr.seek(0)
        stderr.truncate()
        return found

    try:
        yield lines
    finally:
        loggers[0].handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("GET", "/healthz", None, None, 200),
        ("GET", "/readyz", None, None, 200),
        ("POST", "/v1/segments", '{"name": "All"}', JSON_TYPE, 201),
        ("POST", "/v1/segments", "{", JSON_TYPE, 400),
        ("GET", "/nowhere", None, None, 404),
        ("DELETE", "/v1/segments", None, None, 405),
        ("POST", "/v1/segments", " " * (MAX_BODY_BYTES + 1), JSON_TYPE, 413),
        ("POST", "/v1/segments", "name=All", "application/x-www-form-urlencoded", 415),
        ("POST", "/v1/segments", "{}", JSON_TYPE, 422),
    ],
)
def test_every_answer_carries_its_request_id(
    method: str, path: str, body: str | None, content_type: str | None, status: int
) -> None:
    """A person who reports a failure can name the one request it was (`call` sees to it)."""
    assert Gateway().call(method, path, body, content_type=content_type).status == status


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nowhere", "/v1/campaigns/a/b", "/v1/campaigns/"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    """And says where to look."""
    answer = Gateway().get(path)

    assert answer.status == 404
    assert "/openapi.json" in answer.problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/campaigns", "GET, POST"),
        ("PUT", "/v1/templates", "GET, POST"),
        ("PATCH", "/v1/segments", "GET, POST"),
        ("PUT", "/v1/contacts", "GET, POST"),
        ("PUT", "/v1/contacts/lookup", "POST"),
        ("POST", "/v1/campaigns/cmp_1", "GET, PATCH"),
        ("PUT", "/v1/segments/everyone/members", "GET, POST"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_another_method_is_told_the_ones_that_are_served(
    method: str, path: str, allowed: str
) -> None:
    """405 with Allow, as HTTP asks for."""
    answer = Gateway().call(method, path)

    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.problem["title"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/campaigns/{}", "campaign"),
        ("/v1/templates/{}", "template"),
        ("/v1/segments/{}", "segment"),
        ("/v1/contacts/{}", "contact"),
    ],
)
def test_what_does_not_exist_is_not_found(path: str, kind: str) -> None:
    """404 naming the kind of thing, whatever stands for its id."""
    for identifier in ("x", "cmp_01K9ZZZZZZZZZZZZZZZZZZZZZZ", ADDRESS, "é", "a b"):
        answer = Gateway().get(path.format(identifier))

        assert answer.status == 404
        assert answer.problem["title"] == f"No such {kind}"


def test_a_store_that_does_not_answer_is_503_with_a_time_to_come_back() -> None:
    """The client learns that its request was right and may be repeated."""
    for path in ("/readyz", "/v1/campaigns"):
        answer = without_store().get(path)

        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.problem["type"].endswith("dependency-unavailable")


@pytest.mark.parametrize("shows", [True, False], ids=["nothing there", "no look either"])
@pytest.mark.parametrize("kind", CREATED)
def test_a_store_that_may_have_stored_does_not_invite_a_second_try(
    kind: str, *, shows: bool
) -> None:
    """A campaign created again because its first answer was lost would mail everybody twice."""
    answer = created_unanswered(kind, adds=not shows, shows=shows)

    assert answer.status == 503
    assert "retry-after" not in answer.headers
    assert answer.problem["type"].endswith("outcome-unknown")


@pytest.mark.parametrize("kind", CREATED)
def test_what_is_there_is_created_though_the_store_did_not_answer(kind: str) -> None:
    """The look finds it."""
    assert created_unanswered(kind, adds=True, shows=True).status in {201, 202}


def test_a_defect_is_a_500_that_shows_nothing_of_the_inside() -> None:
    """Where to look, and not what was there."""
    answer = without_store().get("/v1/campaigns/cmp_1")

    assert answer.status == 500
    assert "X-Request-Id" in answer.problem["detail"]
    assert "RuntimeError" not in answer.text


def test_the_log_carries_the_request_and_never_an_address(
    log: Callable[[], list[dict[str, Any]]],
) -> None:
    """Whatever a request has an address in, its lines lead to it and do not show it."""
    gateway = Gateway()
    gateway.add_content()
    log()

    gateway.post("/v1/contacts", {"email": ADDRESS, "fields": {"mail": ADDRESS}})
    gateway.post("/v1/contacts", {"email": f"{ADDRESS}@", "fields": {ADDRESS: ADDRESS}})
    gateway.get(f"/v1/contacts/{ADDRESS}")
    gateway.get("/v1/campaigns", f"cursor={ADDRESS}")
    gateway.post("/v1/segments/everyone/members", {"contact_ids": [ADDRESS]})
    gateway.post("/v1/segments", {"segment_id": ADDRESS, "name": ADDRESS})
    gateway.post(
        "/v1/campaigns", {"name": ADDRESS, "template_id": ADDRESS, "segment_id": "everyone"}
    )
    gateway.call("POST", "/v1/contacts", f'{{"email": "{ADDRESS}"', content_type=JSON_TYPE)
    lines = log()

    assert [line["message"] for line in lines] == [
        "POST answered 201",
        "POST answered 422",
        "GET answered 404",
        "GET answered 422",
        "POST answered 422",
        "POST answered 422",
        "POST answered 422",
        "POST answered 400",
    ]
    assert {line["request_id"] for line in lines} == {REQUEST_ID}
    assert ADDRESS not in json.dumps(lines)


def test_the_log_names_the_path_a_campaign_takes(log: Callable[[], list[dict[str, Any]]]) -> None:
    """Operators filter on ⚡ and 📅, under the request that asked for it."""
    gateway = Gateway()
    gateway.add_content()
    campaign = {"name": "News", "template_id": "greeting", "segment_id": "everyone"}
    log()

    gateway.post("/v1/campaigns", campaign)
    gateway.post("/v1/campaigns", {**campaign, "schedule_at": "2027-01-01T00:00:00Z"})
    lines = log()

    paths = [line for line in lines if "answered" not in line["message"]]
    assert [line["message"] for line in paths] == [
        "⚡ Immediate execution",
        "📅 Scheduled execution",
    ]
    assert {line["request_id"] for line in lines} == {REQUEST_ID}
    assert all(line["campaign_id"].startswith("cmp_") for line in paths)
