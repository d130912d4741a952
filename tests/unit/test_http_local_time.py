"""Asking for a time of day where each recipient lives, moving it, and seeing what comes when."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.identifiers import CampaignId
from tests.unit.test_http_campaigns import BODY
from tests.unit.test_http_gateway import JSON_TYPE, Answer, Gateway

LOCAL = {"schedule_at": "2026-03-04T09:00", "timezone": "Europe/Berlin", "local_time": True}


@pytest.fixture
def gateway() -> Gateway:
    """With content."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


@pytest.fixture
def path(gateway: Gateway) -> str:
    """Of a campaign two days ahead."""
    return gateway.post("/v1/campaigns", {**BODY, **LOCAL}).headers["location"]


def move(gateway: Gateway, path: str, **changes: object) -> Answer:
    """PATCH it."""
    return gateway.call("PATCH", path, json.dumps(changes), content_type=JSON_TYPE)


def time_of(body: dict[str, Any]) -> tuple[object, ...]:
    """What it says of its time."""
    names = ("schedule_at", "local_time", "local_schedule_at", "timezone")
    return tuple(body[name] for name in names)


def test_it_is_scheduled_for_the_first_zone_and_says_what_was_asked(gateway: Gateway) -> None:
    """201, with nothing to warn of."""
    created = gateway.post("/v1/campaigns", {**BODY, **LOCAL})
    assert created.status == 201
    assert created.json["schedule_at"] == "2026-03-03T19:00:00Z"
    assert "warning" not in created.json
    read = gateway.get(created.headers["location"]).json
    assert time_of(read) == (
        "2026-03-03T19:00:00Z",
        True,
        "2026-03-04T09:00:00",
        "Europe/Berlin",
    )
    assert read["waves"] == []


def test_less_than_a_day_ahead_it_warns(gateway: Gateway) -> None:
    """It starts at once, and whoever is past it has it now."""
    put = gateway.post("/v1/contacts", {"email": "ada@example.com", "fields": {"name": "Ada"}})
    ids = [put.json["contact_id"]]
    gateway.post("/v1/segments/everyone/members", {"contact_ids": ids})
    created = gateway.post("/v1/campaigns", {**BODY, **LOCAL, "schedule_at": "2026-03-02T20:00"})
    assert created.status == 202
    assert created.json["schedule_at"] == "2026-03-02T09:00:00Z"
    assert "at once" in created.json["warning"]
    campaign_id = CampaignId(created.json["campaign_id"])
    (request,) = gateway.container.family.started().take_all()
    gateway.container.start_campaign()(request)
    assert request.campaign_id == campaign_id
    waves = gateway.get(created.headers["location"]).json["waves"]
    assert waves == [{"at": "2026-03-02T19:00:00Z", "recipients": 1}]


NO_LOCAL_TIME = (
    ({"schedule_at": "2026-03-04T09:00+01:00"}, "/schedule_at"),
    ({"schedule_at": "2026-03-02T10:00"}, "/schedule_at"),
    ({"timezone": "Mars/Olympus"}, "/timezone"),
    ({"fold": 1}, "/fold"),
    ({"local_time": "yes"}, "/local_time"),
)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [*NO_LOCAL_TIME, ({"schedule_at": None}, "/schedule_at"), ({"timezone": None}, "/timezone")],
)
def test_what_cannot_be_is_not_created(
    gateway: Gateway, change: dict[str, object], pointer: str
) -> None:
    """By the field to mend."""
    assert gateway.refused("/v1/campaigns", {**BODY, **LOCAL, **change}).refuses(pointer)


@pytest.mark.parametrize(("change", "pointer"), NO_LOCAL_TIME)
def test_what_cannot_be_is_not_moved_to(
    gateway: Gateway, path: str, change: dict[str, object], pointer: str
) -> None:
    """Likewise, and it keeps the time that it had."""
    before = time_of(gateway.get(path).json)
    assert move(gateway, path, **{**LOCAL, **change}).refuses(pointer)
    assert time_of(gateway.get(path).json) == before


def test_moved_it_stays_where_they_live(gateway: Gateway, path: str) -> None:
    """With the zone it had."""
    moved = move(gateway, path, schedule_at="2026-03-05T18:30")
    assert moved.status == 200
    assert time_of(moved.json) == (
        "2026-03-05T04:30:00Z",
        True,
        "2026-03-05T18:30:00",
        "Europe/Berlin",
    )
    assert moved.json["warning"] is None
    sooner = move(gateway, path, schedule_at="2026-03-03T06:00", timezone="Asia/Tokyo")
    assert time_of(sooner.json)[2:] == ("2026-03-03T06:00:00", "Asia/Tokyo")


def test_moved_to_one_moment_or_to_now(gateway: Gateway, path: str) -> None:
    """It is no longer in local time."""
    moved = move(gateway, path, schedule_at="2026-03-05T18:30Z", local_time=False)
    assert time_of(moved.json) == ("2026-03-05T18:30:00Z", False, None, None)
    back = move(gateway, path, **LOCAL)
    assert time_of(back.json)[1] is True
    now = move(gateway, path, schedule_at=None)
    assert now.status == 202
    assert time_of(now.json) == ("2026-03-02T09:00:00Z", False, None, None)


def test_renamed_it_keeps_its_time(gateway: Gateway, path: str) -> None:
    """A name is no time."""
    before = time_of(gateway.get(path).json)
    assert time_of(move(gateway, path, name="Spring").json) == before


def test_moved_close_it_warns(gateway: Gateway, path: str) -> None:
    """As on creation."""
    gateway.clock.sleep(timedelta(hours=1))
    moved = move(gateway, path, schedule_at="2026-03-02T20:00")
    assert moved.status == 202
    assert "at once" in moved.json["warning"]


def test_its_clone_is_for_the_same_time_while_that_is_to_come(gateway: Gateway, path: str) -> None:
    """In some zones it has passed, in its own it has not: that is no reason to mail all at once."""
    gateway.clock.sleep(timedelta(hours=40))
    cloned = gateway.post(f"{path}/clone", {})
    assert time_of(gateway.get(cloned.headers["location"]).json)[1:] == (
        True,
        "2026-03-04T09:00:00",
        "Europe/Berlin",
    )


def test_its_clone_for_everybody_at_once_is_for_that_time_in_its_zone(
    gateway: Gateway, path: str
) -> None:
    """And does not go out now."""
    cloned = gateway.post(f"{path}/clone", {"local_time": False})
    assert time_of(gateway.get(cloned.headers["location"]).json) == (
        "2026-03-04T08:00:00Z",
        False,
        None,
        None,
    )
