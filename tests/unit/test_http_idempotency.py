"""Idempotency keys: a POST that is sent again has its effect once, and its first answer again."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest
from dependency_injector import providers

from adapters.memory.admission import MemoryAdmissionControl
from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.idempotency import MemoryIdempotencyRepository
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.scheduler import MemoryScheduler
from adapters.memory.segments import MemorySegmentRepository
from adapters.memory.templates import MemoryTemplateRepository
from domain.access import Scope
from domain.admission import StartLimit, StartLimits
from domain.campaign import Campaign
from domain.errors import DependencyUnavailable
from domain.fan_out import FanOutRange
from domain.idempotency import LEASE, RETENTION, IdempotencyRecord
from domain.identifiers import CampaignId
from domain.schedule import Schedule
from domain.segment import Segment
from domain.start import StartRequest
from domain.template import Template
from domain.webhook_delivery import DeliveryState
from entrypoints.http.__main__ import openapi_text
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from tests.unit.dead_letters import given_up
from tests.unit.faults import Died, RefusingStartQueue
from tests.unit.sentinel import NOW
from tests.unit.test_http_access import Guarded
from tests.unit.test_http_campaigns import campaigns
from tests.unit.test_http_gateway import FOOTER, JSON_TYPE, Answer, Gateway, Unanswering

BODY = {"name": "Flash Sale", "template_id": "greeting", "segment_id": "everyone"}
LATER = {**BODY, "schedule_at": (NOW + timedelta(hours=1)).isoformat()}
GREETING = {"name": "Greeting", "subject": "Hello", "html": "<p>Hello</p>", "text": FOOTER}
KEY = "5f2b7f0e-0b1e-4d43-9b0c-b1f0c62d8f4e"


class Once:
    """Something that happens the first time; nothing, if it is not told what."""

    def __init__(self, act: Callable[[], object] | None = None) -> None:
        """Not yet."""
        self._act = act

    def __call__(self) -> None:
        """Once."""
        act, self._act = self._act, None
        if act is not None:
            act()


def die() -> None:
    """The function is killed."""
    raise Died


class CampaignsThat(MemoryCampaignRepository):
    """Something happens before or after a campaign is added or changed."""

    before_add: Once = Once()
    after_add: Once = Once()
    before_save: Once = Once()
    after_save: Once = Once()

    def add(
        self,
        campaign: Campaign,
        ranges: tuple[FanOutRange, ...],
        record: IdempotencyRecord | None = None,
    ) -> None:
        """In between."""
        self.before_add()
        super().add(campaign, ranges, record)
        self.after_add()

    def save(self, campaign: Campaign) -> Campaign:
        """In between."""
        self.before_save()
        saved = super().save(campaign)
        self.after_save()
        return saved


class InvokerThat(MemoryInvoker):
    """Something happens once a start has been accepted."""

    after_start: Once = Once()

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted."""
        super().start(campaign_id)
        self.after_start()


class SchedulerThat(MemoryScheduler):
    """Something happens once a schedule has been made."""

    after_put: Once = Once()

    def put(self, schedule: Schedule) -> None:
        """Made."""
        super().put(schedule)
        self.after_put()


class TemplatesThat(MemoryTemplateRepository):
    """Something happens before or after a template is added."""

    before_add: Once = Once()
    after_add: Once = Once()

    def add(self, template: Template) -> None:
        """In between."""
        self.before_add()
        super().add(template)
        self.after_add()


class SegmentsThat(MemorySegmentRepository):
    """Something happens before or after a segment is added."""

    before_add: Once = Once()
    after_add: Once = Once()

    def add(self, segment: Segment) -> None:
        """In between."""
        self.before_add()
        super().add(segment)
        self.after_add()


class RecordsThat(MemoryIdempotencyRepository):
    """Something happens after a record was looked for, or before an answer is kept."""

    after_get: Once = Once()
    before_answer: Once = Once()

    def get(self, digest: str) -> IdempotencyRecord | None:
        """Read, and then."""
        found = super().get(digest)
        self.after_get()
        return found

    def save(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """Written, unless."""
        if record.answer is not None:
            self.before_answer()
        return super().save(record)


class Instances(Gateway):
    """Two instances of the API over one store, as Lambda runs them."""

    def serve(self) -> None:
        """As the container is wired by now; calls go to the first one."""
        container = self.container
        self._api, self._other = (Api(container, all_routes(container)) for _ in range(2))

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Calls go to the other one meanwhile."""
        self._api, self._other = self._other, self._api
        try:
            yield
        finally:
            self._api, self._other = self._other, self._api


class Client:
    """Posts under keys to an API on which things happen."""

    def __init__(self) -> None:
        """With a template and a segment."""
        self.gateway = Instances()
        self.gateway.add_content()
        family = self.gateway.container.family
        database = family.database()
        self.clock = self.gateway.clock
        self.campaigns = CampaignsThat(database)
        self.records = RecordsThat(database)
        self.templates = TemplatesThat(database)
        self.segments = SegmentsThat(database)
        self.invoker = InvokerThat()
        self.scheduler = SchedulerThat(self.clock, self.invoker)
        for name in ("campaigns", "templates", "segments", "invoker", "scheduler"):
            getattr(family, name).override(providers.Object(getattr(self, name)))
        family.idempotency.override(providers.Object(self.records))
        self.gateway.serve()

    def post(
        self, path: str, body: Mapping[str, object] | None = None, key: str | None = KEY
    ) -> Answer:
        """Under a key, or without."""
        return self.gateway.call(
            "POST",
            path,
            None if body is None else json.dumps(body),
            content_type=JSON_TYPE,
            headers={} if key is None else {"idempotency-key": key},
        )

    def post_elsewhere(self, path: str, body: Mapping[str, object]) -> Answer:
        """Likewise, answered by another instance: this one may be busy."""
        with self.gateway.elsewhere():
            return self.post(path, body)

    def dies(self, path: str, body: Mapping[str, object] | None = None) -> None:
        """A try whose client never hears of it."""
        with pytest.raises(Died):
            self.post(path, body)

    def campaign(self, body: Mapping[str, object] = BODY) -> str:
        """The path of a campaign that was created without a key, and set going."""
        answer = self.post("/v1/campaigns", body, key=None)
        self.started()
        return answer.headers["location"]

    def campaigns_made(self) -> list[str]:
        """Their ids, newest first."""
        return [each["campaign_id"] for each in campaigns(self.gateway)]

    def started(self) -> list[StartRequest]:
        """What was invoked since it was last asked."""
        return list(self.invoker.take_all())


@pytest.fixture
def client() -> Client:
    """With content."""
    return Client()


def is_replay(answer: Answer) -> bool:
    """Whether it says that it is."""
    return answer.headers.get("idempotency-replayed") == "true"


def is_still_running(answer: Answer) -> bool:
    """Whether it asks to come back."""
    return (
        answer.status == 409
        and answer.problem["type"].endswith("still-running")
        and 1 <= int(answer.headers["retry-after"]) <= 5
    )


@pytest.mark.parametrize("body", [BODY, LATER])
def test_a_campaign_that_is_sent_again_is_created_once(
    client: Client, body: Mapping[str, object]
) -> None:
    """The first answer comes again to the letter, and says that it does."""
    first = client.post("/v1/campaigns", body)
    started = client.started()
    client.clock.sleep(RETENTION - timedelta(seconds=1))
    again = client.post("/v1/campaigns", body)

    assert (again.status, again.text) == (first.status, first.text)
    assert is_replay(again)
    assert again.headers == {**first.headers, "idempotency-replayed": "true"}
    assert client.campaigns_made() == [first.json["campaign_id"]]
    assert (len(started), client.started()) == (body is BODY, [])


SERIES = {
    "name": "Weekly",
    "cron": "0 9 * * MON",
    "timezone": "Europe/Berlin",
    "template_id": "greeting",
    "segment_id": "everyone",
}
EVERY_POST = {
    "/v1/campaigns": BODY,
    "/v1/campaigns/{campaign_id}/clone": {},
    "/v1/campaigns/{campaign_id}/approve": None,
    "/v1/campaigns/{campaign_id}/pause": None,
    "/v1/campaigns/{campaign_id}/resume": None,
    "/v1/campaigns/{campaign_id}/cancel": None,
    "/v1/campaigns/{campaign_id}/unknown": {"action": "give_up"},
    "/v1/series": SERIES,
    "/v1/series/{series_id}/pause": None,
    "/v1/series/{series_id}/resume": None,
    "/v1/series/{series_id}/end": None,
    "/v1/templates": GREETING,
    "/v1/templates/{template_id}/preview": {"fields": {"name": "Ann"}},
    "/v1/templates/{template_id}/test-send": {
        "to": ["ann@example.com"],
        "fields": {"name": "Ann"},
    },
    "/v1/segments": {"name": "Some"},
    "/v1/segments/{segment_id}/members": {"contact_ids": ["{contact_id}"]},
    "/v1/contacts": {"email": "ann@example.com"},
    "/v1/segments/preview": {"rule": {"segment": "everyone"}},
    "/v1/contacts/lookup": {"email": "bea@example.com"},
    "/v1/imports": {},
    "/v1/imports/{import_id}/start": {},
    "/v1/imports/{import_id}/cancel": None,
    "/v1/exports": {},
    "/v1/exports/{export_id}/cancel": None,
    "/v1/suppressions": {"email": "ann@example.com"},
    "/v1/suppressions/lookup": {"email": "bea@example.com"},
    "/v1/webhooks/{webhook_id}/test": None,
    "/v1/webhooks/{webhook_id}/replay": {"since": "2026-03-01T00:00:00Z"},
    "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": None,
    "/v1/dead-letters/replay": {},
    "/v1/dead-letters/{dead_letter_id}/replay": None,
}
ANSWERED_WITH_A_SECRET = {
    "/v1/webhooks": {"url": "https://hooks.example.com/"},
    "/v1/webhooks/{webhook_id}/rotate-secret": None,
}
"""Their answers are kept nowhere: they are made again."""


@pytest.mark.parametrize("path", EVERY_POST)
def test_every_post_is_answered_again(client: Client, path: str) -> None:
    """With what was answered first, and nothing that is stored is touched."""
    contact_id = client.post("/v1/contacts", {"email": "bea@example.com"}, key=None).json[
        "contact_id"
    ]
    client.post("/v1/suppressions", {"email": "bea@example.com"}, key=None)
    campaign = client.campaign().removeprefix("/v1/campaigns/")
    if path.endswith("/approve"):
        awaiting = {**BODY, "approval": "required"}
        campaign = client.post("/v1/campaigns", awaiting, key=None).json["campaign_id"]
    if path.endswith("/resume"):
        client.post(f"/v1/campaigns/{campaign}/pause", key=None)
    body = json.loads(json.dumps(EVERY_POST[path]).replace("{contact_id}", contact_id))
    export = client.post("/v1/exports", {}, key=None).json["export_id"]
    imported = client.post("/v1/imports", {}, key=None).json["import_id"]
    client.gateway.container.family.object_store().write(
        f"imports/{imported}/contacts.csv", b"email\n"
    )
    series = client.post("/v1/series", SERIES, key=None).json["series_id"]
    if path.startswith("/v1/series") and path.endswith("/resume"):
        client.post(f"/v1/series/{series}/pause", key=None)
    path = path.format(
        series_id=series,
        campaign_id=campaign,
        segment_id="everyone",
        template_id="greeting",
        export_id=export,
        import_id=imported,
        dead_letter_id=given_up(client.gateway.container, StartRequest(CampaignId(campaign))),
        **a_webhook(client),
    )

    first = client.post(path, body)
    before = client.gateway.stored()
    again = client.post(path, body)

    assert first.status < 300, first
    assert not is_replay(first)
    assert is_replay(again)
    assert (again.status, again.text) == (first.status, first.text)
    assert client.gateway.stored() == before


def test_the_list_of_posts_is_complete() -> None:
    """A new one is added to it, and so tried."""
    paths = json.loads(openapi_text())["paths"]
    posts = {path for path, item in paths.items() if "post" in item}
    # Whoever is mailed has no keys, and unsubscribing twice is unsubscribing.
    assert posts - {"/u/{token}", "/c/{token}"} == {*EVERY_POST, *ANSWERED_WITH_A_SECRET}


@pytest.mark.parametrize("path", ANSWERED_WITH_A_SECRET)
def test_a_secret_is_answered_again_and_not_kept(client: Client, path: str) -> None:
    """The same one; another body under the key is refused as ever."""
    body = ANSWERED_WITH_A_SECRET[path]
    path = path.format(**a_webhook(client))

    first = client.post(path, body)
    before = client.gateway.stored()
    again = client.post(path, body)

    assert first.status < 300, first
    assert (again.status, again.text) == (first.status, first.text)
    after = client.gateway.stored()
    assert after["webhooks"] == before["webhooks"]
    kept = client.gateway.container.family.database().idempotency.values()
    assert not [
        each for each in kept if first.json["secret"] in str(each.answer and each.answer.body)
    ]
    assert client.post(path, {"url": "https://other.example.com/"}).status == 422


def a_webhook(client: Client) -> dict[str, str]:
    """One, with a delivery that was given up."""
    made = client.post("/v1/webhooks", {"url": "https://hooks.example.com/"}, key=None).json
    path = f"/v1/webhooks/{made['webhook_id']}"
    sent = client.post(f"{path}/test", key=None).json
    deliveries = client.gateway.container.family.webhook_deliveries()
    (delivery,) = deliveries.page(made["webhook_id"], tuple(DeliveryState), 1, None).deliveries
    deliveries.save(delivery.give_up("No."))
    return {"webhook_id": made["webhook_id"], "delivery_id": sent["delivery_id"]}


def test_another_body_under_the_same_key_is_refused(client: Client) -> None:
    """Somebody's mistake: neither answer would be right."""
    client.post("/v1/campaigns", BODY)

    for body in ({**BODY, "name": "Another"}, dict(reversed(BODY.items()))):
        answer = client.post("/v1/campaigns", body)
        assert answer.status == 422
        assert answer.problem["type"].endswith("idempotency-key-reused")
    assert len(client.campaigns_made()) == 1


def test_a_body_in_base64_is_the_same_body(client: Client) -> None:
    """API Gateway encodes one or does not, as it likes."""
    first = client.post("/v1/campaigns", BODY)
    again = client.gateway.call(
        "POST",
        "/v1/campaigns",
        json.dumps(BODY).encode(),
        content_type=JSON_TYPE,
        headers={"idempotency-key": KEY},
    )

    assert is_replay(again)
    assert again.text == first.text


@pytest.mark.parametrize("key", ["", "k" * 256, "Schlüssel", "a\tb", "a\n", "\x7f"])
def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    """422 naming the header; nothing was created."""
    assert client.post("/v1/campaigns", BODY, key).refuses("/Idempotency-Key")
    assert client.campaigns_made() == []


@pytest.mark.parametrize("key", ["k", "k" * 255, '"quoted, with spaces"', "~!"])
def test_any_printable_key_will_do(client: Client, key: str) -> None:
    """Up to its longest."""
    client.post("/v1/campaigns", BODY, key)

    assert is_replay(client.post("/v1/campaigns", BODY, key))


def test_neither_key_nor_body_is_kept(client: Client) -> None:
    """Only their hashes, and the answer."""
    client.post("/v1/contacts", {"email": "Ann@Example.com", "fields": {"vip": True}})

    stored = repr(client.gateway.stored()["idempotency"])

    assert KEY not in stored
    assert "Ann@Example.com" not in stored


def test_without_a_key_each_is_a_new_one(client: Client) -> None:
    """As ever, and nothing is kept."""
    for _ in range(2):
        client.post("/v1/campaigns", BODY, key=None)

    assert len(client.campaigns_made()) == 2
    assert client.gateway.container.family.database().idempotency == {}


def test_a_key_is_good_for_a_day(client: Client) -> None:
    """Then it begins anew, although the store may still have its record."""
    first = client.post("/v1/campaigns", BODY)
    client.clock.sleep(RETENTION)

    anew = client.post("/v1/campaigns", {**BODY, "name": "Tomorrow"})

    assert not is_replay(anew)
    assert client.campaigns_made() == [anew.json["campaign_id"], first.json["campaign_id"]]
    assert is_replay(client.post("/v1/campaigns", {**BODY, "name": "Tomorrow"}))


def test_paths_do_not_share_keys(client: Client) -> None:
    """One key for each step of a script would be too much to ask."""
    one, other = client.campaign(), client.campaign()

    for path, body in (
        ("/v1/segments", {"name": "Some"}),
        ("/v1/templates", GREETING),
        (f"{one}/pause", None),
        (f"{other}/pause", None),
    ):
        answer = client.post(path, body)
        assert answer.status < 300
        assert not is_replay(answer)


def test_clients_do_not_share_keys() -> None:
    """Nobody is answered what another client's request was."""
    guarded = Guarded()
    ann, bob = guarded.key(*Scope), guarded.key(*Scope)

    def post(api_key: str) -> Answer:
        return guarded.call(
            "POST",
            "/v1/segments",
            json.dumps({"name": "Some"}),
            content_type=JSON_TYPE,
            headers={"idempotency-key": KEY, "authorization": f"Bearer {api_key}"},
        )

    first = post(ann)
    assert post(bob).json["segment_id"] != first.json["segment_id"]
    assert is_replay(post(ann))
    assert post(ann).text == first.text


def test_a_key_on_a_get_means_nothing(client: Client) -> None:
    """It is a read, whatever the key is."""
    for key in (KEY, ""):
        answer = client.gateway.call("GET", "/v1/campaigns", headers={"idempotency-key": key})
        assert answer.status == 200
        assert not is_replay(answer)


def crash_after_the_transaction(client: Client) -> None:
    """Stored, and not triggered."""
    client.campaigns.after_add = Once(die)


def crash_after_the_trigger(client: Client) -> None:
    """Triggered, and not answered."""
    client.invoker.after_start = Once(die)
    client.scheduler.after_put = Once(die)


def crash_before_completion(client: Client) -> None:
    """All done but the record."""
    client.records.before_answer = Once(die)


CRASHES = [crash_after_the_transaction, crash_after_the_trigger, crash_before_completion]


@pytest.mark.parametrize("body", [BODY, LATER])
@pytest.mark.parametrize("crash", CRASHES)
def test_a_campaign_whose_creation_crashed_is_answered_and_not_created_again(
    client: Client, crash: Callable[[Client], None], body: Mapping[str, object]
) -> None:
    """At first nobody knows that it crashed; then the answer is as it would have been."""
    crash(client)
    client.dies("/v1/campaigns", body)
    assert is_still_running(client.post("/v1/campaigns", body))
    client.clock.sleep(LEASE)

    answer = client.post("/v1/campaigns", body)

    (campaign_id,) = client.campaigns_made()
    assert answer.status == (202 if body is BODY else 201)
    assert answer.json["campaign_id"] == campaign_id
    assert answer.headers["location"] == f"/v1/campaigns/{campaign_id}"
    if body is BODY:
        assert answer.json["triggered"] is True
        assert {each.campaign_id for each in client.started()} == {campaign_id}
    else:
        assert answer.json["auto_scheduler"] is True
        assert client.scheduler.get(CampaignId(campaign_id)) is not None
    assert is_replay(client.post("/v1/campaigns", body))


def test_one_that_was_to_start_at_once_is_not_queued_when_it_is_answered_again(
    client: Client,
) -> None:
    """It was admitted, and is stored: too late to refuse it, whoever starts meanwhile."""
    only = {**BODY, "immediate_only": True}
    one = StartLimit(1, burst=1)
    admission = MemoryAdmissionControl(StartLimits(account=one, key=one))
    client.gateway.container.family.admission.override(providers.Object(admission))
    crash_after_the_transaction(client)
    client.dies("/v1/campaigns", only)
    client.clock.sleep(LEASE)
    assert client.post("/v1/campaigns", BODY, key=None).json["start"] == "direct"
    assert client.post("/v1/campaigns", BODY, key=None).json["start"] == "queued"

    answer = client.post("/v1/campaigns", only)

    assert (answer.status, answer.json["start"]) == (202, "direct")


def test_a_creation_that_crashed_before_it_stored_anything_is_simply_repeated(
    client: Client,
) -> None:
    """At once: the record would have come with the campaign."""
    client.campaigns.before_add = Once(die)
    client.dies("/v1/campaigns", BODY)

    answer = client.post("/v1/campaigns", BODY)

    assert answer.status == 202
    assert not is_replay(answer)
    assert client.campaigns_made() == [answer.json["campaign_id"]]


def test_a_campaign_that_went_on_meanwhile_is_answered_as_it_is(client: Client) -> None:
    """What the reconciler did for it is not done again."""
    crash_after_the_transaction(client)
    client.dies("/v1/campaigns", BODY)
    client.clock.sleep(LEASE)
    (campaign_id,) = client.campaigns_made()
    client.post(f"/v1/campaigns/{campaign_id}/cancel", key=None)

    answer = client.post("/v1/campaigns", BODY)

    assert (answer.status, answer.json["state"]) == (202, "cancelled")
    assert client.started() == []


def test_a_trigger_that_failed_is_the_first_answer(client: Client) -> None:
    """It comes again, although the reconciler may have gone on by then."""

    def time_out() -> None:
        raise DependencyUnavailable("Lambda Invoke: ReadTimeoutError")

    client.invoker.after_start = Once(time_out)
    neither = RefusingStartQueue(client.clock)
    with client.gateway.container.family.start_queue.override(providers.Object(neither)):
        first = client.post("/v1/campaigns", BODY)
    assert first.json["triggered"] is False

    assert client.post("/v1/campaigns", BODY).text == first.text


def test_of_two_that_come_at_once_one_creates(client: Client) -> None:
    """Both find no record; the second one overtakes the first."""
    answers: list[Answer] = []
    client.records.after_get = Once(
        lambda: answers.append(client.post_elsewhere("/v1/campaigns", BODY))
    )

    first = client.post("/v1/campaigns", BODY)

    assert is_still_running(first)
    assert client.campaigns_made() == [answers[0].json["campaign_id"]]
    assert len(client.started()) == 1
    assert client.post("/v1/campaigns", BODY).text == answers[0].text


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/templates", GREETING), ("/v1/segments", {"name": "Some"})]
)
def test_of_two_that_come_at_once_one_goes_on(
    client: Client, path: str, body: Mapping[str, object]
) -> None:
    """The same of those whose record comes first."""
    before = len(client.gateway.get(path).json["items"])
    answers: list[Answer] = []
    client.records.after_get = Once(lambda: answers.append(client.post_elsewhere(path, body)))

    assert is_still_running(client.post(path, body))

    assert len(client.gateway.get(path).json["items"]) == before + 1
    assert client.post(path, body).text == answers[0].text


def test_who_comes_while_it_runs_is_told_to_come_back(client: Client) -> None:
    """And then has the answer."""
    answers: list[Answer] = []
    client.invoker.after_start = Once(
        lambda: answers.append(client.post_elsewhere("/v1/campaigns", BODY)),
    )

    first = client.post("/v1/campaigns", BODY)

    assert is_still_running(answers[0])
    assert client.post("/v1/campaigns", BODY).text == first.text


def test_of_two_that_take_over_one_goes_on(client: Client) -> None:
    """What crashed is tried again by one of them."""
    crash_after_the_transaction(client)
    client.dies("/v1/campaigns", BODY)
    client.clock.sleep(LEASE)
    answers: list[Answer] = []
    client.records.after_get = Once(
        lambda: answers.append(client.post_elsewhere("/v1/campaigns", BODY))
    )

    assert is_still_running(client.post("/v1/campaigns", BODY))

    assert client.campaigns_made() == [answers[0].json["campaign_id"]]
    assert len(client.started()) == 1


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [("/v1/templates", "template", GREETING), ("/v1/segments", "segment", {"name": "Some"})],
)
def test_what_was_created_before_a_crash_is_found_again(
    client: Client, path: str, kind: str, body: Mapping[str, object], *, named: bool
) -> None:
    """Under the id that the record fixed, or that was chosen: 201, and there is one of it."""
    if named:
        body = {**body, f"{kind}_id": "chosen"}
    before = len(client.gateway.get(path).json["items"])
    (client.templates if kind == "template" else client.segments).after_add = Once(die)
    client.dies(path, body)
    assert is_still_running(client.post(path, body))
    client.clock.sleep(LEASE)

    answer = client.post(path, body)

    assert answer.status == 201
    assert answer.json["name"] == body["name"]
    assert client.gateway.get(answer.headers["location"]).status == 200
    assert len(client.gateway.get(path).json["items"]) == before + 1
    assert is_replay(client.post(path, body))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/templates", {**GREETING, "template_id": "greeting"}),
        ("/v1/segments", {"name": "Everyone", "segment_id": "everyone"}),
    ],
)
def test_what_somebody_else_has_created_is_theirs(
    client: Client, path: str, body: Mapping[str, object]
) -> None:
    """Also for a request that crashed before it could find out."""
    client.clock.sleep(timedelta(minutes=1))
    assert client.post(path, body).status == 409
    client.templates.before_add = client.segments.before_add = Once(die)
    client.dies(path, body)
    client.clock.sleep(LEASE)

    assert client.post(path, body).problem["type"].endswith("already-exists")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/templates", {**GREETING, "template_id": "chosen"}),
        ("/v1/segments", {"name": "Some", "segment_id": "chosen"}),
    ],
)
def test_the_same_under_another_key_is_another_request(
    client: Client, path: str, body: Mapping[str, object]
) -> None:
    """Its id is taken by then, though all is the same to the microsecond."""
    assert client.post(path, body, "one").status == 201
    assert client.post(path, body, "two").problem["type"].endswith("already-exists")


@pytest.mark.parametrize("body", [BODY, LATER])
@pytest.mark.parametrize(
    ("change", "state"), [("pause", "paused"), ("cancel", "cancelled"), ("resume", None)]
)
def test_a_change_that_crashed_after_its_effect_is_answered(
    client: Client, change: str, state: str | None, body: Mapping[str, object]
) -> None:
    """The state, and not a 409 that only the first try is to blame for."""
    campaign = client.campaign(body)
    if change == "resume":
        client.post(f"{campaign}/pause", key=None)
    client.campaigns.after_save = Once(die)
    client.dies(f"{campaign}/{change}")
    before = client.gateway.get(campaign).json
    client.clock.sleep(LEASE)

    answer = client.post(f"{campaign}/{change}")

    assert answer.status == (202 if change == "resume" else 200)
    assert answer.json["state"] == before["state"]
    assert state in {None, before["state"]}
    assert client.gateway.get(campaign).json == before
    assert is_replay(client.post(f"{campaign}/{change}"))
    if change == "resume":
        arranged = "triggered" if body is BODY else "auto_scheduler"
        assert answer.json[arranged] is True
        campaign_id = CampaignId(answer.json["campaign_id"])
        assert client.started() or client.scheduler.get(campaign_id)


@pytest.mark.parametrize("change", ["pause", "cancel", "resume"])
def test_a_change_that_crashed_before_its_effect_is_made(client: Client, change: str) -> None:
    """Once its lease is over."""
    campaign = client.campaign()
    if change == "resume":
        client.post(f"{campaign}/pause", key=None)
    before = client.gateway.get(campaign).json["state"]
    client.campaigns.before_save = Once(die)
    client.dies(f"{campaign}/{change}")
    client.clock.sleep(LEASE)

    answer = client.post(f"{campaign}/{change}")

    assert answer.status < 300
    assert answer.json["state"] != before


@pytest.mark.parametrize(
    ("change", "undoing", "state"), [("pause", "resume", "sending"), ("resume", "pause", "paused")]
)
def test_a_change_that_somebody_undid_is_not_made_again(
    client: Client, change: str, undoing: str, state: str
) -> None:
    """They came later, and knew more than a repeated request: whoever sent it may decide again."""
    campaign = client.campaign()
    if change == "resume":
        client.post(f"{campaign}/pause", key=None)
    client.campaigns.after_save = Once(die)
    client.dies(f"{campaign}/{change}")
    client.post(f"{campaign}/{undoing}", key=None)
    client.clock.sleep(LEASE)

    for _ in range(2):
        answer = client.post(f"{campaign}/{change}")
        assert answer.status == 409
        assert answer.problem["type"].endswith("changed-meanwhile")
    assert client.gateway.get(campaign).json["state"] == state


@pytest.mark.parametrize("change", ["pause", "cancel", "resume"])
def test_a_change_of_what_was_read_is_not_refused_for_its_own_sake(
    client: Client, change: str
) -> None:
    """If-Match names the revision before the first try; with that it is another one."""
    campaign = client.campaign()
    if change == "resume":
        client.post(f"{campaign}/pause", key=None)
    revision = {"if-match": client.gateway.get(campaign).headers["etag"], "idempotency-key": KEY}
    client.campaigns.after_save = Once(die)
    with pytest.raises(Died):
        client.gateway.call("POST", f"{campaign}/{change}", headers=revision)
    client.clock.sleep(LEASE)

    answer = client.gateway.call("POST", f"{campaign}/{change}", headers=revision)

    assert answer.status < 300
    assert answer.headers["etag"] == client.gateway.get(campaign).headers["etag"]
    assert answer.headers["etag"] != revision["if-match"]
    again = client.gateway.call("POST", f"{campaign}/{change}", headers=revision)
    assert is_replay(again)
    assert again.headers["etag"] == answer.headers["etag"]


def test_a_refusal_is_not_kept(client: Client) -> None:
    """What was mended elsewhere is tried anew under the same key, at once."""
    asked = {**BODY, "template_id": "greeting-2"}
    assert client.post("/v1/campaigns", asked).refuses("/template_id")
    client.post("/v1/templates", {**GREETING, "template_id": "greeting-2"}, key=None)
    assert client.post("/v1/campaigns", asked).status == 202

    campaign = client.campaign()
    assert client.post(f"{campaign}/resume").status == 409
    client.post(f"{campaign}/pause", key=None)
    answer = client.post(f"{campaign}/resume")
    assert answer.status == 202
    assert not is_replay(answer)


def test_a_refused_change_is_no_earlier_try(client: Client) -> None:
    """Somebody else's pause is not taken for one's own, however often it is refused."""
    campaign = client.campaign()
    client.post(f"{campaign}/pause", key=None)
    for _ in range(3):
        assert client.post(f"{campaign}/pause").problem["type"].endswith("illegal-transition")


def test_after_a_refusal_the_key_is_still_the_bodys(client: Client) -> None:
    """Where it came far enough to be recorded."""
    body = {"contact_ids": ["con_unknown"]}
    assert client.post("/v1/segments/everyone/members", body).refuses("/contact_ids/0")

    again = client.post("/v1/segments/everyone/members", {"contact_ids": ["con_another"]})

    assert again.problem["type"].endswith("idempotency-key-reused")


def test_a_store_that_did_not_answer_invites_to_try_again_with_the_key(client: Client) -> None:
    """Unlike without one: nobody is mailed twice."""
    family = client.gateway.container.family
    family.campaigns.override(
        providers.Object(Unanswering(family.campaigns(), adds=False, shows=True))
    )
    answer = client.post("/v1/campaigns", BODY)

    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "Idempotency-Key" in answer.problem["detail"]
    family.campaigns.reset_last_overriding()
    assert client.post("/v1/campaigns", BODY).status == 202
    assert len(client.campaigns_made()) == 1


def test_a_fault_is_not_kept(client: Client) -> None:
    """Nor need the next try wait for a lease to end."""

    def time_out() -> None:
        raise DependencyUnavailable("DynamoDB PutItem: ReadTimeoutError")

    client.templates.after_add = Once(time_out)
    assert client.post("/v1/templates", GREETING).status == 503

    answer = client.post("/v1/templates", GREETING)

    assert answer.status == 201
    assert len(client.gateway.get("/v1/templates").json["items"]) == 2


def test_an_answer_that_cannot_be_kept_is_given(client: Client) -> None:
    """It is true all the same; who asks again is answered as after a crash."""

    def time_out() -> None:
        raise DependencyUnavailable("DynamoDB PutItem: ReadTimeoutError")

    client.records.before_answer = Once(time_out)
    first = client.post("/v1/campaigns", BODY)
    assert first.status == 202
    client.clock.sleep(LEASE)

    again = client.post("/v1/campaigns", BODY)

    assert again.json["campaign_id"] == first.json["campaign_id"]
    assert len(client.campaigns_made()) == 1


def test_who_was_overtaken_keeps_nothing(client: Client) -> None:
    """A try that outlasts its lease meets the one that took over."""
    answers: list[Answer] = []

    def overtaken() -> None:
        client.clock.sleep(LEASE)
        answers.append(client.post_elsewhere("/v1/templates", GREETING))

    client.templates.after_add = Once(overtaken)

    slow = client.post("/v1/templates", GREETING)

    assert slow.json["template_id"] == answers[0].json["template_id"]
    assert len(client.gateway.get("/v1/templates").json["items"]) == 2
    assert client.post("/v1/templates", GREETING).text == answers[0].text


def test_a_test_mail_whose_end_nobody_knows_is_not_sent_again(client: Client) -> None:
    """It may have arrived: a second mail is worse than none, and the answer says so."""
    path = "/v1/templates/greeting/test-send"
    body = {"to": ["ann@example.com"], "fields": {"name": "Ann"}}
    client.records.before_answer = Once(die)
    client.dies(path, body)
    client.clock.sleep(LEASE + timedelta(seconds=1))

    again = client.post(path, body)

    assert [each["outcome"] for each in again.json["results"]] == ["unknown"]
    assert len(client.gateway.container.family.sent().outbox) == 1


def test_a_template_that_was_edited_before_its_creation_was_answered(client: Client) -> None:
    """It was created: the answer is what was, and the edit stays."""
    body = {**GREETING, "template_id": "chosen"}
    client.templates.after_add = Once(die)
    client.dies("/v1/templates", body)
    edit = json.dumps({**GREETING, "subject": "Edited"})
    assert (
        client.gateway.call("PUT", "/v1/templates/chosen", edit, content_type=JSON_TYPE).status
        == 200
    )
    client.clock.sleep(LEASE)

    answer = client.post("/v1/templates", body)

    assert (answer.status, answer.json["version"]) == (201, 1)
    assert client.gateway.get("/v1/templates/chosen").json["subject"] == "Edited"
