"""Editing campaigns over HTTP, and the revisions that keep people from undoing each other."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from dependency_injector import providers

from tests.unit.faults import RefusingStartQueue
from tests.unit.sentinel import NOW
from tests.unit.test_http_campaigns import (
    BODY,
    RefusingInvoker,
    UnansweringScheduler,
    ahead,
)
from tests.unit.test_http_gateway import ADDRESS, JSON_TYPE, Answer, Gateway

CHANGES = ("pause", "resume", "cancel")


@pytest.fixture
def gateway() -> Gateway:
    """With content."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


@pytest.fixture
def path(gateway: Gateway) -> str:
    """Of a campaign that goes out in an hour."""
    created = gateway.post("/v1/campaigns", {**BODY, "schedule_at": ahead(hours=1)})
    return created.headers["location"]


def patch(gateway: Gateway, path: str, body: object, **headers: str) -> Answer:
    """PATCH a document; `if_match` is If-Match."""
    return gateway.call(
        "PATCH",
        path,
        json.dumps(body),
        content_type=JSON_TYPE,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def read(gateway: Gateway, path: str) -> dict[str, Any]:
    """The campaign as it is in lists: without what only a look at it alone tells."""
    body: dict[str, Any] = gateway.get(path).json
    alone = {"counts", "not_sent_reason", "fan_out", "history", "waves"}
    return {name: value for name, value in body.items() if name not in alone}


def test_made_urgent(gateway: Gateway, path: str) -> None:
    """And normal again; nothing else is touched, and what is no priority is refused."""
    before = read(gateway, path)

    assert patch(gateway, path, {"priority": "urgent"}).json["priority"] == "urgent"
    assert read(gateway, path) == {**before, "priority": "urgent"}
    assert patch(gateway, path, {"name": "Spring Sale"}).json["priority"] == "urgent"
    assert patch(gateway, path, {"priority": "soon"}).refuses("/priority")
    assert patch(gateway, path, {"priority": "normal", "name": before["name"]}).status == 200
    assert read(gateway, path) == before


def test_renamed(gateway: Gateway, path: str) -> None:
    """200 with the campaign, trimmed like a new one's name; nothing else is touched."""
    before = read(gateway, path)

    answer = patch(gateway, path, {"name": " Spring Sale "})

    assert answer.status == 200
    assert answer.json == {
        **before,
        "name": "Spring Sale",
        "triggered": None,
        "start": None,
        "auto_scheduler": None,
        "trigger_error": None,
        "warning": None,
    }
    assert read(gateway, path) == {**before, "name": "Spring Sale"}
    assert patch(gateway, path, {"name": "Again"}).json["schedule_at"] == before["schedule_at"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"schedule_at": ahead(seconds=61)}, "2026-03-02T09:01:01Z"),
        ({"schedule_at": ahead(days=366)}, "2027-03-03T09:00:00Z"),
        (
            {"schedule_at": "2026-10-25T02:30:00", "timezone": "Europe/Berlin", "fold": 1},
            "2026-10-25T01:30:00Z",
        ),
    ],
)
def test_moved_to_a_later_time(
    gateway: Gateway, path: str, asked: dict[str, object], answered: str
) -> None:
    """200: it waits, and its schedule is at the new time."""
    answer = patch(gateway, path, asked)

    assert answer.status == 200
    assert answer.json["schedule_at"] == answered
    assert (answer.json["state"], answer.json["execution_path"]) == ("scheduled", "scheduled")
    assert (answer.json["auto_scheduler"], answer.json["triggered"]) == (True, None)
    schedule = gateway.container.family.scheduler().get(answer.json["campaign_id"])
    assert schedule.at.isoformat().replace("+00:00", "Z") == answered
    assert read(gateway, path)["schedule_at"] == answered


@pytest.mark.parametrize(
    ("schedule_at", "answered"),
    [
        (None, "2026-03-02T09:00:00Z"),
        (ahead(seconds=60), "2026-03-02T09:01:00Z"),
        ("2025-11-18T15:31:00Z", "2025-11-18T15:31:00Z"),
    ],
)
def test_moved_to_now(gateway: Gateway, path: str, schedule_at: str | None, answered: str) -> None:
    """202: null, past and within a minute, it goes out at once and has no schedule any more."""
    answer = patch(gateway, path, {"schedule_at": schedule_at, "name": "Now"})

    assert answer.status == 202
    assert (answer.json["state"], answer.json["execution_path"]) == ("sending", "immediate")
    assert (answer.json["name"], answer.json["schedule_at"]) == ("Now", answered)
    assert (answer.json["triggered"], answer.json["auto_scheduler"]) == (True, None)
    family = gateway.container.family
    campaign_id = answer.json["campaign_id"]
    assert [each.campaign_id for each in family.started().take_all()] == [campaign_id]
    assert family.scheduler().get(campaign_id) is None


@pytest.mark.parametrize("time", ["timezone", "fold", "local_time"])
def test_a_null_beside_another_change_moves_nothing(gateway: Gateway, path: str, time: str) -> None:
    """Only as its time it is now: a client that sends all that it knows mails nobody by that."""
    before = read(gateway, path)

    answer = patch(gateway, path, {"name": "New", time: None})

    assert answer.status == 200
    assert read(gateway, path) == {**before, "name": "New"}
    assert gateway.container.family.started().take_all() == []


def test_moved_while_it_is_paused(gateway: Gateway, path: str) -> None:
    """200: it has the time and stays paused; nothing was to be arranged."""
    gateway.call("POST", f"{path}/pause")

    answer = patch(gateway, path, {"schedule_at": None})

    assert (answer.status, answer.json["state"]) == (200, "paused")
    assert (answer.json["triggered"], answer.json["auto_scheduler"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ([], ""),
        ({"name": None}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": 5}, "/name"),
        ({"schedule_at": "tomorrow"}, "/schedule_at"),
        ({"schedule_at": 1_772_442_000}, "/schedule_at"),
        ({"schedule_at": "2026-03-03T09:00:00"}, "/schedule_at"),
        ({"schedule_at": "2027-03-03T09:00:01Z"}, "/schedule_at"),
        ({"schedule_at": "2026-03-29T02:30:00", "timezone": "Europe/Berlin"}, "/schedule_at"),
        ({"schedule_at": "2026-07-01T09:00:00", "timezone": ADDRESS}, "/timezone"),
        ({"timezone": "Europe/Berlin"}, "/timezone"),
        ({"name": "New", "fold": 1}, "/fold"),
        ({"timezone": None, "fold": None, "local_time": None}, ""),
        ({"local_time": False}, "/local_time"),
        ({"name": "New", "local_time": False}, "/local_time"),
        ({"schedule_at": None, "timezone": "Europe/Berlin"}, "/timezone"),
        ({"name": "New", "state": "sent"}, "/state"),
        ({"template_id": "greeting"}, "/template_id"),
    ],
)
def test_what_does_not_fit_is_refused(
    gateway: Gateway, path: str, body: object, pointer: str
) -> None:
    """422 at the field, or at the document that asks for nothing; nothing is changed."""
    before = gateway.stored()

    assert patch(gateway, path, body).refuses(pointer)

    assert gateway.stored() == before


def test_a_document_is_asked_for(gateway: Gateway, path: str) -> None:
    """Without one, or with what is none, it says what is wrong."""
    assert gateway.call("PATCH", path, "{", content_type=JSON_TYPE).status == 400
    assert gateway.call("PATCH", path, "{}", content_type="text/plain").status == 415
    assert gateway.call("PATCH", path).status == 422


def test_what_is_under_way_is_not_moved(gateway: Gateway) -> None:
    """409 with the state, and the name stays too; a name alone is changed all the same."""
    path = gateway.post("/v1/campaigns", BODY)
    location = path.headers["location"]
    before = gateway.stored()

    answer = patch(gateway, location, {"name": "New", "schedule_at": ahead(hours=1)})

    assert (answer.status, answer.problem["state"]) == (409, "sending")
    assert gateway.stored() == before
    assert patch(gateway, location, {"name": "New"}).json["name"] == "New"


def test_there_is_no_such_campaign(gateway: Gateway) -> None:
    """404."""
    answer = patch(gateway, "/v1/campaigns/cmp_gone", {"name": "New"})

    assert (answer.status, answer.problem["title"]) == (404, "No such campaign")


def test_a_trigger_that_fails_is_told(gateway: Gateway, path: str) -> None:
    """The same 200 and 202, false, and why; it has its new time."""
    family = gateway.container.family
    unanswering = UnansweringScheduler(gateway.clock, family.started())
    with family.scheduler.override(providers.Object(unanswering)):
        later = patch(gateway, path, {"schedule_at": ahead(hours=2)})
    neither = RefusingStartQueue(gateway.clock)
    with (
        family.start_queue.override(providers.Object(neither)),
        family.invoker.override(providers.Object(RefusingInvoker())),
    ):
        now = patch(gateway, path, {"schedule_at": None})

    assert (later.status, later.json["auto_scheduler"]) == (200, False)
    assert "timeout" in later.json["trigger_error"]
    assert later.json["schedule_at"] == "2026-03-02T11:00:00Z"
    assert (now.status, now.json["triggered"]) == (202, False)
    assert "start queue" in now.json["trigger_error"]
    assert (now.json["state"], now.json["auto_scheduler"]) == ("sending", None)


def test_each_answer_has_the_revision(gateway: Gateway) -> None:
    """As ETag: the same until people change the campaign, then another one."""
    created = gateway.post("/v1/campaigns", {**BODY, "schedule_at": ahead(hours=1)})
    path = created.headers["location"]

    def tag() -> str:
        return gateway.get(path).headers["etag"]

    tags = [created.headers["etag"]]
    assert tag() == tags[-1]
    changes: tuple[Callable[[], Answer], ...] = (
        lambda: patch(gateway, path, {"name": "New"}),
        lambda: gateway.call("POST", f"{path}/pause"),
        lambda: patch(gateway, path, {"schedule_at": ahead(hours=2)}),
        lambda: gateway.call("POST", f"{path}/resume"),
        lambda: gateway.call("POST", f"{path}/cancel"),
    )
    for change in changes:
        tags.append(change().headers["etag"])
        assert tag() == tags[-1]
    assert tags == ['"1"', '"2"', '"3"', '"4"', '"5"', '"6"']


@pytest.mark.parametrize("if_match", ['"2"', '"1", "2"', '"2","7"', "*", ' W/"1" , "2"'])
def test_the_revision_that_was_read_is_changed(gateway: Gateway, path: str, if_match: str) -> None:
    """However many the client would accept."""
    patch(gateway, path, {"name": "New"})

    answer = patch(gateway, path, {"name": "Newer"}, if_match=if_match)

    assert (answer.status, answer.json["name"]) == (200, "Newer")


@pytest.mark.parametrize("if_match", ['"1"', 'W/"2"', "2", '""', '"02"', "", '"2', '"x"', '"9e9"'])
def test_another_revision_than_was_read_stays_as_it_is(
    gateway: Gateway, path: str, if_match: str
) -> None:
    """412 with the present one; what is no strong tag matches none, so that nothing is undone."""
    patch(gateway, path, {"name": "Theirs"})
    before = gateway.stored()

    answers = [
        patch(gateway, path, {"name": "Mine", "schedule_at": None}, if_match=if_match),
        *(
            gateway.call("POST", f"{path}/{change}", headers={"if-match": if_match})
            for change in CHANGES
        ),
    ]

    for answer in answers:
        assert (answer.status, answer.problem["revision"]) == (412, 2)
        assert answer.headers["etag"] == '"2"'
        assert '"2"' in answer.problem["detail"]
    assert gateway.stored() == before


def test_after_a_refusal_the_named_revision_does_it(gateway: Gateway, path: str) -> None:
    """With If-Match pause, resume and cancel go on as without."""
    for change in CHANGES:
        refused = gateway.call("POST", f"{path}/{change}", headers={"if-match": '"99"'})
        tag = refused.headers["etag"]
        done = gateway.call("POST", f"{path}/{change}", headers={"if-match": tag})
        assert done.status in {200, 202}

    assert read(gateway, path)["state"] == "cancelled"


def test_a_stale_revision_does_not_use_up_an_idempotency_key(gateway: Gateway, path: str) -> None:
    """The same request is sent again with the revision that was read since, and done; once."""
    patch(gateway, path, {"name": "New"})

    def pause(if_match: str) -> Answer:
        headers = {"idempotency-key": "k1", "if-match": if_match}
        return gateway.call("POST", f"{path}/pause", headers=headers)

    assert pause('"1"').status == 412
    first, again = pause('"2"'), pause('"2"')

    assert (first.status, first.headers["etag"]) == (200, '"3"')
    assert (again.text, again.headers["etag"]) == (first.text, '"3"')


def test_the_interface_tells_of_revisions(gateway: Gateway) -> None:
    """Where an ETag comes from, and where it is taken."""
    paths = gateway.get("/openapi.json").json["paths"]
    campaign = paths["/v1/campaigns/{campaign_id}"]
    changes = [
        campaign["patch"],
        *(paths[f"/v1/campaigns/{{campaign_id}}/{change}"]["post"] for change in CHANGES),
    ]

    for operation in changes:
        assert "if-match" in {each["name"].lower() for each in operation["parameters"]}
        assert "ETag" in operation["responses"]["412"]["headers"]
    for operation in (campaign["get"], paths["/v1/campaigns"]["post"], *changes):
        for status, response in operation["responses"].items():
            assert ("ETag" in response.get("headers", {})) == (status[0] == "2" or status == "412")


def test_lateness_counts_from_the_move(gateway: Gateway, path: str) -> None:
    """A draft of months ago that is moved to a time of last year goes out now."""
    patch(gateway, path, {"schedule_at": ahead(days=90)})
    gateway.clock.sleep(timedelta(days=60))
    moved = patch(gateway, path, {"schedule_at": (NOW - timedelta(days=300)).isoformat()})
    family = gateway.container.family

    for request in family.started().take_all():
        gateway.container.start_campaign()(request)

    assert moved.status == 202
    assert read(gateway, path)["state"] == "sent"
