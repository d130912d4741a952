"""Another name, another time: whatever fires, everybody gets one mail, at the time last asked."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory.campaigns import MemoryCampaignRepository
from domain.campaign import Campaign, CampaignState, PauseReason
from domain.errors import IllegalTransition, InvalidInput, NotFound, StaleRevision
from domain.identifiers import CampaignId
from domain.path_policy import DEFAULT_HORIZON, ExecutionPath
from domain.use_cases.edit_campaign import CampaignEdit, EditCampaign, Edited, NewTime
from tests.unit.faults import RefusingInvoker, RefusingScheduler, RefusingStartQueue
from tests.unit.sentinel import MINUTE, NOW, Sentinel, addresses
from tests.unit.test_lifecycle import cancel, pause, resume

HOUR = timedelta(hours=1)
AT_TEN = NOW + HOUR


def edit(sentinel: Sentinel) -> EditCampaign:
    """The use case."""
    return EditCampaign(
        campaigns=sentinel.campaigns,
        dispatch=sentinel.dispatch_start,
        scheduler=sentinel.scheduler,
        clock=sentinel.clock,
        policy=sentinel.policy,
        horizon=DEFAULT_HORIZON,
    )


def move(sentinel: Sentinel, campaign_id: CampaignId, to: datetime | None) -> Edited:
    """To another time; None is now."""
    new_time = NewTime(schedule_at=None if to is None else to.isoformat())
    return edit(sentinel)(campaign_id, CampaignEdit(new_time=new_time))


class InterruptedCampaigns(MemoryCampaignRepository):
    """Somebody else comes in between the first read and the write that follows it."""

    def __init__(self, sentinel: Sentinel, meanwhile: Callable[[], object]) -> None:
        super().__init__(sentinel.database)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """As stored, before somebody else comes."""
        campaign = super().get(campaign_id)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return campaign


def test_moved_later(sentinel: Sentinel) -> None:
    """It waits under a new schedule and goes out then, once."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)

    edited = move(sentinel, campaign_id, AT_TEN + HOUR)

    assert (edited.campaign.state, edited.campaign.schedule_at) == (
        CampaignState.SCHEDULED,
        AT_TEN + HOUR,
    )
    assert edited.trigger_error is None
    schedule = sentinel.scheduler.get(campaign_id)
    assert schedule is not None
    assert (schedule.at, schedule.version) == (AT_TEN + HOUR, 2)
    sentinel.pass_time(2 * HOUR - MINUTE)
    assert sentinel.mailed() == []
    sentinel.pass_time(2 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.campaign(campaign_id).started_at == AT_TEN + HOUR


def test_the_fire_of_its_old_schedule(sentinel: Sentinel) -> None:
    """It was on its way when the campaign was moved later: it does nothing."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    sentinel.clock.sleep(HOUR)
    sentinel.scheduler.tick()
    move(sentinel, campaign_id, AT_TEN + HOUR)
    before = sentinel.campaign(campaign_id)

    assert sentinel.run_starts() == 1

    assert sentinel.campaign(campaign_id) == before
    assert sentinel.contents.get(campaign_id) is None
    sentinel.pass_time(2 * HOUR)
    assert sorted(sentinel.mailed()) == addresses(3)


def test_moved_earlier(sentinel: Sentinel) -> None:
    """It goes out at the new time; at the old one nothing happens, whatever still fires."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)

    move(sentinel, campaign_id, NOW + 10 * MINUTE)
    sentinel.pass_time(11 * MINUTE)

    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.scheduler.get(campaign_id) is None
    sentinel.pass_time(HOUR)
    sentinel.invoker.fire(campaign_id)
    sentinel.run()
    assert len(sentinel.mailed()) == 3


@pytest.mark.parametrize("to", [None, NOW - HOUR, NOW, NOW + MINUTE])
def test_moved_to_now(sentinel: Sentinel, to: datetime | None) -> None:
    """Past or within a minute too: it goes out at once, and its schedule is gone."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)

    edited = move(sentinel, campaign_id, to)

    assert (edited.campaign.state, edited.campaign.execution_path, edited.campaign.schedule_at) == (
        CampaignState.SENDING,
        ExecutionPath.IMMEDIATE,
        to or NOW,
    )
    assert edited.goes_out
    assert sentinel.scheduler.get(campaign_id) is None
    sentinel.invoker.fire(campaign_id)
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_moved_long_after_its_creation(sentinel: Sentinel) -> None:
    """How late it is, and how long it waits, count from the new time."""
    campaign_id = sentinel.create(3, schedule_at=NOW + 30 * 24 * HOUR)
    sentinel.clock.sleep(29 * 24 * HOUR)
    move(sentinel, campaign_id, NOW)
    sentinel.invoker.take_all()
    sentinel.clock.sleep(2 * MINUTE)

    sentinel.reconcile()
    sentinel.run()

    assert sentinel.metrics.of("open_work")[-1].values["longest_stall"] == 2 * MINUTE
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize("to", [None, AT_TEN - 30 * MINUTE, AT_TEN + HOUR])
def test_a_trigger_that_fails_when_it_is_moved(sentinel: Sentinel, to: datetime | None) -> None:
    """The answer says so, and the reconciler goes on: at the new time, once."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    old = sentinel.scheduler
    sentinel.scheduler = RefusingScheduler(sentinel.clock, sentinel.invoker)
    invoker = sentinel.invoker
    sentinel.invoker = RefusingInvoker()
    queue, sentinel.start_queue = sentinel.start_queue, RefusingStartQueue(sentinel.clock)

    edited = move(sentinel, campaign_id, to)

    assert edited.trigger_error is not None
    sentinel.invoker, sentinel.scheduler = invoker, old
    sentinel.start_queue = queue
    sentinel.pass_time(3 * HOUR)
    assert sorted(sentinel.mailed()) == addresses(3)
    started_at = sentinel.campaign(campaign_id).started_at
    assert started_at is not None
    assert timedelta() <= started_at - (to or NOW) <= MINUTE


def test_a_paused_one_stays_paused(sentinel: Sentinel) -> None:
    """It has its new time, and waits for it once it is resumed."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    pause(sentinel)(campaign_id)

    edited = move(sentinel, campaign_id, AT_TEN + HOUR)

    assert (edited.campaign.state, edited.campaign.schedule_at) == (
        CampaignState.PAUSED,
        AT_TEN + HOUR,
    )
    assert sentinel.scheduler.get(campaign_id) is None
    sentinel.pass_time(MINUTE)
    resumed = resume(sentinel)(campaign_id).campaign
    assert (resumed.state, resumed.schedule_at) == (CampaignState.SCHEDULED, AT_TEN + HOUR)
    sentinel.pass_time(3 * HOUR)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.campaign(campaign_id).started_at == AT_TEN + HOUR


def test_a_paused_one_is_not_set_going_by_a_time_that_is_due(sentinel: Sentinel) -> None:
    """Only resuming does that."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    pause(sentinel)(campaign_id)

    assert not move(sentinel, campaign_id, None).goes_out

    sentinel.pass_time(10 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.PAUSED
    assert sentinel.mailed() == []
    resume(sentinel)(campaign_id)
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)


def test_an_immediate_one_that_was_held_in_time(sentinel: Sentinel) -> None:
    """Paused before a start claimed it, it may be scheduled instead."""
    campaign_id = sentinel.create(3)
    pause(sentinel)(campaign_id)

    move(sentinel, campaign_id, AT_TEN)
    resumed = resume(sentinel)(campaign_id).campaign

    assert (resumed.state, resumed.execution_path) == (
        CampaignState.SCHEDULED,
        ExecutionPath.SCHEDULED,
    )
    sentinel.run()
    assert sentinel.mailed() == []
    sentinel.pass_time(HOUR + MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)


def test_what_is_under_way_is_not_moved(sentinel: Sentinel) -> None:
    """Sending, started, paused since or at its end: refused, and nothing of the edit is done."""
    campaign_id = sentinel.create(3)
    both = CampaignEdit(name="Other", new_time=NewTime(schedule_at=AT_TEN.isoformat()))

    def refused() -> None:
        before = sentinel.campaign(campaign_id)
        with pytest.raises(IllegalTransition) as refusal:
            edit(sentinel)(campaign_id, both)
        assert refusal.value.state == before.state
        assert sentinel.campaign(campaign_id) == before

    refused()
    sentinel.run_starts()
    refused()
    pause(sentinel)(campaign_id)
    refused()
    resume(sentinel)(campaign_id)
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.SENT
    refused()
    assert sorted(sentinel.mailed()) == addresses(3)


def test_renamed_in_any_state(sentinel: Sentinel) -> None:
    """While it is going out, and afterwards; delivery takes no notice."""
    campaign_id = sentinel.create_started(3)

    first = edit(sentinel)(campaign_id, CampaignEdit(name=" First "))
    sentinel.run()
    second = edit(sentinel)(campaign_id, CampaignEdit(name="Second"))

    assert (first.campaign.name, first.is_moved) == ("First", False)
    assert (second.campaign.name, second.campaign.state) == ("Second", CampaignState.SENT)
    assert sorted(sentinel.mailed()) == addresses(3)


def test_what_is_not_valid_changes_nothing(sentinel: Sentinel) -> None:
    """Neither the half that is."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    before = sentinel.campaign(campaign_id)

    for wrong in (
        CampaignEdit(name=" "),
        CampaignEdit(name="Good", new_time=NewTime(schedule_at="tomorrow")),
        CampaignEdit(name="", new_time=NewTime()),
    ):
        with pytest.raises(InvalidInput):
            edit(sentinel)(campaign_id, wrong)
    with pytest.raises(NotFound):
        edit(sentinel)(CampaignId("cmp_gone"), CampaignEdit(name="Good"))

    assert sentinel.campaign(campaign_id) == before


def test_every_change_by_people_is_a_revision_and_none_of_delivery(sentinel: Sentinel) -> None:
    """What somebody prepared on what they had read is not done on something else."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    pausing, resuming, editing = pause(sentinel), resume(sentinel), edit(sentinel)
    assert pausing(campaign_id, revisions={1}).revision == 2
    assert resuming(campaign_id, revisions={1, 2}).campaign.revision == 3
    assert editing(campaign_id, CampaignEdit(name="New"), revisions={3}).campaign.revision == 4
    sentinel.pass_time(2 * HOUR)
    sent = sentinel.campaign(campaign_id)
    assert (sent.state, sent.revision) == (CampaignState.SENT, 4)


def test_a_pause_that_ends_by_itself_is_nobodys_edit(sentinel: Sentinel) -> None:
    """What was prepared meanwhile can still be done."""
    campaign_id = sentinel.create_started(3)
    paused = sentinel.campaign(campaign_id).pause(NOW, PauseReason.QUOTA, NOW + MINUTE)
    sentinel.campaigns.save(paused)

    resumed = resume(sentinel)(campaign_id, only=PauseReason.QUOTA).campaign

    assert (resumed.state, resumed.revision) == (CampaignState.SENDING, paused.revision)


@pytest.mark.parametrize("held", [True, False])
def test_a_revision_that_was_since_changed(sentinel: Sentinel, *, held: bool) -> None:
    """The change is refused with the present one, and nothing happens."""
    campaign_id = sentinel.create_started(3)
    if held:
        pause(sentinel)(campaign_id)
    edit(sentinel)(campaign_id, CampaignEdit(name="Theirs"))
    before = sentinel.campaign(campaign_id), sentinel.fan_out.progress(campaign_id)

    def rename(campaign_id: CampaignId, *, revisions: Collection[int]) -> object:
        return edit(sentinel)(campaign_id, CampaignEdit(name="Mine"), revisions=revisions)

    changes = (pause(sentinel), resume(sentinel), cancel(sentinel), rename)
    for change in changes:
        with pytest.raises(StaleRevision) as refusal:
            change(campaign_id, revisions={1})
        assert refusal.value.revision == before[0].revision

    assert (sentinel.campaign(campaign_id), sentinel.fan_out.progress(campaign_id)) == before


def test_two_people_who_read_the_same(sentinel: Sentinel) -> None:
    """Whose write comes second is told, though it was looked at before the first."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    theirs = edit(sentinel)
    sentinel.campaigns = InterruptedCampaigns(
        sentinel, lambda: theirs(campaign_id, CampaignEdit(name="Theirs"), revisions={1})
    )

    with pytest.raises(StaleRevision):
        edit(sentinel)(campaign_id, CampaignEdit(name="Mine"), revisions={1})

    assert sentinel.campaign(campaign_id).name == "Theirs"


def test_delivery_in_between_is_no_other_revision(sentinel: Sentinel) -> None:
    """The reconciler wrote the record meanwhile: the edit is done all the same."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    checked = replace(sentinel.campaign(campaign_id), next_check_at=NOW)
    sentinel.campaigns = InterruptedCampaigns(
        sentinel, lambda: MemoryCampaignRepository(sentinel.database).save(checked)
    )

    edited = edit(sentinel)(campaign_id, CampaignEdit(name="Mine"), revisions={1})

    assert (edited.campaign.name, edited.campaign.revision) == ("Mine", 2)


def test_moved_while_a_start_claims_it(sentinel: Sentinel) -> None:
    """The start was first: it is not moved, and goes out once."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    sentinel.clock.sleep(HOUR)
    start = sentinel.start_campaign
    sentinel.scheduler.tick()
    (request,) = sentinel.invoker.take_all()
    sentinel.campaigns = InterruptedCampaigns(sentinel, lambda: start(request))

    with pytest.raises(IllegalTransition):
        move(sentinel, campaign_id, AT_TEN + HOUR)

    sentinel.pass_time(2 * HOUR)
    assert sorted(sentinel.mailed()) == addresses(3)


@pytest.mark.parametrize("to", [None, AT_TEN + 2 * HOUR])
def test_moved_while_a_start_is_about_to_claim_it(sentinel: Sentinel, to: datetime | None) -> None:
    """The move was first: the start, which had read the old time, goes by the new one."""
    campaign_id = sentinel.create(3, schedule_at=AT_TEN)
    sentinel.clock.sleep(HOUR)
    sentinel.scheduler.tick()
    (request,) = sentinel.invoker.take_all()
    plain = sentinel.campaigns
    moving = edit(sentinel)
    new_time = NewTime(schedule_at=None if to is None else to.isoformat())
    sentinel.campaigns = InterruptedCampaigns(
        sentinel, lambda: moving(campaign_id, CampaignEdit(new_time=new_time))
    )

    sentinel.start_campaign(request)

    sentinel.campaigns = plain
    assert (sentinel.campaign(campaign_id).started_at is None) == (to is not None)
    sentinel.pass_time(3 * HOUR)
    assert sorted(sentinel.mailed()) == addresses(3)
    started_at = sentinel.campaign(campaign_id).started_at
    assert started_at is not None
    assert timedelta() <= started_at - (to or AT_TEN) <= MINUTE
