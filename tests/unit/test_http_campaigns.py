"""Creating and reading campaigns: the table of inputs and answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dependency_injector import providers

from adapters.memory.invoker import MemoryInvoker
from adapters.memory.scheduler import MemoryScheduler
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.identifiers import CampaignId
from domain.schedule import Schedule
from tests.unit.faults import RefusingStartQueue
from tests.unit.sentinel import NOW
from tests.unit.test_http_gateway import ADDRESS, Gateway

BODY = {"name": "Flash Sale", "template_id": "greeting", "segment_id": "everyone"}


class RefusingInvoker(MemoryInvoker):
    """Lambda without the function."""

    def start(self, campaign_id: CampaignId) -> None:
        """Accepts nothing."""
        raise DependencyRefused(f"Lambda Invoke: ResourceNotFoundException {campaign_id}")


class UnansweringScheduler(MemoryScheduler):
    """Scheduler behind a broken network."""

    def put(self, schedule: Schedule) -> None:
        """Nobody knows."""
        raise DependencyUnavailable(f"Scheduler CreateSchedule: timeout {schedule.campaign_id}")


@pytest.fixture
def gateway() -> Gateway:
    """With content."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


def ahead(**duration: float) -> str:
    """A `schedule_at` so far from now."""
    return (NOW + timedelta(**duration)).isoformat()


def campaigns(gateway: Gateway) -> list[dict[str, Any]]:
    """All of them, newest first."""
    items: list[dict[str, Any]] = gateway.get("/v1/campaigns").json["items"]
    return items


def test_without_a_time_it_goes_out_at_once(gateway: Gateway) -> None:
    """202 with the founding document's fields; the start is on its way."""
    answer = gateway.post("/v1/campaigns", BODY)

    assert answer.status == 202
    assert answer.json == {
        "campaign_id": answer.json["campaign_id"],
        "name": "Flash Sale",
        "state": "sending",
        "schedule_at": "2026-03-02T09:00:00Z",
        "execution_path": "immediate",
        "priority": "normal",
        "triggered": True,
        "start": "direct",
    }
    started = gateway.container.family.started().take_all()
    assert [request.campaign_id for request in started] == [answer.json["campaign_id"]]


@pytest.mark.parametrize(
    ("schedule_at", "answered"),
    [
        (ahead(seconds=0), "2026-03-02T09:00:00Z"),
        (ahead(seconds=30), "2026-03-02T09:00:30Z"),
        (ahead(seconds=60), "2026-03-02T09:01:00Z"),
        ("2026-03-02T09:00:59.999Z", "2026-03-02T09:00:59.999Z"),
        ("2026-03-02T10:01:00+01:00", "2026-03-02T09:01:00Z"),
        ("2026-03-02t04:00:00-05:00", "2026-03-02T09:00:00Z"),
        ("2025-11-18T15:31:00Z", "2025-11-18T15:31:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (None, "2026-03-02T09:00:00Z"),
    ],
)
def test_due_within_a_minute_or_past_it_goes_out_at_once(
    gateway: Gateway, schedule_at: str | None, answered: str
) -> None:
    """Sixty seconds ahead still are; the time is answered in UTC with Z."""
    answer = gateway.post("/v1/campaigns", {**BODY, "schedule_at": schedule_at})

    assert answer.status == 202
    assert answer.json["schedule_at"] == answered
    assert (answer.json["state"], answer.json["execution_path"]) == ("sending", "immediate")
    assert answer.json["triggered"] is True
    assert "auto_scheduler" not in answer.json


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"schedule_at": "2026-03-02T09:01:00.001Z"}, "2026-03-02T09:01:00.001Z"),
        ({"schedule_at": ahead(seconds=61)}, "2026-03-02T09:01:01Z"),
        ({"schedule_at": ahead(days=366)}, "2027-03-03T09:00:00Z"),
        ({"schedule_at": "2026-03-03T09:00:00+05:30"}, "2026-03-03T03:30:00Z"),
        (
            {"schedule_at": "2026-07-01T09:00:00", "timezone": "Europe/Berlin"},
            "2026-07-01T07:00:00Z",
        ),
        (
            {"schedule_at": "2026-10-25T02:30:00", "timezone": "Europe/Berlin", "fold": 0},
            "2026-10-25T00:30:00Z",
        ),
        (
            {"schedule_at": "2026-10-25T02:30:00", "timezone": "Europe/Berlin", "fold": 1},
            "2026-10-25T01:30:00Z",
        ),
    ],
)
def test_later_it_is_scheduled(gateway: Gateway, asked: dict[str, object], answered: str) -> None:
    """201 with the founding document's fields; its schedule is made, and nothing starts yet."""
    answer = gateway.post("/v1/campaigns", {**BODY, **asked})

    assert answer.status == 201
    assert answer.json == {
        "campaign_id": answer.json["campaign_id"],
        "name": "Flash Sale",
        "state": "scheduled",
        "schedule_at": answered,
        "execution_path": "scheduled",
        "priority": "normal",
        "auto_scheduler": True,
    }
    schedule = gateway.container.family.scheduler().get(answer.json["campaign_id"])
    assert schedule.at >= datetime.fromisoformat(answered)
    assert not gateway.container.family.started().take_all()


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"schedule_at": "tomorrow"}, "/schedule_at"),
        ({"schedule_at": ""}, "/schedule_at"),
        ({"schedule_at": "2026-03-02"}, "/schedule_at"),
        ({"schedule_at": "2026-03-02T25:00:00Z"}, "/schedule_at"),
        ({"schedule_at": "2026-02-30T09:00:00Z"}, "/schedule_at"),
        ({"schedule_at": "2026-03-02T09:00:60Z"}, "/schedule_at"),
        ({"schedule_at": "٢٠٢٦-03-02T09:00:00Z"}, "/schedule_at"),
        ({"schedule_at": "2026-03-03T09:00:00"}, "/schedule_at"),
        ({"schedule_at": "2027-03-03T09:00:01Z"}, "/schedule_at"),
        ({"schedule_at": "9999-12-31T23:59:59-10:00"}, "/schedule_at"),
        ({"schedule_at": 1_772_442_000}, "/schedule_at"),
        ({"schedule_at": "2" * 65}, "/schedule_at"),
        ({"schedule_at": "2026-03-29T02:30:00", "timezone": "Europe/Berlin"}, "/schedule_at"),
        ({"schedule_at": "2026-10-25T02:30:00", "timezone": "Europe/Berlin"}, "/schedule_at"),
        ({"schedule_at": "2026-07-01T09:00:00", "timezone": "Mars/Olympus"}, "/timezone"),
        ({"schedule_at": "2026-07-01T09:00:00", "timezone": "../Berlin"}, "/timezone"),
        ({"schedule_at": "2026-07-01T09:00:00", "timezone": ADDRESS}, "/timezone"),
        ({"schedule_at": "2026-07-01T09:00:00Z", "timezone": "Europe/Berlin"}, "/timezone"),
        ({"timezone": "Europe/Berlin"}, "/timezone"),
        ({"fold": 1}, "/fold"),
        ({"schedule_at": "2026-07-01T09:00:00Z", "fold": 1}, "/fold"),
        (
            {"schedule_at": "2026-10-25T02:30:00", "timezone": "Europe/Berlin", "fold": 2},
            "/fold",
        ),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(
    gateway: Gateway, changed: dict[str, object], pointer: str
) -> None:
    """Unreadable, without offset, in a gap, twice, or beyond the horizon: 422, nothing created."""
    assert gateway.refused("/v1/campaigns", {**BODY, **changed}).refuses(pointer)


@pytest.mark.parametrize(
    ("schedule_at", "said"),
    [("2026-03-29T02:30:00", "does not exist"), ("2026-10-25T02:30:00", "comes twice")],
)
def test_a_time_at_which_clocks_change_says_so(
    gateway: Gateway, schedule_at: str, said: str
) -> None:
    """Who scheduled it learns why it is no time, or which two it could be."""
    body = {**BODY, "schedule_at": schedule_at, "timezone": "Europe/Berlin"}

    (error,) = gateway.refused("/v1/campaigns", body).problem["errors"]

    assert said in error["detail"]


@pytest.mark.parametrize("field", ["template_id", "segment_id"])
def test_unknown_content_is_named(gateway: Gateway, field: str) -> None:
    """422 at the field, nothing created."""
    assert gateway.refused("/v1/campaigns", {**BODY, field: "nobody-made-it"}).refuses(f"/{field}")


@pytest.mark.parametrize("field", ["template_id", "segment_id"])
def test_an_address_in_place_of_an_id_is_not_repeated(gateway: Gateway, field: str) -> None:
    """A mistaken paste does not spread an address into answers, and the logs that keep them."""
    assert gateway.refused("/v1/campaigns", {**BODY, field: ADDRESS}).refuses(f"/{field}")


def test_a_template_that_a_member_cannot_fill_is_refused(gateway: Gateway) -> None:
    """Before anything is sent, not after it failed for everybody."""
    contact = gateway.post("/v1/contacts", {"email": ADDRESS}).json["contact_id"]
    gateway.post("/v1/segments/everyone/members", {"contact_ids": [contact]})

    assert gateway.refused("/v1/campaigns", BODY).refuses("/template_id")


def test_a_refused_start_is_told_and_the_campaign_stands(gateway: Gateway) -> None:
    """The same 202, `triggered` false, and why; it is there for the reconciler to go on with."""
    gateway.container.family.invoker.override(providers.Object(RefusingInvoker()))
    refusing = RefusingStartQueue(gateway.clock)
    gateway.container.family.start_queue.override(providers.Object(refusing))

    answer = gateway.post("/v1/campaigns", BODY)

    assert answer.status == 202
    assert answer.json["triggered"] is False
    assert "start queue" in answer.json["trigger_error"]
    assert "start" not in answer.json
    assert (answer.json["state"], answer.json["execution_path"]) == ("sending", "immediate")
    assert "auto_scheduler" not in answer.json
    assert [each["campaign_id"] for each in campaigns(gateway)] == [answer.json["campaign_id"]]
    assert gateway.container.family.campaigns().get(answer.json["campaign_id"]).next_check_at


def test_a_refused_schedule_is_told_and_the_campaign_stands(gateway: Gateway) -> None:
    """The same 201, `auto_scheduler` false, and why."""
    refusing = UnansweringScheduler(gateway.clock, gateway.container.family.started())
    gateway.container.family.scheduler.override(providers.Object(refusing))

    answer = gateway.post("/v1/campaigns", {**BODY, "schedule_at": ahead(hours=1)})

    assert answer.status == 201
    assert answer.json["auto_scheduler"] is False
    assert "timeout" in answer.json["trigger_error"]
    assert (answer.json["state"], answer.json["execution_path"]) == ("scheduled", "scheduled")
    assert "triggered" not in answer.json
    assert [each["campaign_id"] for each in campaigns(gateway)] == [answer.json["campaign_id"]]
    assert gateway.container.family.campaigns().get(answer.json["campaign_id"]).next_check_at


def test_location_leads_to_the_campaign_with_its_counts(gateway: Gateway) -> None:
    """What was created is read where the answer said."""
    created = gateway.post("/v1/campaigns", {**BODY, "schedule_at": ahead(hours=1)})

    read = gateway.get(created.headers["location"])

    assert read.status == 200
    assert read.json == {
        "campaign_id": created.json["campaign_id"],
        **BODY,
        "exclude_segment_ids": [],
        "state": "scheduled",
        "execution_path": "scheduled",
        "schedule_at": "2026-03-02T10:00:00Z",
        "created_at": "2026-03-02T09:00:00Z",
        "started_at": None,
        "ended_at": None,
        "pause_reason": None,
        "resume_at": None,
        "failure_reason": None,
        "unknown_policy": "hold",
        "category": "marketing",
        "priority": "normal",
        "approval": None,
        "approved_at": None,
        "approved_by": None,
        "approved_template_version": None,
        "series_id": None,
        "occurrence_at": None,
        "local_time": False,
        "local_schedule_at": None,
        "timezone": None,
        "waves": [],
        "counts": dict.fromkeys(
            (
                *("recipients", "pending", "sent", "failed", "unknown", "suppressed", "skipped"),
                *("delivered", "bounced", "complained"),
            ),
            0,
        ),
        "not_sent_reason": None,
        "fan_out": {"recipients": 0, "ranges": 1, "ranges_complete": 0, "share": 0.0},
        "history": [
            {
                "number": 1,
                "event": "campaign.scheduled",
                "state": "scheduled",
                "at": "2026-03-02T09:00:00Z",
                "reason": None,
            }
        ],
    }


def test_times_are_answered_in_utc_with_z(gateway: Gateway) -> None:
    """However they were asked for, and to the millisecond where they have a fraction."""
    gateway.clock.sleep(timedelta(milliseconds=1.5))
    gateway.post("/v1/campaigns", {**BODY, "schedule_at": "2026-03-02T20:00:00.25+09:00"})

    (campaign,) = campaigns(gateway)

    assert campaign["schedule_at"] == "2026-03-02T11:00:00.250Z"
    assert campaign["created_at"] == "2026-03-02T09:00:00.001Z"
    assert datetime.fromisoformat(campaign["schedule_at"]).tzinfo is UTC


def test_campaigns_are_listed_by_state(gateway: Gateway) -> None:
    """Those that wait, those that go out, and none where there are none."""
    sending = gateway.post("/v1/campaigns", BODY).json["campaign_id"]
    waiting = gateway.post("/v1/campaigns", {**BODY, "schedule_at": ahead(hours=1)})
    scheduled = waiting.json["campaign_id"]

    def listed(query: str) -> list[str]:
        items = gateway.get("/v1/campaigns", query).json["items"]
        return [each["campaign_id"] for each in items]

    assert listed("") == [scheduled, sending]
    assert listed("state=sending") == [sending]
    assert listed("state=scheduled") == [scheduled]
    assert listed("state=sent") == []


def test_an_unknown_state_is_refused_with_the_known_ones(gateway: Gateway) -> None:
    """A misspelled filter does not look like an empty list."""
    answer = gateway.get("/v1/campaigns", "state=done")

    assert answer.refuses("/state")
    assert "scheduled" in answer.text


def test_names_are_trimmed_and_bounded(gateway: Gateway) -> None:
    """White space alone is no name; the limit is in the refusal."""
    assert gateway.post("/v1/campaigns", {**BODY, "name": "  Sale "}).json["name"] == "Sale"
    assert gateway.post("/v1/campaigns", {**BODY, "name": "ß" * 200}).status == 202
    assert gateway.refused("/v1/campaigns", {**BODY, "name": " \t"}).refuses("/name")
    assert gateway.refused("/v1/campaigns", {**BODY, "name": ""}).refuses("/name")
    too_long = gateway.refused("/v1/campaigns", {**BODY, "name": "x" * 201})
    assert too_long.refuses("/name")
    assert "200" in too_long.text


def test_segments_to_exclude_are_told_and_checked(gateway: Gateway) -> None:
    """Each must exist, and there are five at the most."""
    created = gateway.post("/v1/campaigns", {**BODY, "exclude_segment_ids": ["everyone"]})

    assert gateway.get(created.headers["location"]).json["exclude_segment_ids"] == ["everyone"]
    for excluded, pointer in (
        (["everyone", "nosuch"], "/exclude_segment_ids/1"),
        (["everyone"] * 6, "/exclude_segment_ids"),
    ):
        body = {**BODY, "exclude_segment_ids": excluded}
        assert gateway.refused("/v1/campaigns", body).refuses(pointer)
