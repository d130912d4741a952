"""Exports over every family: what is written of one on the way is read again as it was."""

import csv
import io
from datetime import timedelta

import pytest

from adapters.aws.object_store import S3ObjectStore
from adapters.memory.object_store import MemoryObjectStore
from adapters.system.clock import SystemClock
from domain.contact import ContactDraft
from domain.contact_export import ContactExport
from domain.identifiers import JobId
from domain.job import JobState
from domain.ports.object_store import ObjectStore
from domain.suppression import Suppression, SuppressionReason
from domain.use_cases.create_export import CreateExport
from domain.use_cases.read_export import ReadExport, stored_export
from domain.use_cases.run_export import RunExport
from tests.contracts.aws_family import Deployment
from tests.contracts.family import Family

PEOPLE = 40
PART_BYTES = 1_500
CLOCK = SystemClock()


@pytest.fixture
def store(
    request: pytest.FixtureRequest, family: Family, monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    """That of the family; parts may be small, as the emulator has it."""
    if family.name == "aws":
        deployment: Deployment = request.getfixturevalue("deployment")
        bucket = deployment.outputs["FilesBucketName"]
        return S3ObjectStore(deployment.clients, bucket, CLOCK)
    monkeypatch.setattr("adapters.memory.object_store.MIN_PART_BYTES", PART_BYTES)
    return MemoryObjectStore(CLOCK, family.ids, "http://127.0.0.1:1/files")


def worked(family: Family, store: ObjectStore, job_id: JobId) -> tuple[ContactExport, int]:
    """The export at its end, and how many invocations it took: each has time for a page."""
    run = RunExport(
        jobs=family.jobs,
        segments=family.segments,
        contacts=family.contacts,
        suppressions=family.suppressions,
        object_store=store,
        job_invoker=family.job_invoker,
        clock=CLOCK,
        ids=family.ids,
        part_bytes=PART_BYTES,
        page_size=7,
    )
    invocations = 0
    while (export := stored_export(family.jobs, job_id)).state is JobState.RUNNING:
        run(export, timedelta())
        invocations += 1
    return export, invocations


def test_an_export_goes_on_from_what_was_stored(family: Family, store: ObjectStore) -> None:
    """By one invocation after the other, each in a process of its own."""
    family.contacts.put(
        [
            ContactDraft.of(f"person-{number}@example.com", {"n": number, "f": "ü;\n" * number})
            for number in range(PEOPLE)
        ]
    )
    family.suppressions.add(
        Suppression("person-7@example.com", SuppressionReason.BOUNCE, CLOCK.now())
    )
    export = CreateExport(
        jobs=family.jobs,
        segments=family.segments,
        contacts=family.contacts,
        job_invoker=family.job_invoker,
        clock=CLOCK,
        ids=family.ids,
    )()

    finished, invocations = worked(family, store, export.job_id)

    assert (finished.state, finished.rows) == (JobState.FINISHED, PEOPLE)
    assert invocations > 10
    assert len(finished.part_tags) > 2
    content = store.read(finished.object_name, 0, 100_000)
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert {int(each["n"]): each["f"] for each in table} == {
        number: "ü;\n" * number for number in range(PEOPLE)
    }
    assert len(table) == PEOPLE
    assert [each["email"] for each in table if each["status"] == "bounced"] == [
        "person-7@example.com"
    ]
    read = ReadExport(jobs=family.jobs, object_store=store, clock=CLOCK)(export.job_id)
    assert read.download is not None
