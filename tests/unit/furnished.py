"""An API with one of each thing, for tests that go over the whole interface by its description."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from dependency_injector import providers

from adapters.memory.api_keys import MemoryApiKeys
from adapters.memory.object_store import MemoryObjectStore
from adapters.system.ids import SystemIds
from domain.access import Scope
from domain.identifiers import CampaignId, JobId
from domain.start import StartRequest
from domain.use_cases.issue_api_key import IssueApiKey
from entrypoints.containers import Family, build
from entrypoints.http.__main__ import openapi_text
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from tests.unit.dead_letters import given_up
from tests.unit.sentinel import NOW
from tests.unit.test_http_gateway import FOOTER, SETTINGS, Gateway

DOCUMENT: Mapping[str, Any] = json.loads(openapi_text())
JsonObject = dict[str, Any]
A_CONTACT = "con_01M889FD1DR9BPG5C28WTPF9HV"
"""The contact of the description's examples."""


def operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every method, path and description of the interface."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def body_schema(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Of what is sent; None where that is nothing."""
    if "requestBody" not in operation:
        return None
    schema: Mapping[str, Any] = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def examples_of(operation: Mapping[str, Any]) -> list[JsonObject]:
    """The bodies that are shown; none where nothing is sent."""
    schema = body_schema(operation)
    return [] if schema is None else list(schema.get("examples", ()))


class Furnished(Gateway):
    """The ids of what there is stand for the parameters of paths, by their names."""

    def __init__(self) -> None:
        """With a template, a segment, a contact and so on."""
        super().__init__()
        settings = SETTINGS.model_copy(
            update={"sender": "news@example.com", "senders": ("help@example.com",)}
        )
        self.container = build(Family.MEMORY, settings)
        family = self.container.family
        family.clock.override(providers.Object(self.clock))
        files = MemoryObjectStore(self.clock, SystemIds(), "http://127.0.0.1:1/files")
        family.object_store.override(providers.Object(files))
        self._api = Api(self.container, all_routes(self.container))
        self.ids: dict[str, str] = {"token": "no-token"}
        self._furnish()
        import_id = self.ids["import_id"]
        contact_import = family.jobs().get(JobId(import_id))
        files.write(contact_import.upload_name, b"email\r\nann.bell@example.com\r\n")
        self._furnished = self._records()

    @property
    def api(self) -> Api:
        """What answers."""
        return self._api

    def close(self) -> str:
        """Let in from now on who has the key that is returned: one for everything."""
        keys = MemoryApiKeys()
        issue = IssueApiKey(api_keys=keys, clock=self.clock, ids=SystemIds())
        self.container.family.api_keys.override(providers.Object(keys))
        self._api = Api(self.container, all_routes(self.container))
        return issue(tuple(Scope), None)[1]

    def restore(self) -> None:
        """Everything as it was when it was furnished."""
        for name, records in self._furnished.items():
            stored = getattr(self.container.family.database(), name)
            stored.clear()
            stored.update(_copy(records))
        self._give_up()

    def _records(self) -> Mapping[str, JsonObject]:
        database = self.container.family.database()
        names = [each.name for each in fields(database) if each.name != "lock"]
        return {name: _copy(getattr(database, name)) for name in names}

    def made(self, path: str, body: JsonObject) -> JsonObject:
        """What is posted is taken."""
        answer = self.post(path, body)
        assert answer.status < 300, (path, answer)
        document: JsonObject = answer.json
        return document

    def path_of(self, path: str) -> str:
        """With ids in it."""
        if path == "/v1/campaigns/{campaign_id}/unknown":
            return path.replace("{campaign_id}", self._started_id)
        if path == "/v1/campaigns/{campaign_id}/approve":
            return path.replace("{campaign_id}", self._awaiting_id)
        for name in self.ids:
            path = path.replace(f"{{{name}}}", quote(self.ids[name]))
        return path

    def own(self, body: JsonObject) -> JsonObject:
        """An example with the ids that are there."""
        text = json.dumps(body).replace(A_CONTACT, self.ids["contact_id"])
        own: JsonObject = json.loads(text)
        return own

    def _furnish(self) -> None:
        content = {"subject": "Hello", "html": "<p>Hello {{ name }}</p>", "text": FOOTER}
        defaults = {"name": "there"}
        for each in ("promo-template", "newsletter-template"):
            body = {"template_id": each, "name": each, **content, "defaults": defaults}
            self.made("/v1/templates", body)
        confirm = {**content, "html": "<p>{{ confirm_url }}</p>", "text": "{{ confirm_url }}"}
        self.made(
            "/v1/templates", {"template_id": "confirm-template", "name": "Confirm", **confirm}
        )
        for each in ("vip-customers", "all-active"):
            self.made("/v1/segments", {"segment_id": each, "name": each})
        person = {"email": "ann.bell@example.com", "fields": {"name": "Ann", "plan": "gold"}}
        contact = self.made("/v1/contacts", person)
        members = {"contact_ids": [contact["contact_id"]]}
        self.made("/v1/segments/vip-customers/members", members)
        campaign = self.made(
            "/v1/campaigns",
            {
                "name": "Later",
                "template_id": "promo-template",
                "segment_id": "vip-customers",
                "schedule_at": (NOW + timedelta(days=1)).isoformat(),
            },
        )
        self.made(f"/v1/campaigns/{campaign['campaign_id']}/pause", {})
        now = {"name": "Now", "template_id": "promo-template", "segment_id": "vip-customers"}
        self._awaiting_id = self.made("/v1/campaigns", {**now, "approval": "required"})[
            "campaign_id"
        ]
        self._started_id = self.made("/v1/campaigns", now)["campaign_id"]
        self.container.start_campaign()(StartRequest(CampaignId(self._started_id)))
        webhook_id = self.made("/v1/webhooks", {"url": "https://hooks.example.com/"})["webhook_id"]
        sent = self.made(f"/v1/webhooks/{webhook_id}/test", {})
        suppression = self.made(
            "/v1/suppressions", {"email": "ann.bell@example.com", "scope": "marketing"}
        )
        series = {
            "name": "Weekly",
            "cron": "0 9 * * MON",
            "timezone": "Europe/Berlin",
            "template_id": "promo-template",
            "segment_id": "vip-customers",
        }
        self.ids |= {
            "series_id": self.made("/v1/series", series)["series_id"],
            "campaign_id": campaign["campaign_id"],
            "contact_id": contact["contact_id"],
            "export_id": self.made("/v1/exports", {})["export_id"],
            "import_id": self.made("/v1/imports", {})["import_id"],
            "segment_id": "vip-customers",
            "suppression_id": suppression["suppression_id"],
            "template_id": "promo-template",
            "webhook_id": webhook_id,
            "delivery_id": sent["delivery_id"],
            "dead_letter_id": self._give_up(),
        }

    def _give_up(self) -> str:
        return given_up(self.container, StartRequest(CampaignId(self._started_id)))


def _copy(records: Mapping[Any, Any]) -> dict[Any, Any]:
    """The values are never changed, but for what is a dictionary itself."""
    return {key: dict(each) if isinstance(each, dict) else each for key, each in records.items()}
