"""Running a job: by what it is."""

from datetime import timedelta

import pytest

from domain.identifiers import ContactId, JobId
from domain.job import JobState
from domain.job_run import ErasureRun, JobRun
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.settings import Settings
from tests.unit.sentinel import MINUTE

WHOLE = timedelta(minutes=15)


@pytest.fixture
def sentinel() -> Core:
    """In memory."""
    return build(Family.MEMORY, Settings())


def test_an_export_is_written(sentinel: Core) -> None:
    """By the run that its creation invoked."""
    export = sentinel.create_export()(segment_id=None, fields=None, spreadsheet_safe=True)
    (run,) = sentinel.family.invoked_jobs().take_all()

    sentinel.run_job()(run, WHOLE)

    job = sentinel.family.jobs().get(export.job_id)
    assert job is not None
    assert job.state is JobState.FINISHED


@pytest.mark.parametrize("run", [JobRun(JobId("exp_none")), ErasureRun(ContactId("con_none"))])
def test_what_is_not_there_is_left(sentinel: Core, run: JobRun | ErasureRun) -> None:
    """It may be repeated at will, and late."""
    sentinel.run_job()(run, MINUTE)

    assert not sentinel.family.invoked_jobs().take_all()
