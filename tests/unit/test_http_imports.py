"""Imports of contacts over HTTP, up to the work."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dependency_injector import providers

from adapters.memory.object_store import MemoryObjectStore
from adapters.system.ids import SystemIds
from domain.contact_import import (
    ContactImport,
    CsvLayout,
    CsvPosition,
    ImportCounts,
    RefusedRow,
)
from domain.idempotency import IdempotencyRecord
from domain.identifiers import JobId
from domain.job import KEPT, JobEvent, JobState
from domain.job_run import JobRun
from domain.ports.jobs import JobRepository
from domain.refused_rows import refused_content
from domain.use_cases import list_refused
from domain.use_cases.read_import import stored_import
from domain.use_cases.start_import import MAX_IMPORT_BYTES
from tests.unit.faults import RefusingJobInvoker
from tests.unit.test_http_gateway import ADDRESS, JSON_TYPE, Answer, Gateway

FILE = f"email,plan\r\n{ADDRESS},gold\r\n".encode()


class HugeFiles(MemoryObjectStore):
    """Every file has a byte too many."""

    def size(self, name: str) -> int | None:
        """Of what S3 would take."""
        return None if super().size(name) is None else MAX_IMPORT_BYTES + 1


@pytest.fixture
def gateway() -> Gateway:
    """With a static segment, and files under its clock."""
    gateway = Gateway()
    keep_files(gateway, MemoryObjectStore)
    gateway.add_content()
    return gateway


def keep_files(gateway: Gateway, kind: type[MemoryObjectStore]) -> None:
    """From now on there."""
    files = kind(gateway.clock, SystemIds(), "http://127.0.0.1:1/files")
    gateway.container.family.object_store.override(providers.Object(files))


def created(gateway: Gateway, **body: object) -> str:
    """The path of a new import."""
    answer = gateway.post("/v1/imports", body)
    assert answer.status == 201, answer
    return answer.headers["location"]


def upload(gateway: Gateway, path: str, content: bytes = FILE) -> None:
    """As whoever has the URL does."""
    store = gateway.container.family.object_store()
    allowed = store.allowed(gateway.get(path).json["upload"]["url"].rpartition("/")[2])
    assert allowed.method == "PUT"
    store.write(allowed.name, content)


def started(gateway: Gateway, path: str, **body: object) -> Answer:
    """Or refused."""
    return gateway.post(f"{path}/start", body)


def cancelled(gateway: Gateway, path: str) -> Answer:
    """POST without a body."""
    return gateway.call("POST", f"{path}/cancel", content_type=JSON_TYPE)


def stored(gateway: Gateway, path: str) -> ContactImport:
    """As it is kept."""
    return stored_import(gateway.container.family.jobs(), JobId(path.rpartition("/")[2]))


def move(gateway: Gateway, path: str, **changes: Any) -> ContactImport:  # noqa: ANN401  as replace
    """As whoever works on it does."""
    jobs: JobRepository = gateway.container.family.jobs()
    return jobs.save(replace(stored(gateway, path), **changes))


def end(gateway: Gateway, path: str, event: JobEvent, failure: str | None = None) -> None:
    """As whoever works on it does."""
    done = stored(gateway, path).end(event, gateway.clock.now(), failure)
    gateway.container.family.jobs().save(done)


def refuse(gateway: Gateway, path: str, *batches: Sequence[RefusedRow]) -> None:
    """As whoever works on it does."""
    moved = move(gateway, path, refused_batches=len(batches))
    for number, rows in enumerate(batches):
        gateway.container.family.object_store().write(
            moved.refused_name(number), refused_content(rows)
        )


def row(line: int) -> RefusedRow:
    """A refused one."""
    return RefusedRow(line, "email: Not an e-mail address.", ("nobody", "gold"))


def test_an_import_awaits_its_file(gateway: Gateway) -> None:
    """201 with all that is known of it, and where to put the file, for an hour."""
    answer = gateway.post("/v1/imports", {})

    assert answer.status == 201
    import_id = answer.json["import_id"]
    assert import_id.startswith("imp_")
    assert answer.headers["location"] == f"/v1/imports/{import_id}"
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json
    assert told.pop("upload").keys() == {"method", "url", "expires_at"}
    assert told == {
        "import_id": import_id,
        "state": "awaiting_upload",
        "dry_run": False,
        "columns": {},
        "segment_id": None,
        "consent": None,
        "delimiter": None,
        "encoding": None,
        "progress": {"bytes": 0, "bytes_total": None, "fraction": None},
        "counts": {
            "rows": 0,
            "created": 0,
            "updated": 0,
            "unchanged": 0,
            "repeated": 0,
            "refused": 0,
        },
        "layout": None,
        "created_at": "2026-03-02T09:00:00Z",
        "started_at": None,
        "ended_at": None,
        "failure": None,
    }


def test_a_read_gives_a_fresh_url(gateway: Gateway) -> None:
    """Until it is started; nothing on the way keeps it, and no list has one."""
    path = created(gateway)
    gateway.clock.sleep(timedelta(minutes=5))

    answer = gateway.get(path)

    assert answer.json["upload"]["method"] == "PUT"
    assert answer.json["upload"]["expires_at"] == "2026-03-02T10:05:00Z"
    assert answer.headers["cache-control"] == "no-store"
    assert "upload" not in gateway.get("/v1/imports").json["items"][0]
    upload(gateway, path)
    started(gateway, path)
    assert gateway.get(path).json["upload"] is None


def test_an_import_is_what_was_asked_for(gateway: Gateway) -> None:
    """Columns, segment, consent and how the file is written."""
    asked = {
        "columns": {"E-Mail": "email", "Kunde seit/ab": "since", "": "plan"},
        "segment_id": "everyone",
        "consent": {"source": "fair", "at": "2026-01-02T03:04:05Z"},
        "delimiter": "\t",
        "encoding": "windows-1252",
    }

    told = gateway.get(created(gateway, **asked)).json

    assert {name: told[name] for name in asked} == asked


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"segment_id": "nobody"}, "/segment_id"),
        ({"segment_id": "fitting"}, "/segment_id"),
        ({"columns": {"a/b": "not a name", "c": "email"}}, "/columns/a~1b"),
        ({"columns": {"a": "email", "b": "email"}}, "/columns/b"),
        ({"columns": {"a": "plan"}}, "/columns"),
        ({"columns": {str(number): f"f{number}" for number in range(201)}}, "/columns"),
        ({"columns": {"a" * 20_001: "email"}}, "/columns"),
        ({"columns": {"\ud800": "email"}}, "/columns"),
        ({"columns": ["email"]}, "/columns"),
        ({"delimiter": ":"}, "/delimiter"),
        ({"delimiter": ""}, "/delimiter"),
        ({"encoding": "utf-7"}, "/encoding"),
        ({"consent": {"source": " ", "at": "2026-01-02T03:04:05Z"}}, "/consent/source"),
        ({"segment": "everyone"}, "/segment"),
    ],
)
def test_what_cannot_be_imported_is_refused(gateway: Gateway, body: object, pointer: str) -> None:
    """By its place, and nothing is created."""
    rule = {"field": "plan", "op": "equals", "value": "gold"}
    gateway.post("/v1/segments", {"segment_id": "fitting", "name": "Fitting", "rule": rule})

    assert gateway.refused("/v1/imports", body).refuses(pointer)


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_import_is_started(gateway: Gateway, dry_run: bool) -> None:
    """Saved as running, and somebody invoked for it."""
    path = created(gateway)
    upload(gateway, path)
    gateway.clock.sleep(timedelta(minutes=1))

    answer = started(gateway, path, dry_run=dry_run)

    assert answer.status == 202
    assert answer.headers["location"] == path
    told = answer.json
    assert (told["state"], told["dry_run"]) == ("running", dry_run)
    assert told["started_at"] == "2026-03-02T09:01:00Z"
    assert told["progress"] == {"bytes": 0, "bytes_total": len(FILE), "fraction": 0.0}
    assert gateway.get(path).json == {**told, "upload": None}
    assert gateway.container.family.job_invoker().take_all() == [
        JobRun(JobId(path.rpartition("/")[2]))
    ]


def test_an_import_without_its_file_is_not_started(gateway: Gateway) -> None:
    """Nor with an empty one: the file is to be put first."""
    path = created(gateway)

    missing = started(gateway, path)
    upload(gateway, path, b"")
    empty = started(gateway, path)

    assert missing.refuses("/upload")
    assert "PUT it to the upload's URL first" in missing.text
    assert empty.refuses("/upload")
    assert gateway.get(path).json["state"] == "awaiting_upload"
    assert gateway.container.family.job_invoker().take_all() == []


def test_a_file_that_is_too_large_is_not_started(gateway: Gateway) -> None:
    """With what to do."""
    keep_files(gateway, HugeFiles)
    path = created(gateway)
    upload(gateway, path)

    answer = started(gateway, path)

    assert answer.refuses("/upload")
    assert "At most 1000000000 bytes; divide the file" in answer.text


def test_an_import_that_runs_is_not_started_again(gateway: Gateway) -> None:
    """409 with its state; nor is one that is over, whose file may be gone."""
    path = created(gateway)
    upload(gateway, path)
    started(gateway, path)

    again = started(gateway, path)
    assert (again.status, again.problem["state"]) == (409, "running")

    cancelled(gateway, path)
    over = started(gateway, path)
    assert (over.status, over.problem["state"]) == (409, "cancelled")


def test_a_checked_import_is_started_for_real(gateway: Gateway) -> None:
    """From the first row; not when its file is kept no more."""
    path = created(gateway)
    upload(gateway, path)
    started(gateway, path, dry_run=True)
    move(gateway, path, counts=ImportCounts(created=3))
    end(gateway, path, JobEvent.CHECK)
    assert gateway.get(path).json["state"] == "checked"

    told = started(gateway, path, dry_run=False).json

    assert (told["state"], told["dry_run"], told["counts"]["rows"]) == ("running", False, 0)
    end(gateway, path, JobEvent.FAIL, "Something; start it again.")
    assert gateway.get(path).json["failure"] == "Something; start it again."
    gateway.clock.sleep(KEPT)
    gone = started(gateway, path)
    assert gone.refuses("/upload")
    assert "kept for 7 days and is gone" in gone.text


def test_an_import_that_failed_in_the_middle_is_not_started_again(gateway: Gateway) -> None:
    """Lines of another file would be taken for those of the first."""
    path = created(gateway)
    upload(gateway, path)
    started(gateway, path)
    move(gateway, path, counts=ImportCounts(created=1))
    end(gateway, path, JobEvent.FAIL, "Its file is gone; create another import.")

    answer = started(gateway, path)

    assert (answer.status, answer.problem["state"]) == (409, "failed")
    assert "create another import of the file" in answer.text
    assert gateway.get(path).json["upload"] is None


def test_another_file_is_taken_as_long_as_no_row_is_applied(gateway: Gateway) -> None:
    """After a dry run, and where the header could not be read: by a fresh URL."""
    path = created(gateway, segment_id="everyone")
    for content, dry_run, state in (
        (b"Name\r\nAnn\r\n", False, "failed"),
        (b"Name\r\nAnn\r\n", True, "failed"),
        (b"email\r\nnobody\r\n", True, "checked"),
        (FILE, False, "finished"),
    ):
        upload(gateway, path, content)
        assert started(gateway, path, dry_run=dry_run).status == 202
        assert gateway.get(path).json["upload"] is None
        gateway.container.run_import()(stored(gateway, path))
        assert gateway.get(path).json["state"] == state

    told = gateway.get(path).json
    assert (told["counts"]["created"], told["counts"]["refused"]) == (1, 0)
    assert told["upload"] is None


def test_all_of_a_file_is_1_and_nothing_less_is(gateway: Gateway) -> None:
    """Whoever waits for it waits until it is over."""
    path = created(gateway)
    upload(gateway, path)
    started(gateway, path)
    move(gateway, path, size=10**9, position=CsvPosition(10**9 - 1, 2))
    assert gateway.get(path).json["progress"]["fraction"] == 0.9999


def test_a_file_becomes_contacts(gateway: Gateway) -> None:
    """Once the work is done: counts, who was refused, and the contacts themselves."""
    path = created(gateway, segment_id="everyone")
    upload(gateway, path, FILE + b"nobody,gold\r\n")
    started(gateway, path)
    gateway.container.run_import()(stored(gateway, path))

    told = gateway.get(path).json

    assert told["state"] == "finished"
    assert told["progress"]["bytes"] == told["progress"]["bytes_total"]
    assert told["progress"]["fraction"] == 1.0
    assert (told["counts"]["created"], told["counts"]["refused"]) == (1, 1)
    (refused,) = gateway.get(f"{path}/refused").json["items"]
    assert (refused["line"], refused["cells"]) == (3, ["nobody", "gold"])
    (contact,) = gateway.get("/v1/segments/everyone/members").json["items"]
    assert (contact["email"], contact["fields"]) == (ADDRESS, {"plan": "gold"})


def test_an_import_tells_how_far_it_is(gateway: Gateway) -> None:
    """In bytes, in rows, and how the file was taken."""
    path = created(gateway)
    upload(gateway, path)
    started(gateway, path)
    move(
        gateway,
        path,
        layout=CsvLayout("utf-8", ";", ("email", "plan")),
        position=CsvPosition(12, 2),
        counts=ImportCounts(created=1, updated=2, unchanged=3, repeated=4, refused=5),
    )

    told = gateway.get(path).json

    total = len(FILE)
    assert told["progress"] == {"bytes": 12, "bytes_total": total, "fraction": 0.279}
    assert told["layout"] == {"encoding": "utf-8", "delimiter": ";", "columns": ["email", "plan"]}
    assert told["counts"] == {
        "rows": 15,
        "created": 1,
        "updated": 2,
        "unchanged": 3,
        "repeated": 4,
        "refused": 5,
    }


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("cp1252", "windows-1252"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16")],
)
def test_an_encoding_is_called_as_in_a_request(gateway: Gateway, codec: str, encoding: str) -> None:
    """So that what was found can be asked for."""
    path = created(gateway, encoding=encoding)
    move(gateway, path, layout=CsvLayout(codec, ";", ("email",)))
    told = gateway.get(path).json
    assert told["layout"]["encoding"] == told["encoding"] == encoding


def test_an_import_stands_where_nobody_can_be_invoked(gateway: Gateway) -> None:
    """The reconciler goes on with it."""
    gateway.container.family.job_invoker.override(providers.Object(RefusingJobInvoker()))
    path = created(gateway)
    upload(gateway, path)

    assert started(gateway, path).status == 202
    assert stored(gateway, path).next_check_at is not None


def test_a_start_that_may_have_been_is_not_another(gateway: Gateway) -> None:
    """The one that was begun is the answer, and is invoked again in case it was not."""
    path = created(gateway)
    upload(gateway, path)
    tried_at = gateway.clock.now()
    start = gateway.container.start_import()
    job_id = JobId(path.rpartition("/")[2])

    first = start(job_id, dry_run=False)
    assert start(job_id, dry_run=False, tried_at=tried_at) == first
    assert len(gateway.container.family.job_invoker().take_all()) == 2
    end(gateway, path, JobEvent.FINISH)
    over = start(job_id, dry_run=False, tried_at=tried_at)
    assert over.state is JobState.FINISHED
    assert gateway.container.family.job_invoker().take_all() == []


def test_an_import_that_is_asked_for_again_is_the_same(gateway: Gateway) -> None:
    """Where an earlier try ended in nobody knows what."""
    create = gateway.container.create_import()
    plan = stored(gateway, created(gateway)).plan
    record = IdempotencyRecord.begin("d", "f", "01KAYV5J5S000000000000000A", gateway.clock.now())

    first = create(plan, record=record)

    again = create(plan, record=replace(record, is_repeat=True))
    assert again.contact_import == first.contact_import


@pytest.mark.parametrize("is_started", [False, True])
def test_an_import_is_cancelled_once(gateway: Gateway, is_started: bool) -> None:
    """And its file is taken away."""
    path = created(gateway)
    upload(gateway, path)
    if is_started:
        started(gateway, path)

    answer = cancelled(gateway, path)

    assert (answer.status, answer.json["state"]) == (200, "cancelled")
    files = gateway.container.family.object_store()
    assert files.size(stored(gateway, path).upload_name) is None
    again = cancelled(gateway, path)
    assert (again.status, again.problem["state"]) == (409, "cancelled")
    assert gateway.get(path).json["upload"] is None


def test_a_cancellation_that_crashed_is_finished(gateway: Gateway) -> None:
    """Tried again, it takes away the file that was left."""
    path = created(gateway)
    upload(gateway, path)
    tried_at = gateway.clock.now()
    end(gateway, path, JobEvent.CANCEL)

    gateway.container.cancel_import()(JobId(path.rpartition("/")[2]), tried_at=tried_at)

    files = gateway.container.family.object_store()
    assert files.size(stored(gateway, path).upload_name) is None


def test_imports_are_listed(gateway: Gateway) -> None:
    """Newest first, page by page, and no exports."""
    paths = []
    for _ in range(3):
        paths.append(created(gateway))
        gateway.clock.sleep(timedelta(seconds=1))
    gateway.post("/v1/exports", {})
    first = gateway.get("/v1/imports", "limit=2").json
    second = gateway.get("/v1/imports", f"limit=2&cursor={first['next_cursor']}").json

    ids = [each["import_id"] for each in (*first["items"], *second["items"])]
    assert sorted(ids) == sorted(path.rpartition("/")[2] for path in paths)
    assert second["next_cursor"] is None
    assert gateway.get("/v1/imports", "cursor=made-up").refuses("/cursor")


def lines(gateway: Gateway, path: str, limit: int) -> list[list[int]]:
    """Of every page."""
    pages: list[list[int]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        page = gateway.get(f"{path}/refused", query).json
        pages.append([each["line"] for each in page["items"]])
        cursor = page["next_cursor"]
    return pages


def test_refused_rows_are_listed(gateway: Gateway) -> None:
    """Each with its line, its reason and its cells, page by page across batches."""
    path = created(gateway)
    nothing: dict[str, object] = {"items": [], "next_cursor": None, "detail": None}
    assert gateway.get(f"{path}/refused").json == nothing
    refuse(gateway, path, [row(2), row(3), row(5)], [row(7)], [row(8), row(9)])

    told = gateway.get(f"{path}/refused").json

    assert told["items"][0] == {
        "line": 2,
        "reason": "email: Not an e-mail address.",
        "cells": ["nobody", "gold"],
    }
    assert (told["next_cursor"], told["detail"]) == (None, None)
    assert lines(gateway, path, 100) == [[2, 3, 5, 7, 8, 9]]
    assert lines(gateway, path, 2) == [[2, 3], [5, 7], [8, 9]]
    assert lines(gateway, path, 3) == [[2, 3, 5], [7, 8, 9]]


def test_a_page_of_refused_rows_has_an_end(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few of a batch were refused, and however long they are."""
    path = created(gateway)
    refuse(gateway, path, *([row(line)] for line in range(2, 47)))
    assert [len(page) for page in lines(gateway, path, 100)] == [20, 20, 5]

    monkeypatch.setattr(list_refused, "MAX_PAGE_CHARACTERS", 15)
    refuse(gateway, path, [row(line) for line in range(2, 7)])
    assert lines(gateway, path, 100) == [[2, 3], [4, 5], [6]]


def test_refused_rows_that_are_gone_are_told(gateway: Gateway) -> None:
    """With what to do."""
    path = created(gateway)
    refuse(gateway, path, [row(2)])
    gateway.clock.sleep(KEPT)

    told = gateway.get(f"{path}/refused").json

    assert told["items"] == []
    assert told["detail"].startswith("Refused rows were kept for 7 days and are gone")


@pytest.mark.parametrize("cursor", ["made-up", "1", "1:2:3", "-1:0", "٣:0", "123456789:0"])
def test_a_made_up_cursor_is_refused(gateway: Gateway, cursor: str) -> None:
    """By its name; one past the end finds nothing."""
    path = created(gateway)

    assert gateway.get(f"{path}/refused", f"cursor={cursor}").refuses("/cursor")
    assert gateway.get(f"{path}/refused", "cursor=99999999:0").json["items"] == []


def test_what_is_not_there_is_404(gateway: Gateway) -> None:
    """Also by the id of something else."""
    export = gateway.post("/v1/exports", {}).json["export_id"]
    for import_id in ("imp_none", export):
        path = f"/v1/imports/{import_id}"
        assert gateway.get(path).status == 404
        assert gateway.get(f"{path}/refused").status == 404
        assert started(gateway, path).status == 404
        assert cancelled(gateway, path).status == 404
