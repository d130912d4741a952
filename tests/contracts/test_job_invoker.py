"""The contract of `domain.ports.job_invoker`."""

import pytest

from adapters.aws.job_event import event_to_run
from adapters.aws.table import UnknownLayoutError
from domain.identifiers import ContactId, JobId
from domain.job_run import ErasureRun, JobRun, Run
from tests.contracts.eventually import eventually
from tests.contracts.family import Family


def test_an_accepted_invocation_runs_the_job(family: Family) -> None:
    """Elsewhere and later."""
    wanted = JobRun(family.ids.import_id())

    family.job_invoker.run(wanted.job_id)

    assert eventually(lambda: [each for each in family.invoked() if each == wanted])


def test_an_accepted_invocation_goes_on_with_the_erasure(family: Family) -> None:
    """Told apart from a job."""
    wanted = ErasureRun(family.ids.contact_id())

    family.job_invoker.erase(wanted.contact_id)

    assert eventually(lambda: [each for each in family.invoked() if each == wanted])


def test_running_twice_is_two_invocations(family: Family) -> None:
    """The job's lease lets one at it, not the invoker."""
    wanted = JobRun(family.ids.import_id())
    invoked: list[Run] = []

    family.job_invoker.run(wanted.job_id)
    family.job_invoker.run(wanted.job_id)

    def both() -> bool:
        invoked.extend(each for each in family.invoked() if each == wanted)
        return len(invoked) == 2

    eventually(both)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"schema": 1},
        {"schema": 1, "job_id": None},
        {"schema": 1, "job_id": "ann@example.com"},
        {"schema": 1, "erase_contact_id": ""},
        {"schema": 1, "erase_contact_id": ["con_1"], "job_id": "job_1"},
    ],
)
def test_an_event_of_something_else_is_refused(event: dict[str, object]) -> None:
    """It names neither a job nor an erasure."""
    with pytest.raises((KeyError, ValueError)) as refusal:
        event_to_run(event)

    assert "example" not in str(refusal.value)


def test_an_event_of_newer_code_waits_for_it() -> None:
    """Older code would not know what it says."""
    with pytest.raises(UnknownLayoutError):
        event_to_run({"schema": 2, "job_id": "job_1"})


def test_an_event_is_what_the_layout_says() -> None:
    """docs/data-model.md."""
    assert event_to_run({"schema": 1, "job_id": "job_1"}) == JobRun(JobId("job_1"))
    erasure = ErasureRun(ContactId("con_1"))
    assert event_to_run({"schema": 1, "erase_contact_id": "con_1"}) == erasure
