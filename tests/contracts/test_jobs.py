"""The contract of `domain.ports.jobs`."""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, replace
from datetime import timedelta

import pytest

from domain.campaign import CampaignState
from domain.contact import Consent
from domain.contact_export import ContactExport
from domain.contact_import import (
    ContactImport,
    CsvLayout,
    CsvPosition,
    ImportCounts,
    ImportPlan,
)
from domain.errors import AlreadyExists, InvalidInput, VersionConflict
from domain.identifiers import JobId, LeaseToken, SegmentId
from domain.job import JobEvent, JobState
from domain.ports.jobs import AnyJob, JobKind
from tests.contracts.examples import LATER, MADE_UP_CURSORS, stored_campaign
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START

JOB_ID = JobId("imp_01K9ZZZZZZZZZZZZZZZZZZZZZZ")
TICK = timedelta(microseconds=1)


def an_import(job_id: str = JOB_ID) -> ContactImport:
    """That waits for its file."""
    return ContactImport(
        job_id=JobId(job_id),
        created_at=START,
        state=JobState.AWAITING_UPLOAD,
        plan=ImportPlan(),
    )


def an_export(job_id: str = "exp_01K9ZZZZZZZZZZZZZZZZZZZZZZ") -> ContactExport:
    """Of all contacts, to be worked on."""
    return ContactExport.begin(
        JobId(job_id), START, segment_id=None, fields=None, spreadsheet_safe=True
    )


WHOLE_IMPORT = ContactImport(
    job_id=JOB_ID,
    created_at=START,
    state=JobState.RUNNING,
    started_at=START + TICK,
    ended_at=START + 2 * TICK,
    failure="The file is gone ☃; upload it again.",
    lease_token=LeaseToken("lease-1"),
    lease_until=LATER,
    next_check_at=LATER + TICK,
    plan=ImportPlan(
        columns={"E-Mail": "email", "Größe": "size", "": "nothing", "a.b": "c"},
        segment_id=SegmentId("vip-customers"),
        consent=Consent("Messe ☃", START - TICK),
        delimiter="\t",
        encoding="windows-1252",
    ),
    dry_run=True,
    size=5 * 2**40,
    layout=CsvLayout("utf-8-sig", ";", ("E-Mail", "", "Größe", "E-Mail")),
    position=CsvPosition(2**40, 1_000_000, is_within_line=True),
    counts=ImportCounts(created=1, updated=2, unchanged=3, repeated=4, refused=5),
    refused_batches=6,
)
WHOLE_EXPORT = ContactExport(
    job_id=JobId("exp_01K9ZZZZZZZZZZZZZZZZZZZZZZ"),
    created_at=START,
    state=JobState.FAILED,
    started_at=START + TICK,
    ended_at=START + 2 * TICK,
    failure="Its segment is gone.",
    lease_token=LeaseToken("lease-1"),
    lease_until=LATER,
    next_check_at=LATER + TICK,
    segment_id=SegmentId("vip-customers"),
    fields=("name", "tier"),
    has_fields=True,
    spreadsheet_safe=False,
    cursor="7fcon_1",
    rows=1_000_000,
    writing_id="upload-1",
    part_tags=('"tag-1"', '"tag-2"'),
    remainder_name="exports/exp_1/remainder-1.csv",
    is_written=True,
)


@pytest.mark.parametrize("job", [WHOLE_IMPORT, WHOLE_EXPORT])
def test_the_whole_examples_leave_nothing_at_its_default(job: AnyJob) -> None:
    """So that a field which a family forgets is missed in the next test."""
    assert not [
        each.name
        for each in fields(job)
        if each.name != "version"
        and each.default is not MISSING
        and getattr(job, each.name) == each.default
    ]


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(an_import(), id="new import"),
        pytest.param(WHOLE_IMPORT, id="whole import"),
        pytest.param(replace(an_import(), layout=CsvLayout("utf-8", ",", ())), id="no header"),
        pytest.param(replace(an_import(), size=0, position=CsvPosition(0, 1)), id="empty file"),
        pytest.param(an_export(), id="new export"),
        pytest.param(WHOLE_EXPORT, id="whole export"),
        *(
            pytest.param(replace(an_import(), state=state), id=f"import {state}")
            for state in JobState
        ),
    ],
)
def test_a_job_is_read_as_it_was_added_and_saved(family: Family, job: AnyJob) -> None:
    """Every field, of its kind."""
    family.jobs.add(job)
    assert family.jobs.get(job.job_id) == job

    saved = family.jobs.save(job)

    assert saved == replace(job, version=1)
    assert family.jobs.get(job.job_id) == saved
    assert isinstance(saved, type(job))


def test_an_unknown_job_is_none(family: Family) -> None:
    """Nothing is raised for an id that nobody has."""
    assert family.jobs.get(JOB_ID) is None


def test_what_is_stored_is_a_copy(family: Family) -> None:
    """Who changes the columns that were given changes nothing that is stored."""
    columns = {"E-Mail": "email"}
    family.jobs.add(replace(an_import(), plan=ImportPlan(columns=columns)))

    columns["Name"] = "name"

    stored = family.jobs.get(JOB_ID)
    assert isinstance(stored, ContactImport)
    assert stored.plan.columns == {"E-Mail": "email"}


def test_a_taken_id_is_refused_and_nothing_changes(family: Family) -> None:
    """Whatever kind of job has it."""
    family.jobs.add(an_import())

    for other in (WHOLE_IMPORT, an_export(JOB_ID), an_import()):
        with pytest.raises(AlreadyExists) as refusal:
            family.jobs.add(other)
        assert JOB_ID in str(refusal.value)

    assert family.jobs.get(JOB_ID) == an_import()


def test_of_those_who_add_one_id_one_wins(family: Family) -> None:
    """The others hear that it is taken."""
    rivals = [replace(an_import(), size=number) for number in range(THREADS)]

    def add(job: ContactImport) -> ContactImport:
        family.jobs.add(job)
        return job

    winner = winner_of(race(add, rivals), AlreadyExists)

    assert family.jobs.get(JOB_ID) == winner


def test_a_save_takes_away_what_is_no_longer_set(family: Family) -> None:
    """A field that is None again is None when read."""
    family.jobs.add(WHOLE_IMPORT)
    emptied = replace(an_import(), plan=WHOLE_IMPORT.plan)

    family.jobs.save(emptied)

    assert family.jobs.get(JOB_ID) == replace(emptied, version=1)


def test_another_version_is_refused_and_nothing_is_written(family: Family) -> None:
    """Neither one of the past, nor one of the future, nor the same write again."""
    family.jobs.add(an_import())
    newer = family.jobs.save(replace(an_import(), size=1))

    for version in (0, 2):
        with pytest.raises(VersionConflict):
            family.jobs.save(replace(an_import(), size=2, version=version))
    with pytest.raises(VersionConflict):
        family.jobs.save(replace(an_import(), size=1))

    assert family.jobs.get(JOB_ID) == newer


def test_saving_does_not_create(family: Family) -> None:
    """A job that was never added has no version to match."""
    with pytest.raises(VersionConflict):
        family.jobs.save(an_import())

    assert family.jobs.get(JOB_ID) is None


def test_of_those_who_claim_a_job_one_holds_it(family: Family) -> None:
    """Everybody else hears of the conflict."""
    family.jobs.add(an_export(JOB_ID))
    rivals = [
        an_export(JOB_ID).claim(LeaseToken(f"lease-{number}"), START) for number in range(THREADS)
    ]

    winner = winner_of(race(family.jobs.save, rivals), VersionConflict)

    assert family.jobs.get(JOB_ID) == winner


def read_all(family: Family, kind: JobKind, limit: int) -> tuple[Sequence[AnyJob], Sequence[int]]:
    """Every job of a kind that pages of `limit` bring, and how long each page was."""
    found: list[AnyJob] = []
    lengths: list[int] = []
    cursor = None
    while True:
        page = family.jobs.page(kind, limit, cursor)
        found += page.jobs
        lengths.append(len(page.jobs))
        if page.cursor is None:
            return found, lengths
        assert len(lengths) < 100, "it never ends"
        cursor = page.cursor


@pytest.mark.parametrize("kind", JobKind)
def test_there_is_an_empty_page_of_no_jobs(family: Family, kind: JobKind) -> None:
    """No jobs and no cursor, though there are some of the other kind."""
    family.jobs.add(an_export() if kind is JobKind.IMPORT else an_import())

    page = family.jobs.page(kind, 10, None)

    assert (page.jobs, page.cursor) == ((), None)


@pytest.mark.parametrize(
    ("kind", "make"), [(JobKind.IMPORT, an_import), (JobKind.EXPORT, an_export)]
)
@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_pages_bring_every_job_of_a_kind_once_newest_first(
    family: Family,
    kind: JobKind,
    make: Callable[[str], AnyJob],
    limit: int,
    lengths: Sequence[int],
) -> None:
    """Whole, whatever state they are in; the last page has no cursor, also when it is full."""
    jobs = [make(f"job_{number:026d}") for number in range(5)]
    other = an_export if kind is JobKind.IMPORT else an_import
    for number, job in enumerate(jobs):
        family.jobs.add(job)
        family.jobs.add(other(f"job_{number:026d}x"))

    assert read_all(family, kind, limit) == (jobs[::-1], lengths)


def test_jobs_are_in_no_list_of_campaigns(family: Family) -> None:
    """Nor are campaigns among the jobs, though they share names of states."""
    campaign, _ = stored_campaign(family)
    for number, state in enumerate(JobState):
        family.jobs.add(replace(an_import(f"imp_{number:026d}"), state=state))

    assert family.campaigns.page(None, 10, None).campaigns == (campaign,)
    for listed in (CampaignState.CANCELLED, CampaignState.FAILED):
        assert family.campaigns.page(listed, 10, None).campaigns == ()
    assert len(family.jobs.page(JobKind.IMPORT, 10, None).jobs) == len(JobState)


@pytest.mark.parametrize("cursor", MADE_UP_CURSORS)
def test_a_made_up_cursor_is_refused(family: Family, cursor: str) -> None:
    """InvalidInput names `cursor`, whatever the nonsense is."""
    family.jobs.add(an_import())

    with pytest.raises(InvalidInput) as refusal:
        family.jobs.page(JobKind.IMPORT, 10, cursor)

    assert refusal.value.field == "cursor"


def test_a_cursor_of_another_list_is_refused(family: Family) -> None:
    """That of exports says nothing about imports."""
    for number in range(2):
        family.jobs.add(an_export(f"exp_{number:026d}"))
    cursor = family.jobs.page(JobKind.EXPORT, 1, None).cursor
    assert cursor is not None

    with pytest.raises(InvalidInput) as refusal:
        family.jobs.page(JobKind.IMPORT, 1, cursor)

    assert refusal.value.field == "cursor"


def test_a_cursor_outlives_the_state_of_the_job_it_stands_on(family: Family) -> None:
    """Reading on goes on when that job has ended meanwhile."""
    jobs = [an_export(f"exp_{number:026d}") for number in range(3)]
    for job in jobs:
        family.jobs.add(job)
    page = family.jobs.page(JobKind.EXPORT, 1, None)
    family.jobs.save(jobs[2].end(JobEvent.FINISH, LATER))

    assert family.jobs.page(JobKind.EXPORT, 5, page.cursor).jobs == (jobs[1], jobs[0])
