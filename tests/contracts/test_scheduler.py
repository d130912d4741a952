"""The contract of `domain.ports.scheduler`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.identifiers import CampaignId
from domain.schedule import Schedule
from domain.start import StartRequest, Trigger
from tests.contracts.eventually import eventually
from tests.contracts.family import Family
from tests.contracts.settable_clock import START

AT = datetime(2099, 3, 1, 9, 30, 15, tzinfo=UTC)


@pytest.fixture
def campaign_id(family: Family) -> CampaignId:
    """A campaign of this test's own: the emulator's schedules outlive a test."""
    return family.ids.campaign_id()


@pytest.fixture
def schedule(campaign_id: CampaignId) -> Schedule:
    """Its first."""
    return Schedule(campaign_id, 1, AT)


def test_a_campaign_has_no_schedule_at_first(family: Family, campaign_id: CampaignId) -> None:
    """None; nothing is raised."""
    assert family.scheduler.get(campaign_id) is None


def test_a_schedule_is_read_as_it_was_put(family: Family, schedule: Schedule) -> None:
    """With its version, in UTC."""
    family.scheduler.put(schedule)

    assert family.scheduler.get(schedule.campaign_id) == schedule


@pytest.mark.parametrize("microseconds", [1, 500_000, 999_999])
def test_a_fraction_of_a_second_is_rounded_up(
    family: Family, schedule: Schedule, microseconds: int
) -> None:
    """Never early."""
    family.scheduler.put(replace(schedule, at=AT + timedelta(microseconds=microseconds)))

    assert family.scheduler.get(schedule.campaign_id) == replace(
        schedule, at=AT + timedelta(seconds=1)
    )


def test_the_same_schedule_again_changes_nothing(family: Family, schedule: Schedule) -> None:
    """A repeated client token is no fault, in whatever way the service answers it."""
    fraction = replace(schedule, at=AT - timedelta(milliseconds=1))
    family.scheduler.put(fraction)

    family.scheduler.put(fraction)
    family.scheduler.put(schedule)

    assert family.scheduler.get(schedule.campaign_id) == schedule


@pytest.mark.parametrize("at", [AT + timedelta(days=1), AT - timedelta(days=1), AT])
def test_a_higher_version_replaces(family: Family, schedule: Schedule, at: datetime) -> None:
    """Whether it is later, earlier or at the same time."""
    family.scheduler.put(schedule)
    newer = replace(schedule, version=2, at=at)

    family.scheduler.put(newer)

    assert family.scheduler.get(schedule.campaign_id) == newer


def test_a_lower_version_is_ignored(family: Family, schedule: Schedule) -> None:
    """A late repetition of an earlier schedule does not undo a move; 10 is more than 9."""
    newer = replace(schedule, version=10, at=AT + timedelta(days=1))
    family.scheduler.put(newer)

    family.scheduler.put(replace(schedule, version=9))
    family.scheduler.put(schedule)

    assert family.scheduler.get(schedule.campaign_id) == newer


def test_a_deleted_schedule_is_gone(family: Family, schedule: Schedule) -> None:
    """Deleting again is no fault."""
    family.scheduler.put(schedule)

    family.scheduler.delete(schedule.campaign_id)
    family.scheduler.delete(schedule.campaign_id)

    assert family.scheduler.get(schedule.campaign_id) is None


def test_deleting_what_never_was_is_no_fault(family: Family, campaign_id: CampaignId) -> None:
    """It is gone, as was wanted."""
    family.scheduler.delete(campaign_id)


def test_after_a_delete_a_schedule_can_be_put_again(family: Family, schedule: Schedule) -> None:
    """A resumed campaign gets the next version."""
    family.scheduler.put(schedule)
    family.scheduler.delete(schedule.campaign_id)
    newer = replace(schedule, version=2)

    family.scheduler.put(newer)

    assert family.scheduler.get(schedule.campaign_id) == newer


def test_campaigns_have_their_own_schedules(family: Family, schedule: Schedule) -> None:
    """Deleting one leaves the other."""
    other = Schedule(family.ids.campaign_id(), 3, AT + timedelta(hours=1))
    family.scheduler.put(schedule)
    family.scheduler.put(other)

    family.scheduler.delete(schedule.campaign_id)

    assert family.scheduler.get(other.campaign_id) == other


def test_a_schedule_fires_at_its_time_and_deletes_itself(family: Family) -> None:
    """What fires is an invocation of start-campaign; one for later stays."""
    now = datetime.now(UTC) if family.name == "aws" else START
    due = Schedule(family.ids.campaign_id(), 1, now + timedelta(seconds=1))
    later = Schedule(family.ids.campaign_id(), 1, (now + timedelta(days=1)).replace(microsecond=0))
    family.scheduler.put(due)
    family.scheduler.put(later)
    wanted = StartRequest(due.campaign_id, Trigger.SCHEDULE)

    early = [each for each in family.started() if each == wanted]
    assert not early or (family.name == "aws" and datetime.now(UTC) >= due.at)
    family.elapse(timedelta(seconds=2))
    started = early or eventually(lambda: [each for each in family.started() if each == wanted])

    assert started == [wanted]
    assert family.name != "aws" or datetime.now(UTC) >= due.at
    eventually(lambda: family.scheduler.get(due.campaign_id) is None)
    assert family.scheduler.get(later.campaign_id) == later
