"""Who is let in: nobody without a key that is for what they ask, but to health."""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from dependency_injector import providers

from adapters.memory.api_keys import MemoryApiKeys
from adapters.system.ids import SystemIds
from domain.access import ApiKey, Scope
from domain.errors import DependencyUnavailable, InvalidInput, NotFound
from domain.use_cases.issue_api_key import IssueApiKey
from domain.use_cases.revoke_api_key import RevokeApiKey
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.http.__main__ import openapi_text
from entrypoints.http.access import is_open, scopes_needed
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.settings import Settings
from tests.unit.sentinel import NOW
from tests.unit.test_http_gateway import JSON_TYPE, Answer, Gateway

DAY = timedelta(days=1)
READ = [
    ("GET", "/v1/campaigns", Scope.CAMPAIGNS_READ),
    ("GET", "/v1/campaigns/cmp_x", Scope.CAMPAIGNS_READ),
    ("GET", "/v1/analytics/paths", Scope.CAMPAIGNS_READ),
    ("GET", "/v1/templates", Scope.TEMPLATES_READ),
    ("GET", "/v1/segments", Scope.AUDIENCE_READ),
    ("GET", "/v1/segments/everyone", Scope.AUDIENCE_READ),
    ("GET", "/v1/contacts", Scope.AUDIENCE_READ),
    ("GET", "/v1/contacts/con_x", Scope.AUDIENCE_READ),
    ("POST", "/v1/contacts/lookup", Scope.AUDIENCE_READ),
    ("GET", "/v1/segments/everyone/members", Scope.AUDIENCE_READ),
    ("GET", "/v1/segments/everyone/preview", Scope.AUDIENCE_READ),
    ("POST", "/v1/segments/preview", Scope.AUDIENCE_READ),
    ("GET", "/v1/imports/imp_x/refused", Scope.AUDIENCE_READ),
    ("POST", "/v1/exports", Scope.AUDIENCE_EXPORT),
    ("GET", "/v1/exports", Scope.AUDIENCE_EXPORT),
    ("GET", "/v1/exports/exp_x", Scope.AUDIENCE_EXPORT),
    ("POST", "/v1/exports/exp_x/cancel", Scope.AUDIENCE_EXPORT),
    ("GET", "/v1/webhooks", Scope.WEBHOOKS_READ),
    ("GET", "/v1/webhooks/whk_x", Scope.WEBHOOKS_READ),
    ("GET", "/v1/webhooks/whk_x/deliveries", Scope.WEBHOOKS_READ),
    ("GET", "/v1/dead-letters", Scope.OPERATIONS_READ),
]
WRITTEN = [
    ("GET", "/v1/series", Scope.CAMPAIGNS_READ),
    ("GET", "/v1/series/ser_x/occurrences", Scope.CAMPAIGNS_READ),
    ("POST", "/v1/series", Scope.CAMPAIGNS_WRITE),
    ("PATCH", "/v1/series/ser_x", Scope.CAMPAIGNS_WRITE),
    ("POST", "/v1/series/ser_x/pause", Scope.CAMPAIGNS_WRITE),
    ("POST", "/v1/campaigns", Scope.CAMPAIGNS_WRITE),
    ("PATCH", "/v1/campaigns/cmp_1", Scope.CAMPAIGNS_WRITE),
    ("POST", "/v1/campaigns/cmp_x/unknown", Scope.CAMPAIGNS_WRITE),
    ("POST", "/v1/campaigns/cmp_x/clone", Scope.CAMPAIGNS_WRITE),
    ("POST", "/v1/campaigns/cmp_x/approve", Scope.CAMPAIGNS_APPROVE),
    ("POST", "/v1/templates", Scope.TEMPLATES_WRITE),
    ("POST", "/v1/segments", Scope.AUDIENCE_WRITE),
    ("POST", "/v1/segments/everyone/members", Scope.AUDIENCE_WRITE),
    ("POST", "/v1/contacts", Scope.AUDIENCE_WRITE),
    ("PATCH", "/v1/contacts/con_x", Scope.AUDIENCE_WRITE),
    ("DELETE", "/v1/contacts/con_x", Scope.AUDIENCE_WRITE),
    ("DELETE", "/v1/campaigns/cmp_x", Scope.CAMPAIGNS_WRITE),
    ("GET", "/v1/imports", Scope.AUDIENCE_WRITE),
    ("GET", "/v1/imports/imp_x", Scope.AUDIENCE_WRITE),
    ("POST", "/v1/imports", Scope.AUDIENCE_WRITE),
    ("POST", "/v1/imports/imp_x/start", Scope.AUDIENCE_WRITE),
    ("POST", "/v1/imports/imp_x/cancel", Scope.AUDIENCE_WRITE),
    ("POST", "/v1/webhooks", Scope.WEBHOOKS_WRITE),
    ("PATCH", "/v1/webhooks/whk_x", Scope.WEBHOOKS_WRITE),
    ("DELETE", "/v1/webhooks/whk_x", Scope.WEBHOOKS_WRITE),
    ("POST", "/v1/webhooks/whk_x/rotate-secret", Scope.WEBHOOKS_WRITE),
    ("POST", "/v1/webhooks/whk_x/test", Scope.WEBHOOKS_WRITE),
    ("POST", "/v1/webhooks/whk_x/replay", Scope.WEBHOOKS_WRITE),
    ("POST", "/v1/webhooks/whk_x/deliveries/evt_x/replay", Scope.WEBHOOKS_WRITE),
    ("POST", "/v1/dead-letters/replay", Scope.OPERATIONS_WRITE),
    ("POST", "/v1/dead-letters/x/replay", Scope.OPERATIONS_WRITE),
    ("DELETE", "/v1/dead-letters/x", Scope.OPERATIONS_WRITE),
]


class UnansweringApiKeys(MemoryApiKeys):
    """A store that gives no answer."""

    def all(self) -> Sequence[ApiKey]:
        """Times out."""
        raise DependencyUnavailable("Secrets Manager GetSecretValue: ReadTimeoutError")


class Guarded(Gateway):
    """An API with keys, of which it has none yet."""

    def __init__(self, api_keys: MemoryApiKeys | None = None) -> None:
        """Closed."""
        super().__init__()
        self.api_keys = api_keys or MemoryApiKeys()
        self.container.family.api_keys.override(providers.Object(self.api_keys))
        self.serve(self.container)

    def serve(self, container: Core) -> None:
        """Answer from now on as this one is wired."""
        self._api = Api(container, all_routes(container))

    def key(self, *scopes: Scope, days: int | None = None) -> str:
        """A new one."""
        expires_at = None if days is None else self.clock.now() + days * DAY
        return self.issue(scopes, expires_at)[1]

    @property
    def issue(self) -> IssueApiKey:
        """The use case."""
        return IssueApiKey(api_keys=self.api_keys, clock=self.clock, ids=SystemIds())

    def status_at_stage(self, stage: str, path: str, key: str | None) -> int:
        """Of a GET through a stage of that name, which API Gateway puts before the path."""
        http = {"method": "GET", "path": f"/{stage}{path}", "protocol": "HTTP/1.1"}
        event = {
            "rawPath": f"/{stage}{path}",
            "headers": {} if key is None else {"authorization": f"Bearer {key}"},
            "requestContext": {"http": http, "requestId": "r", "stage": stage},
        }
        return int(self._api(event, LambdaContext())["statusCode"])

    def ask(self, method: str, path: str, key: str | None, body: object = None) -> Answer:
        """With a key, or without; with a document, or without."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        if body is None:
            return self.call(method, path, headers=headers)
        return self.call(method, path, json.dumps(body), content_type=JSON_TYPE, headers=headers)


@pytest.fixture
def guarded() -> Guarded:
    """An API with keys."""
    return Guarded()


@pytest.mark.parametrize(("method", "path", "scope"), READ + WRITTEN)
def test_a_route_needs_its_scope(guarded: Guarded, method: str, path: str, scope: Scope) -> None:
    """Its own lets in, all others together do not."""
    others = [each for each in Scope if each is not scope]

    assert guarded.ask(method, path, guarded.key(scope)).status not in {401, 403}
    refused = guarded.ask(method, path, guarded.key(*others))

    assert refused.status == 403
    assert str(scope) in refused.problem["detail"]
    assert f'scope="{scope}"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/campaigns/cmp_x/recipients",
        "/v1/contacts/con_x/deliveries",
        "/v1/contacts/con_x/export",
    ],
)
@pytest.mark.parametrize("lacking", [Scope.CAMPAIGNS_READ, Scope.AUDIENCE_READ])
def test_recipients_need_the_scope_of_addresses_too(
    guarded: Guarded, path: str, lacking: Scope
) -> None:
    """Who may see campaigns may not see by that who is mailed, nor the other way round."""
    others = [each for each in Scope if each is not lacking]

    both = guarded.key(Scope.CAMPAIGNS_READ, Scope.AUDIENCE_READ)
    assert guarded.ask("GET", path, both).status == 404
    refused = guarded.ask("GET", path, guarded.key(*others))

    assert refused.status == 403
    assert "campaigns:read and audience:read" in refused.problem["detail"]
    assert 'scope="campaigns:read audience:read"' in refused.headers["www-authenticate"]


PREVIEW = (Scope.TEMPLATES_READ, Scope.AUDIENCE_READ)


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/v1/templates/tpl_x/preview", PREVIEW),
        ("/v1/templates/tpl_x/test-send", (*PREVIEW, Scope.CAMPAIGNS_WRITE)),
    ],
)
def test_a_template_is_shown_as_a_contact_to_who_may_see_both(
    guarded: Guarded, path: str, needed: tuple[Scope, ...]
) -> None:
    """And sent by nobody but who may send; no key that writes is asked for to look."""
    assert guarded.ask("POST", path, guarded.key(*needed)).status not in {401, 403}
    for lacking in needed:
        others = [each for each in Scope if each is not lacking]
        refused = guarded.ask("POST", path, guarded.key(*others))
        assert refused.status == 403
        assert str(lacking) in refused.problem["detail"]


def test_every_route_of_the_interface_has_a_scope() -> None:
    """None that is added is served to any key by oversight."""
    for path, item in json.loads(openapi_text())["paths"].items():
        for method in item:
            assert is_open(method.upper(), path) or scopes_needed(method.upper(), path), path


@pytest.mark.parametrize("stage", ["prod", "u", "v1"])
def test_a_stage_that_is_named_opens_nothing(guarded: Guarded, stage: str) -> None:
    """What is routed is what is checked, without the stage's name."""

    def status(path: str, key: str | None) -> int:
        return guarded.status_at_stage(stage, path, key)

    assert status("/v1/campaigns", None) == 401
    assert status("/v1/campaigns", guarded.key(Scope.AUDIENCE_READ)) == 403
    assert status("/v1/campaigns", guarded.key(Scope.CAMPAIGNS_READ)) == 200
    assert status("/healthz", None) == 200


@pytest.mark.filterwarnings("ignore:unclosed file .*swagger:ResourceWarning")  # Powertools' own
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs"])
def test_health_and_the_description_are_open(guarded: Guarded, path: str) -> None:
    """Who watches needs no key, nor does who reads how to use one: a browser sends none."""
    assert guarded.ask("GET", path, None).status == 200


@pytest.mark.parametrize("path", ["/u/token", "/c/token"])
def test_the_links_in_mails_are_open(guarded: Guarded, path: str) -> None:
    """Their token is its own proof."""
    assert guarded.ask("GET", path, None).headers["content-type"].startswith("text/html")


@pytest.mark.filterwarnings("ignore:unclosed file .*swagger:ResourceWarning")  # Powertools' own
@pytest.mark.parametrize(
    "path",
    [
        "/v1/campaigns",
        "//v1/campaigns",
        "/v1//campaigns",
        "/V1/campaigns",
        "/v1/campaigns/",
        "/%76%31/campaigns",
        "/v1/../v1/campaigns",
        "/healthz/../v1/campaigns",
        "/healthz/",
        "/v1/campaigns\n",
        "/v1/campaigns/cmp_x/recipients\n",
        "/v1/campaigns\u2028",
        "/healthz\n",
        "/HEALTHZ",
        "/readyz?",
        "/u",
        "/openapi.json/",
        "/docs/",
        "/",
        "",
        "/nothing",
    ],
)
def test_everything_else_is_closed(guarded: Guarded, path: str) -> None:
    """However it is spelled; a spelling of its own leads to nothing, with a key of every scope."""
    refused = guarded.ask("GET", path, None)

    assert refused.status == 401
    assert refused.problem["type"].endswith(":unauthorized")
    assert refused.headers["www-authenticate"] == 'Bearer realm="Sentinel"'
    assert guarded.ask("GET", path, guarded.key(*Scope)).status in {200, 404}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_of_an_open_route_are_closed(guarded: Guarded, method: str) -> None:
    """Only what is served openly is open."""
    assert (guarded.ask(method, "/healthz", None).status == 401) is (method != "GET")


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer snt_abcdefgh_" + "A" * 43,
        "Basic c250OnNlY3JldA==",
        "nonsense",
        "",
    ],
)
def test_a_key_that_is_none(guarded: Guarded, authorization: str) -> None:
    """It is told apart from no key at all."""
    guarded.key(*Scope)

    refused = guarded.call("GET", "/v1/campaigns", headers={"authorization": authorization})

    assert refused.status == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_a_key_of_another_scheme(guarded: Guarded) -> None:
    """A good key is taken as a bearer's only, in any case (RFC 9110, section 11.1)."""
    key = guarded.key(*Scope)

    def status(scheme: str) -> int:
        headers = {"authorization": f"{scheme} {key}"}
        return guarded.call("GET", "/v1/campaigns", headers=headers).status

    assert (status("bearer"), status("BEARER"), status("Basic")) == (200, 200, 401)


def test_a_changed_secret_or_id(guarded: Guarded) -> None:
    """One character is enough."""
    key = guarded.key(*Scope)

    for position in (4, 13, len(key) - 2):
        other = "a" if key[position] != "a" else "b"
        changed = key[:position] + other + key[position + 1 :]
        assert guarded.ask("GET", "/v1/campaigns", changed).status == 401


def test_a_key_expires(guarded: Guarded) -> None:
    """At its time, not before."""
    key = guarded.key(Scope.CAMPAIGNS_READ, days=1)
    guarded.clock.sleep(DAY - timedelta(seconds=1))
    assert guarded.ask("GET", "/v1/campaigns", key).status == 200

    guarded.clock.sleep(timedelta(seconds=1))

    assert guarded.ask("GET", "/v1/campaigns", key).status == 401


def test_rotation_without_a_pause(guarded: Guarded) -> None:
    """Old and new are both good until the old one is revoked."""
    old = guarded.key(Scope.CAMPAIGNS_READ)
    new = guarded.key(Scope.CAMPAIGNS_READ)
    assert [guarded.ask("GET", "/v1/campaigns", key).status for key in (old, new)] == [200, 200]

    RevokeApiKey(api_keys=guarded.api_keys)(old.split("_")[1])

    assert [guarded.ask("GET", "/v1/campaigns", key).status for key in (old, new)] == [401, 200]


def test_revoking_what_is_not_there(guarded: Guarded) -> None:
    """Nothing is changed."""
    key = guarded.key(Scope.CAMPAIGNS_READ)

    with pytest.raises(NotFound):
        RevokeApiKey(api_keys=guarded.api_keys)("nobodys0")

    assert guarded.ask("GET", "/v1/campaigns", key).status == 200


def test_a_key_that_would_be_good_for_nothing(guarded: Guarded) -> None:
    """It is not issued."""
    with pytest.raises(InvalidInput, match="scopes"):
        guarded.issue([])
    with pytest.raises(InvalidInput, match="expires_at"):
        guarded.issue([Scope.CAMPAIGNS_READ], NOW)

    assert guarded.api_keys.all() == ()


def test_only_hashes_are_kept(guarded: Guarded) -> None:
    """Who reads the store cannot use the API."""
    key = guarded.key(*Scope)

    assert key.split("_", 2)[2] not in repr(guarded.api_keys.all())


def test_keys_that_cannot_be_read_let_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    """It says so, and to come again; the log has why."""
    guarded = Guarded(UnansweringApiKeys())

    refused = guarded.ask("GET", "/v1/campaigns", "snt_abcdefgh_" + "A" * 43)

    assert refused.status == 503
    assert refused.headers["retry-after"]
    assert "GetSecretValue: ReadTimeoutError" in caplog.text
    assert guarded.ask("GET", "/healthz", None).status == 200


def test_keys_that_nobody_configured_let_nobody_in() -> None:
    """On AWS, what was forgotten is a fault and not an open door."""
    guarded = Guarded()
    key = guarded.key(*Scope)
    guarded.serve(build(Family.AWS, Settings(api_keys_secret_arn="")))

    # It asks no store: whoever is let in gets an answer.
    assert guarded.ask("GET", "/", None).status == 401
    assert guarded.ask("GET", "/", key).status == 503


def test_a_body_is_not_looked_at_without_a_key(guarded: Guarded) -> None:
    """Strangers learn nothing from how theirs is refused."""
    assert guarded.call("POST", "/v1/campaigns", "{", content_type="text/plain").status == 401


def test_the_log_names_the_key_and_never_its_secret(
    guarded: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of a good one, nor of one that is refused; who lacks a scope is named, too."""
    key = guarded.key(Scope.CAMPAIGNS_READ)
    _, key_id, secret = key.split("_", 2)

    with caplog.at_level(logging.INFO):
        guarded.ask("GET", "/v1/campaigns", key)
        guarded.ask("POST", "/v1/campaigns", key)
        guarded.ask("GET", "/v1/campaigns", f"{key}x")

    assert [getattr(record, "api_key_id", None) for record in caplog.records] == [
        key_id,
        key_id,
        None,
    ]
    assert secret not in caplog.text
    assert all(secret not in repr(record.__dict__) for record in caplog.records)
