"""Imports of contacts: exact, whatever happens on the way."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.contact import ContactDraft
from domain.contact_import import ContactImport, ImportCounts, ImportPlan, RefusedRow
from domain.errors import IllegalTransition
from domain.identifiers import SegmentId
from domain.job import LEASE, JobEvent, JobState
from domain.key_space import WHOLE_KEY_SPACE
from domain.refused_rows import read_refused
from domain.segment import Segment
from domain.suppression import Suppression, SuppressionReason
from domain.use_cases.import_file import WINDOW_BYTES
from domain.use_cases.run_import import RunImport
from tests.integration.csv_files import (
    COLUMNS,
    EXCEL_IN_GERMAN,
    EXCEL_IN_UNICODE,
    Style,
    write_csv,
)
from tests.unit.exporting import Exporting, Life, Mortal, mortal
from tests.unit.faults import Died

SEGMENT = SegmentId("imported")
SMALL = b"""email;name;city
a@example.com;Ann;Graz
b@example.com;Bob;
broken;Eve;Ulm
A@example.com;;Linz
known@example.com;Kim;Wien
same@example.com;Sam;Bonn
c@example.com;Cem;Kiel
a@example.com;Ann;Graz
d@example.com;Dan;Trier;x
b@example.com;Bea;
"""


class Importing(Exporting):
    """With the use case."""

    def __init__(self) -> None:
        """A segment, and two contacts that are known."""
        super().__init__()
        self.rows_a_batch = 3
        self.segments.add(Segment(segment_id=SEGMENT, name="Imported", created_at=self.clock.now()))
        for name, fields in (
            ("known", {"tier": "gold"}),
            ("same", {"name": "Sam", "city": "Bonn"}),
        ):
            self.contacts.put([ContactDraft.of(f"{name}@example.com", fields)])

    def begin(self, content: bytes, *, dry_run: bool = False, **plan: Any) -> ContactImport:  # noqa: ANN401
        """Started."""
        job = ContactImport(
            job_id=self.ids.import_id(),
            created_at=self.clock.now(),
            state=JobState.AWAITING_UPLOAD,
            plan=ImportPlan(**{"segment_id": SEGMENT, **plan}),
        )
        self.object_store.write(job.upload_name, content)
        job = job.begin(dry_run=dry_run, size=len(content), now=self.clock.now())
        self.jobs.add(job)
        return job

    def import_of(self, job: ContactImport) -> ContactImport:
        """As stored."""
        stored = self.jobs.get(job.job_id)
        assert isinstance(stored, ContactImport)
        return stored

    def invoke(self, job: ContactImport, time_left: timedelta | None = None) -> None:
        """One invocation."""
        RunImport(
            jobs=self.jobs,
            segments=self.segments,
            contacts=self.contacts,
            object_store=self.object_store,
            job_invoker=self.job_invoker,
            clock=self.clock,
            ids=self.ids,
            rows_a_batch=self.rows_a_batch,
        )(self.import_of(job), time_left)

    def ended(self, job: ContactImport, time_left: timedelta | None = None) -> ContactImport:
        """One invocation after the other, each after the lease of the one before."""
        while self.import_of(job).state is JobState.RUNNING:
            self.invoke(job, time_left)
            self.clock.sleep(LEASE)
        return self.import_of(job)

    def refused(self, job: ContactImport) -> list[RefusedRow]:
        """All of them."""
        stored = self.import_of(job)
        return [
            row
            for number in range(stored.refused_batches)
            for row in read_refused(
                self.object_store.read(stored.refused_name(number), 0, 1_000_000)
            )
        ]

    def people(self) -> dict[str, tuple[dict[str, Any], bool]]:
        """Everybody's fields, by address, and whether they are in the segment."""
        lower, upper = WHOLE_KEY_SPACE
        page = self.contacts.page(lower=lower, upper=upper, after=None, limit=100_000)
        members = self.segments.those_in(SEGMENT, [each.contact_id for each in page.contacts])
        return {
            each.address: (dict(each.fields), each.contact_id in members) for each in page.contacts
        }


@pytest.fixture
def sentinel() -> Importing:
    """With two people."""
    return Importing()


def test_rows_become_contacts(sentinel: Importing) -> None:
    """New ones, known ones with what is new of them; the rest is refused with its reason."""
    job = sentinel.ended(sentinel.begin(SMALL))

    assert job.state is JobState.FINISHED
    assert job.counts == ImportCounts(created=3, updated=4, unchanged=1, repeated=0, refused=2)
    assert sentinel.people() == {
        "a@example.com": ({"name": "Ann", "city": "Graz"}, True),
        "b@example.com": ({"name": "Bea"}, True),
        "c@example.com": ({"name": "Cem", "city": "Kiel"}, True),
        "known@example.com": ({"tier": "gold", "name": "Kim", "city": "Wien"}, True),
        "same@example.com": ({"name": "Sam", "city": "Bonn"}, True),
    }
    assert [(row.line, row.reason.split(":")[0]) for row in sentinel.refused(job)] == [
        (4, "email"),
        (10, "4 cells, where the header has 3; quote what has a separator."),
    ]
    assert sentinel.object_store.size(job.upload_name) is None


def test_rows_of_one_address_in_a_batch_are_one(sentinel: Importing) -> None:
    """The later one counts, cell by cell."""
    sentinel.rows_a_batch = 500
    job = sentinel.ended(sentinel.begin(SMALL))
    assert job.counts == ImportCounts(created=3, updated=1, unchanged=1, repeated=3, refused=2)
    assert sentinel.people()["a@example.com"] == ({"name": "Ann", "city": "Graz"}, True)


def test_a_dry_run_tells_and_changes_nothing(sentinel: Importing) -> None:
    """What is refused is refused in it, too; then the same file is imported."""
    before = sentinel.people()
    sentinel.rows_a_batch = 500
    job = sentinel.ended(sentinel.begin(SMALL, dry_run=True))
    assert job.state is JobState.CHECKED
    assert sentinel.people() == before
    checked = sentinel.refused(job)

    started = job.begin(dry_run=False, size=len(SMALL), now=sentinel.clock.now())
    sentinel.jobs.save(started)
    imported = sentinel.ended(started)

    assert imported.state is JobState.FINISHED
    assert imported.counts == job.counts
    assert sentinel.refused(imported) == checked


def outcome(
    sentinel: Importing,
    life: Life,
    time_left: timedelta | None,
    *,
    dry_run: bool = False,
    content: bytes = SMALL,
) -> tuple[JobState, ImportCounts, list[RefusedRow], object]:
    """Of an import whose process is killed; the next ones live."""
    job = sentinel.begin(content, dry_run=dry_run)
    immortal = mortal(sentinel, life)
    try:
        sentinel.invoke(job, time_left)
    except Died:
        pass
    finally:
        immortal()
    sentinel.clock.sleep(LEASE)
    before = sentinel.import_of(job)
    ended = sentinel.ended(job, time_left)
    assert ended.counts.rows >= before.counts.rows
    return ended.state, ended.counts, sentinel.refused(job), sentinel.people()


@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "dry run"])
@pytest.mark.parametrize("time_left", [None, timedelta()], ids=["one run", "a batch a run"])
def test_no_kill_is_seen(time_left: timedelta | None, dry_run: bool) -> None:
    """At whichever call it is, before or after: counts, contacts, members and refused rows."""
    undisturbed = Life(None)
    expected = outcome(Importing(), undisturbed, time_left, dry_run=dry_run)
    assert undisturbed.calls > 5
    for number in range(undisturbed.calls):
        for after in (False, True):
            life = Life(number, after=after)
            found = outcome(Importing(), life, time_left, dry_run=dry_run)
            assert found == expected, (number, after)


def test_no_kill_within_a_line_that_is_too_long_is_seen() -> None:
    """Whoever goes on knows that it is one: nothing of the rest is taken for a row."""
    content = b"email;name\n" + b"x" * (WINDOW_BYTES + 9) + b"\ne@example.com;Eve\n"
    undisturbed = Life(None)
    expected = outcome(Importing(), undisturbed, timedelta(), content=content)
    assert expected[:2] == (JobState.FINISHED, ImportCounts(created=1, refused=1))
    for number in range(undisturbed.calls):
        found = outcome(Importing(), Life(number), timedelta(), content=content)
        assert found == expected, number


def test_somebody_who_slept_changes_nothing() -> None:
    """Whose lease ran out at a call, while another has done all the work."""
    undisturbed = Life(None)
    expected = outcome(Importing(), undisturbed, None)
    for number in range(1, undisturbed.calls):
        sentinel = Importing()
        job = sentinel.begin(SMALL)
        alive = Importing.__new__(Importing)
        alive.__dict__.update(sentinel.__dict__)

        def meanwhile(alive: Importing = alive, job: ContactImport = job) -> None:
            alive.clock.sleep(LEASE)
            alive.ended(job)

        mortal(sentinel, Life(number, happens=meanwhile))
        sentinel.invoke(job)
        ended = alive.import_of(job)
        found = (ended.state, ended.counts, alive.refused(job), alive.people())
        assert found == expected, number


def test_one_that_is_cancelled_stops(sentinel: Importing) -> None:
    """With the batch that it is at; what was imported stays."""
    job = sentinel.begin(SMALL)
    sentinel.invoke(job, timedelta())
    sentinel.jobs.save(sentinel.import_of(job).end(JobEvent.CANCEL, sentinel.clock.now()))
    sentinel.invoke(job)
    assert sentinel.import_of(job).counts.rows == 3
    assert set(sentinel.people()) == {
        "a@example.com",
        "b@example.com",
        "known@example.com",
        "same@example.com",
    }


def test_a_file_that_cannot_be_read_says_why(sentinel: Importing) -> None:
    """And can be started again, with another one in its place."""
    job = sentinel.ended(sentinel.begin(b"Name\nAnn\n"))
    assert job.state is JobState.FAILED
    assert "Name" in (job.failure or "")
    sentinel.object_store.write(job.upload_name, SMALL)
    again = job.begin(dry_run=False, size=len(SMALL), now=sentinel.clock.now())
    sentinel.jobs.save(again)
    assert sentinel.ended(again).state is JobState.FINISHED


def test_too_many_fields_together_refuse_their_row_only(sentinel: Importing) -> None:
    """What only shows beside what a contact has already."""
    full = {f"field_{number}": number for number in range(50)}
    sentinel.contacts.put([ContactDraft.of("known@example.com", full)])
    for dry_run in (True, False):
        sentinel.rows_a_batch = 500
        job = sentinel.ended(sentinel.begin(SMALL, dry_run=dry_run))
        assert [row.line for row in sentinel.refused(job)] == [4, 6, 10]
        assert job.counts.rows == 10


def test_every_row_of_an_address_with_too_many_fields_is_refused(sentinel: Importing) -> None:
    """None is taken for one that was applied with another."""
    full = {f"field_{number}": number for number in range(49)}
    sentinel.contacts.put([ContactDraft.of("known@example.com", full)])
    content = SMALL + b"known@example.com;;Rom\nknown@example.com;Kay;\n"
    for dry_run in (True, False):
        sentinel.rows_a_batch = 500
        job = sentinel.ended(sentinel.begin(content, dry_run=dry_run))
        assert [row.line for row in sentinel.refused(job)] == [4, 6, 10, 12, 13]
        assert (job.counts.rows, job.counts.refused, job.counts.repeated) == (12, 5, 3)
    assert sentinel.people()["known@example.com"] == (full, False)


def test_a_file_that_grows_is_imported_as_it_was(sentinel: Importing) -> None:
    """Up to where it went when it was started."""
    job = sentinel.begin(SMALL)
    sentinel.invoke(job, timedelta())
    sentinel.object_store.write(job.upload_name, SMALL + b"late@example.com;Lee;Rom\n")
    job = sentinel.ended(job, timedelta())
    assert (job.state, job.counts.rows) == (JobState.FINISHED, 10)
    assert "late@example.com" not in sentinel.people()


def test_why_it_failed_has_an_end(sentinel: Importing) -> None:
    """Whatever the file has for a header."""
    job = sentinel.ended(sentinel.begin(b"Name," + b"x" * 15_000 + b"\n"))
    assert job.state is JobState.FAILED
    assert len(job.failure or "") == 1_000


def test_no_suppression_is_lifted(sentinel: Importing) -> None:
    """Whoever complained, and is in the file all the same, stays without mail."""
    complaint = Suppression("a@example.com", SuppressionReason.COMPLAINT, sentinel.clock.now())
    sentinel.suppressions.add(complaint)

    assert sentinel.ended(sentinel.begin(SMALL)).state is JobState.FINISHED

    found = sentinel.suppressions.find(["a@example.com"])
    assert {address: each.reason for address, each in found.items()} == {
        "a@example.com": SuppressionReason.COMPLAINT
    }


def test_a_lost_file_is_told(sentinel: Importing) -> None:
    """Nothing is guessed."""
    job = sentinel.begin(SMALL)
    sentinel.invoke(job, timedelta())
    sentinel.object_store.delete(job.upload_name)
    assert "gone" in (sentinel.ended(job).failure or "")


def test_a_file_that_shrinks_is_told(sentinel: Importing) -> None:
    """Its rows are not those that were to be imported."""
    job = sentinel.begin(SMALL)
    sentinel.invoke(job, timedelta())
    sentinel.object_store.write(job.upload_name, SMALL[:-20])
    assert "shorter than it was" in (sentinel.ended(job, timedelta()).failure or "")


LONG = SMALL + b"x" * (2 * WINDOW_BYTES + 100) + b"\ne@example.com;Eve;Hof\n"


@pytest.mark.parametrize("time_left", [None, timedelta()], ids=["one run", "a batch a run"])
def test_a_line_longer_than_a_window_is_a_refused_row(
    sentinel: Importing, time_left: timedelta | None
) -> None:
    """By its number; what follows is imported, also where each run reads a part of it."""
    job = sentinel.ended(sentinel.begin(LONG), time_left)
    assert (job.state, job.counts.rows) == (JobState.FINISHED, 12)
    told = sentinel.refused(job)[-1]
    assert (told.line, told.reason.split(",")[0]) == (12, "The line has over 65536 characters")
    assert sentinel.people()["e@example.com"] == ({"name": "Eve", "city": "Hof"}, True)


def test_rows_that_were_applied_and_not_counted_hold_it_to_its_file(sentinel: Importing) -> None:
    """Killed within the first rows, then without its file: lines of another would be mixed in."""
    job = sentinel.begin(SMALL)
    segments: Any = sentinel.segments
    sentinel.segments = Mortal(segments, Life(0))  # type: ignore[assignment]
    with pytest.raises(Died):
        sentinel.invoke(job)
    sentinel.segments = segments
    assert "a@example.com" in sentinel.people()
    sentinel.clock.sleep(LEASE)
    sentinel.object_store.delete(job.upload_name)

    failed = sentinel.ended(job)

    assert (failed.state, failed.counts.rows) == (JobState.FAILED, 0)
    assert not failed.takes_file
    with pytest.raises(IllegalTransition, match="create another import of the file"):
        failed.begin(dry_run=False, size=9, now=sentinel.clock.now())


@pytest.mark.parametrize(
    "style", [EXCEL_IN_GERMAN, EXCEL_IN_UNICODE], ids=lambda each: each.encoding
)
def test_files_of_spreadsheets_come_to_what_is_in_them(tmp_path: Path, style: Style) -> None:
    """Thousands of rows: repeated, changed, refused, with everything that needs quotes."""
    sentinel = Importing()
    sentinel.rows_a_batch = 500
    expected = write_csv(tmp_path / "people.csv", 4_000, style, seed=7)
    job = sentinel.begin((tmp_path / "people.csv").read_bytes(), columns=COLUMNS)

    job = sentinel.ended(job, timedelta())

    assert job.counts == expected.counts
    refused = sentinel.refused(job)
    assert [row.line for row in refused] == [line for line, _ in expected.refused]
    assert all(
        fault in row.reason for row, (_, fault) in zip(refused, expected.refused, strict=True)
    )
    people = sentinel.people()
    for address, fields, _ in expected.contacts(style):
        assert people[address] == (fields, True)
    assert len(people) == len(expected.editions) + 2


def test_an_export_can_be_imported(sentinel: Importing) -> None:
    """It changes nothing of anybody."""
    before = sentinel.people()
    exported = sentinel.create_export(spreadsheet_safe=False).job_id
    sentinel.finish(exported)
    job = sentinel.ended(sentinel.begin(sentinel.file(exported), segment_id=None))
    assert job.counts == ImportCounts(unchanged=2)
    assert sentinel.people() == before


def test_started_again_after_rows_were_applied_is_refused(sentinel: Importing) -> None:
    """The lines of another file are not those of the first."""
    job = replace(sentinel.begin(SMALL), state=JobState.FAILED, counts=ImportCounts(created=1))
    with pytest.raises(Exception, match="failed"):
        job.begin(dry_run=False, size=1, now=sentinel.clock.now())
