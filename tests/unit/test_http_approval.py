"""Approve before send: a campaign waits until somebody else has looked at it."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from domain.identifiers import CampaignId
from domain.start import StartRequest
from entrypoints.containers import Family, build
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from tests.unit.sentinel import NOW
from tests.unit.test_http_gateway import FOOTER, JSON_TYPE, SETTINGS, Answer, Gateway

HOUR = timedelta(hours=1)
BODY = {"name": "Sale", "template_id": "greeting", "segment_id": "everyone"}
LATER = {**BODY, "schedule_at": (NOW + 3 * HOUR).isoformat()}


class Approving(Gateway):
    """An API with content, and one contact to mail."""

    def __init__(self) -> None:
        """Nothing awaits approval."""
        super().__init__()
        self.add_content()
        contact = self.post("/v1/contacts", {"email": "ann@example.com", "fields": {"name": "A"}})
        members = {"contact_ids": [contact.json["contact_id"]]}
        assert self.post("/v1/segments/everyone/members", members).status == 200

    def awaiting(self, body: dict[str, str] | None = None) -> str:
        """The path of one that awaits approval."""
        answer = self.post("/v1/campaigns", {**(body or BODY), "approval": "required"})
        assert (answer.status, answer.json["state"]) == (201, "paused")
        assert answer.json["approval"] == "required"
        assert not {"triggered", "auto_scheduler"} & answer.json.keys()
        return answer.headers["location"]

    def approve(self, path: str, if_match: str | None = None) -> Answer:
        """Or try to."""
        headers = {} if if_match is None else {"if-match": if_match}
        return self.call("POST", f"{path}/approve", headers=headers)

    def edit(self, path: str, body: str) -> Answer:
        """Another name or time."""
        return self.call("PATCH", path, body, content_type=JSON_TYPE)

    @property
    def started(self) -> list[StartRequest]:
        """Starts that were asked for since the last look."""
        return list(self.container.family.invoker().take_all())

    def pass_time(self, duration: timedelta) -> None:
        """With the schedules that come due, and what the reconciler does every minute."""
        end = self.clock.now() + duration
        while self.clock.now() < end:
            self.clock.sleep(timedelta(minutes=10))
            self.container.family.scheduler().tick()
            self.container.reconcile()()


@pytest.fixture
def api() -> Approving:
    """One of it."""
    return Approving()


def test_it_waits_however_long(api: Approving) -> None:
    """Nothing is triggered at its time or by the reconciler, and it does not expire."""
    paths = [api.awaiting(), api.awaiting(LATER)]

    api.pass_time(10 * HOUR)

    assert api.started == []
    for path in paths:
        campaign = api.get(path).json
        assert (campaign["state"], campaign["pause_reason"]) == ("paused", "approval")


def test_approved_it_goes_out_at_once_or_at_its_time(api: Approving) -> None:
    """The path is decided by the time of the approval; who approved is nobody where no key is."""
    now, later = api.awaiting(), api.awaiting(LATER)
    api.pass_time(HOUR)

    sending, scheduled = api.approve(now), api.approve(later)

    assert (sending.status, sending.json["state"], sending.json["triggered"]) == (
        202,
        "sending",
        True,
    )
    assert sending.json["approval"] == "approved"
    assert sending.json["approved_at"] == "2026-03-02T10:00:00Z"
    assert sending.json["approved_by"] is None
    assert (scheduled.json["state"], scheduled.json["auto_scheduler"]) == ("scheduled", True)
    assert [each.campaign_id for each in api.started] == [sending.json["campaign_id"]]
    api.pass_time(2 * HOUR)
    assert scheduled.json["campaign_id"] in [each.campaign_id for each in api.started]


def test_resuming_is_not_approving(api: Approving) -> None:
    """409 that names the way; no pause of another kind opens one."""
    path = api.awaiting()

    resumed = api.post(f"{path}/resume", {})
    paused = api.post(f"{path}/pause", {})

    assert (resumed.status, paused.status) == (409, 409)
    assert "/approve" in resumed.problem["detail"]
    assert api.get(path).json["pause_reason"] == "approval"
    assert api.started == []


def test_what_was_seen_is_what_is_approved(api: Approving) -> None:
    """412 where it was changed since."""
    path = api.awaiting()
    seen = api.get(path).headers["etag"]
    assert api.edit(path, '{"name": "Other"}').status == 200

    assert api.approve(path, seen).status == 412
    assert api.approve(path, api.get(path).headers["etag"]).status == 202


def test_the_template_is_sent_as_it_was_approved(api: Approving) -> None:
    """An edit of it afterwards changes nothing of what was looked at."""
    path = api.awaiting(LATER)
    approved = api.approve(path).json
    changed = (
        '{"name": "Greeting", "subject": "Changed", "html": "<p>Changed", "text": "' + FOOTER + '"}'
    )
    api.call("PUT", "/v1/templates/greeting", changed, content_type=JSON_TYPE)
    api.clock.sleep(3 * HOUR)

    api.container.start_campaign()(StartRequest(CampaignId(approved["campaign_id"])))

    assert approved["approved_template_version"] == 1
    content = api.container.family.contents().get(CampaignId(approved["campaign_id"]))
    assert content is not None
    assert content.subject == "Hello"


def test_another_time_is_to_be_approved_again_and_another_name_is_not(api: Approving) -> None:
    """Also where it was for later, and is moved to now; its schedule fires into nothing."""
    path = api.awaiting(LATER)
    api.approve(path)
    assert api.edit(path, '{"name": "Other"}').json["state"] == "scheduled"

    moved = api.edit(path, '{"schedule_at": null}')

    assert (moved.status, moved.json["state"], moved.json["approval"]) == (
        200,
        "paused",
        "required",
    )
    assert moved.json["approved_at"] is None
    api.pass_time(5 * HOUR)
    assert api.started == []
    assert api.approve(path).json["state"] == "sending"


def test_one_that_is_paused_after_approval_stays_approved_until_it_is_moved(
    api: Approving,
) -> None:
    """Resuming it is enough; moved meanwhile, it is not."""
    kept, moved = api.awaiting(LATER), api.awaiting(LATER)
    for path in (kept, moved):
        api.approve(path)
        assert api.post(f"{path}/pause", {}).json["pause_reason"] == "operator"
    api.edit(moved, '{"schedule_at": "2026-03-02T15:00:00Z"}')

    assert api.post(f"{kept}/resume", {}).json["state"] == "scheduled"
    assert api.post(f"{moved}/resume", {}).status == 409


def test_one_whose_time_has_long_passed_is_moved_first(api: Approving) -> None:
    """409 that says so: who approves may not have seen that it would go out at once."""
    path = api.awaiting(LATER)
    api.pass_time(12 * HOUR)

    late = api.approve(path)
    assert late.status == 409
    assert "PATCH" in late.problem["detail"]
    api.edit(path, '{"schedule_at": null}')
    assert api.approve(path).json["state"] == "sending"


def test_it_is_approved_once_and_cancelled_meanwhile(api: Approving) -> None:
    """What does not wait for it cannot be approved."""
    path, other = api.awaiting(LATER), api.awaiting()
    plain = api.post("/v1/campaigns", LATER).headers["location"]
    assert api.post(f"{other}/cancel", {}).json["state"] == "cancelled"
    assert api.approve(path).status == 202

    for each in (path, other, plain):
        refused = api.approve(each)
        assert refused.status == 409
        assert "approve" in refused.problem["detail"]


def test_a_deployment_may_require_it_of_all(api: Approving) -> None:
    """Whatever its client asks for."""
    settings = SETTINGS.model_copy(update={"require_approval": True})
    strict = build(Family.MEMORY, settings)
    for name in ("campaigns", "templates", "segments", "contacts", "invoker", "clock"):
        provider = getattr(api.container.family, name)
        getattr(strict.family, name).override(providers.Object(provider()))
    api._api = Api(strict, all_routes(strict))

    created = api.post("/v1/campaigns", BODY)

    assert (created.status, created.json["approval"]) == (201, "required")
    assert api.started == []


@pytest.mark.parametrize("body", [BODY, LATER])
def test_a_clone_is_as_the_original_but_for_what_is_said(
    api: Approving, body: dict[str, str]
) -> None:
    """From any state; its time is the original's while that is to come."""
    original = api.post(
        "/v1/campaigns",
        {**body, "unknown_policy": "resend", "category": "marketing", "priority": "urgent"},
    )
    path = original.headers["location"]
    api.post(f"{path}/cancel", {})

    clone = api.post(f"{path}/clone", {})
    renamed = api.post(f"{path}/clone", {"name": "Other", "approval": "required"})

    assert clone.status == original.status
    assert clone.headers["etag"] == '"1"'
    read, first = api.get(clone.headers["location"]).json, api.get(path).json
    for name in (*BODY, "unknown_policy", "schedule_at", "priority"):
        assert read[name] == first[name]
    assert read["campaign_id"] != first["campaign_id"]
    assert (renamed.json["name"], renamed.json["state"]) == ("Other", "paused")


@pytest.mark.parametrize("said", [{"local_time": False}, {"timezone": None}, {"fold": None}])
def test_a_clone_goes_out_at_its_originals_time_where_none_is_given(
    api: Approving, said: dict[str, bool | None]
) -> None:
    """Only a `schedule_at` of null is now."""
    original = api.post("/v1/campaigns", LATER)

    clone = api.post(f"{original.headers['location']}/clone", said)

    assert (clone.status, clone.json["state"]) == (201, "scheduled")
    assert clone.json["schedule_at"] == original.json["schedule_at"]
    assert api.started == []


def test_a_clone_of_one_whose_time_has_passed_is_for_now(api: Approving) -> None:
    """Unless it is given one; and it awaits approval as the original did."""
    path = api.awaiting(LATER)
    api.pass_time(5 * HOUR)

    now = api.post(f"{path}/clone", {"approval": None})
    later = api.post(f"{path}/clone", {"schedule_at": "2026-03-03T09:00:00Z"})

    assert (now.status, now.json["state"]) == (202, "sending")
    assert (later.json["approval"], later.json["schedule_at"]) == (
        "required",
        "2026-03-03T09:00:00Z",
    )


def test_a_clone_is_checked_as_a_new_one(api: Approving) -> None:
    """422 for what is not there, 404 without an original; nothing was created."""
    path = api.awaiting()

    assert api.post(f"{path}/clone", {"segment_id": "nobody"}).refuses("/segment_id")
    assert api.post("/v1/campaigns/cmp_none/clone", {}).status == 404
    assert len(api.get("/v1/campaigns").json["items"]) == 1
