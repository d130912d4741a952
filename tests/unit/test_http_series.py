"""Series over the interface."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.test_http_edits import patch
from tests.unit.test_http_gateway import Gateway
from tests.unit.test_http_idempotency import SERIES

GONE = "/v1/series/ser_01K9ZZZZZZZZZZZZZZZZZZZZZZ"


@pytest.fixture
def gateway() -> Gateway:
    """With content."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


def created(gateway: Gateway, **changed: object) -> dict[str, Any]:
    """A series that comes every Monday, or otherwise."""
    answer = gateway.post("/v1/series", {**SERIES, **changed})
    assert answer.status == 201, answer
    series: dict[str, Any] = answer.json
    return series


def test_a_series_is_created_with_its_first_campaign(gateway: Gateway) -> None:
    """201 with where it is and its revision; the campaign says of what it is."""
    answer = gateway.post("/v1/series", SERIES)

    series = answer.json
    path = f"/v1/series/{series['series_id']}"
    assert (answer.status, answer.headers["location"], answer.headers["etag"]) == (201, path, '"1"')
    assert (series["state"], series["next_at"]) == ("active", "2026-03-16T08:00:00Z")
    (campaign,) = gateway.get("/v1/campaigns").json["items"]
    assert campaign["campaign_id"] == series["latest_campaign_id"]
    assert campaign["name"] == "Weekly 2026-03-09"
    assert campaign["series_id"] == series["series_id"]
    assert campaign["occurrence_at"] == campaign["schedule_at"] == "2026-03-09T08:00:00Z"
    assert gateway.get(path).json == series
    assert gateway.get("/v1/series").json == {"items": [series], "next_cursor": None}


def test_other_campaigns_are_of_no_series(gateway: Gateway) -> None:
    """Null, both."""
    gateway.post(
        "/v1/campaigns", {"name": "One", "template_id": "greeting", "segment_id": "everyone"}
    )
    (campaign,) = gateway.get("/v1/campaigns").json["items"]
    assert (campaign["series_id"], campaign["occurrence_at"]) == (None, None)


def test_its_occurrences(gateway: Gateway) -> None:
    """Those to come by the clocks of its zone, over their change; what is made with its state."""
    series = created(gateway)
    occurrences = gateway.get(f"/v1/series/{series['series_id']}/occurrences", "limit=3").json

    assert [each["local_time"] for each in occurrences["coming"]] == [
        "2026-03-16T09:00:00+01:00",
        "2026-03-23T09:00:00+01:00",
        "2026-03-30T09:00:00+02:00",
    ]
    assert occurrences["settled"] == [
        {
            "occurrence_at": "2026-03-09T08:00:00Z",
            "local_time": "2026-03-09T09:00:00+01:00",
            "campaign_id": series["latest_campaign_id"],
            "campaign_state": "scheduled",
            "schedule_at": "2026-03-09T08:00:00Z",
            "missed": None,
        }
    ]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"cron": "0 9 * *"}, "/cron"),
        ({"cron": "0 9 31 2 *"}, "/cron"),
        ({"cron": "*/14 * * * *"}, "/cron"),
        ({"cron": 9}, "/cron"),
        ({"timezone": "CEST"}, "/timezone"),
        ({"timezone": None}, "/timezone"),
        ({"template_id": "gone"}, "/template_id"),
        ({"segment_id": "gone"}, "/segment_id"),
        ({"exclude_segment_ids": ["gone"]}, "/exclude_segment_ids/0"),
        ({"ends_at": "2026-03-02T09:00:01Z"}, "/ends_at"),
        ({"ends_at": "tomorrow"}, "/ends_at"),
        ({"max_occurrences": 0}, "/max_occurrences"),
        ({"catch_up": "all"}, "/catch_up"),
        ({"schedule_at": None}, "/schedule_at"),
    ],
)
def test_what_is_wrong_is_named(gateway: Gateway, changed: dict[str, object], pointer: str) -> None:
    """422, nothing is created; and an edit to it changes nothing."""
    series = created(gateway)
    before = gateway.stored()

    refused = gateway.post("/v1/series", {**SERIES, **changed})
    unedited = patch(gateway, f"/v1/series/{series['series_id']}", changed)

    for answer in (refused, unedited):
        assert answer.status == 422, answer
        assert [each["pointer"] for each in answer.problem["errors"]] == [pointer]
    assert gateway.stored() == before


def test_an_edit_to_nothing_is_refused(gateway: Gateway) -> None:
    """Which is mostly a mistyped field."""
    series = created(gateway)
    assert patch(gateway, f"/v1/series/{series['series_id']}", {}).status == 422


def test_an_edit_changes_what_is_given(gateway: Gateway) -> None:
    """And leaves all else; null takes an end away. The campaign that waits is another one."""
    series = created(gateway, ends_at="2026-12-31T00:00:00Z", max_occurrences=9)
    path = f"/v1/series/{series['series_id']}"

    edited = patch(
        gateway, path, {"name": "{date} News", "ends_at": None, "exclude_segment_ids": ["everyone"]}
    )

    assert edited.status == 200
    assert edited.headers["etag"] == '"2"'
    assert edited.json == {
        **series,
        "name": "{date} News",
        "ends_at": None,
        "exclude_segment_ids": ["everyone"],
        "latest_campaign_id": edited.json["latest_campaign_id"],
    }
    names = {each["name"]: each["state"] for each in gateway.get("/v1/campaigns").json["items"]}
    assert names == {"Weekly 2026-03-09": "cancelled", "2026-03-09 News": "scheduled"}


def test_nobody_edits_what_they_have_not_seen(gateway: Gateway) -> None:
    """412 with the present revision."""
    series = created(gateway)
    path = f"/v1/series/{series['series_id']}"
    patch(gateway, path, {"name": "First"}, if_match='"1"')

    late = patch(gateway, path, {"name": "Second"}, if_match='"1"')

    assert (late.status, late.headers["etag"]) == (412, '"2"')
    assert gateway.get(path).json["name"] == "First"


def test_pause_resume_and_end(gateway: Gateway) -> None:
    """Each leads to its state, and what its state does not allow is a conflict."""
    series = created(gateway)
    path = f"/v1/series/{series['series_id']}"

    assert gateway.call("POST", f"{path}/resume").status == 409
    paused = gateway.call("POST", f"{path}/pause").json
    assert (paused["state"], paused["next_at"]) == ("paused", None)
    assert gateway.call("POST", f"{path}/resume").json["state"] == "active"
    ended = gateway.call("POST", f"{path}/end").json
    assert (ended["state"], ended["made_count"]) == ("ended", 0)
    assert gateway.get(f"{path}/occurrences").json == {"coming": [], "settled": []}
    assert patch(gateway, path, {"name": "Later"}).status == 409
    states = [each["state"] for each in gateway.get("/v1/campaigns").json["items"]]
    assert states == ["cancelled", "cancelled"]


def test_a_series_that_is_not_there(gateway: Gateway) -> None:
    """404, whatever is asked of it."""
    answers = [
        gateway.get(GONE),
        gateway.get(f"{GONE}/occurrences"),
        patch(gateway, GONE, {"name": "X"}),
        *(gateway.call("POST", f"{GONE}/{change}") for change in ("pause", "resume", "end")),
    ]
    assert [answer.status for answer in answers] == [404] * 6


def test_a_problem_is_told(gateway: Gateway) -> None:
    """Whoever reads the series sees why its next campaign is not there."""
    series = created(gateway, cron="0 9 * * *")
    gateway.container.family.database().templates.clear()
    gateway.clock.sleep(timedelta(days=1))
    gateway.container.reconcile()()

    told = gateway.get(f"/v1/series/{series['series_id']}").json

    assert "create it first" in told["problem"]
    assert told["missed_count"] == 0
