"""Exports of contacts over HTTP."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from adapters.memory.object_store import MemoryObjectStore
from adapters.system.ids import SystemIds
from domain.identifiers import JobId
from domain.job import KEPT
from tests.unit.faults import RefusingJobInvoker
from tests.unit.test_http_gateway import ADDRESS, JSON_TYPE, Answer, Gateway


@pytest.fixture
def gateway() -> Gateway:
    """With one contact, and files under its clock."""
    gateway = Gateway()
    files = MemoryObjectStore(gateway.clock, SystemIds(), "http://127.0.0.1:1/files")
    gateway.container.family.object_store.override(providers.Object(files))
    gateway.add_content()
    gateway.post("/v1/contacts", {"email": ADDRESS, "fields": {"plan": "gold"}})
    return gateway


def asked(gateway: Gateway, **body: object) -> str:
    """The path of a new export."""
    answer = gateway.post("/v1/exports", body)
    assert answer.status == 202, answer
    return answer.headers["location"]


def work(gateway: Gateway, path: str) -> None:
    """What is done in the background."""
    container = gateway.container
    job = container.family.jobs().get(JobId(path.rpartition("/")[2]))
    container.run_export()(job)


def cancelled(gateway: Gateway, path: str) -> Answer:
    """POST without a body."""
    return gateway.call("POST", f"{path}/cancel", content_type=JSON_TYPE)


def test_an_export_is_accepted(gateway: Gateway) -> None:
    """202 with all that is known of it, and where to look for it."""
    answer = gateway.post("/v1/exports", {})

    assert answer.status == 202
    export_id = answer.json["export_id"]
    assert answer.headers["location"] == f"/v1/exports/{export_id}"
    assert export_id.startswith("exp_")
    assert answer.json == {
        "export_id": export_id,
        "state": "running",
        "segment_id": None,
        "fields": None,
        "spreadsheet_safe": True,
        "rows": 0,
        "created_at": "2026-03-02T09:00:00Z",
        "ended_at": None,
        "failure": None,
    }
    assert gateway.get(f"/v1/exports/{export_id}").json == {
        **answer.json,
        "download": None,
        "detail": None,
    }


def test_a_finished_export_has_its_file(gateway: Gateway) -> None:
    """By a URL that is good for an hour, and that nothing on the way keeps."""
    path = asked(gateway)
    work(gateway, path)
    gateway.clock.sleep(timedelta(minutes=5))

    answer = gateway.get(path)

    told = answer.json
    assert (told["state"], told["rows"], told["fields"]) == ("finished", 1, ["plan"])
    assert told["ended_at"] == "2026-03-02T09:00:00Z"
    assert told["download"]["expires_at"] == "2026-03-02T10:05:00Z"
    assert answer.headers["cache-control"] == "no-store"
    store = gateway.container.family.object_store()
    allowed = store.allowed(told["download"]["url"].rpartition("/")[2])
    assert ADDRESS in store.read(allowed.name, 0, 1_000).decode()
    assert "download" not in gateway.get("/v1/exports").json["items"][0]


def test_a_file_that_is_gone_is_told(gateway: Gateway) -> None:
    """With what to do."""
    path = asked(gateway)
    work(gateway, path)
    gateway.clock.sleep(KEPT)

    told = gateway.get(path).json

    assert (told["state"], told["download"]) == ("finished", None)
    assert told["detail"] == "The file was kept for 7 days and is gone; create another export."


def test_an_export_is_what_was_asked_for(gateway: Gateway) -> None:
    """A segment, columns, and text as it is."""
    path = asked(gateway, segment_id="everyone", fields=["plan", "city"], spreadsheet_safe=False)

    told = gateway.get(path).json

    assert (told["segment_id"], told["fields"]) == ("everyone", ["plan", "city"])
    assert told["spreadsheet_safe"] is False


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"segment_id": "nobody"}, "/segment_id"),
        ({"fields": ["a", "not a name"]}, "/fields/1"),
        ({"fields": [f"f{number}" for number in range(51)]}, "/fields"),
        ({"fields": "plan"}, "/fields"),
        ({"spreadsheet_safe": "no"}, "/spreadsheet_safe"),
        ({"segment": "everyone"}, "/segment"),
    ],
)
def test_what_cannot_be_exported_is_refused(gateway: Gateway, body: object, pointer: str) -> None:
    """By its place, and nothing is created."""
    assert gateway.refused("/v1/exports", body).refuses(pointer)


def test_exports_are_listed(gateway: Gateway) -> None:
    """Newest first, page by page."""
    paths = []
    for _ in range(3):
        paths.append(asked(gateway))
        gateway.clock.sleep(timedelta(seconds=1))
    first = gateway.get("/v1/exports", "limit=2").json
    second = gateway.get("/v1/exports", f"limit=2&cursor={first['next_cursor']}").json

    ids = [each["export_id"] for each in (*first["items"], *second["items"])]
    assert sorted(ids) == sorted(path.rpartition("/")[2] for path in paths)
    assert second["next_cursor"] is None
    assert gateway.get("/v1/exports", "cursor=made-up").refuses("/cursor")


def test_an_export_is_cancelled_once(gateway: Gateway) -> None:
    """Then nothing is left to cancel, nor to do."""
    path = asked(gateway)

    answer = cancelled(gateway, path)
    work(gateway, path)

    assert (answer.status, answer.json["state"]) == (200, "cancelled")
    again = cancelled(gateway, path)
    assert (again.status, again.problem["state"]) == (409, "cancelled")
    told = gateway.get(path).json
    assert (told["state"], told["download"], told["detail"]) == ("cancelled", None, None)


def test_an_export_that_failed_says_why(gateway: Gateway) -> None:
    """And what to do."""
    path = asked(gateway, segment_id="everyone")
    del gateway.container.family.database().segments["everyone"]
    work(gateway, path)

    told = gateway.get(path).json

    assert (told["state"], told["download"]) == ("failed", None)
    assert told["failure"] == "Its segment is gone; export another one."


def test_an_export_stands_where_nobody_can_be_invoked(gateway: Gateway) -> None:
    """The reconciler goes on with it."""
    gateway.container.family.job_invoker.override(providers.Object(RefusingJobInvoker()))

    assert gateway.get(asked(gateway)).json["state"] == "running"


def test_what_is_not_there_is_404(gateway: Gateway) -> None:
    """Also by the id of something else."""
    for export_id in ("exp_none", "con_x"):
        assert gateway.get(f"/v1/exports/{export_id}").status == 404
        assert cancelled(gateway, f"/v1/exports/{export_id}").status == 404
