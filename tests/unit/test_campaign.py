"""What moves a campaign, and what does not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.campaign import (
    FINAL_STATES,
    TRANSITIONS,
    Campaign,
    CampaignEvent,
    CampaignState,
    PauseReason,
)
from domain.campaign_history import ChangeKind
from domain.errors import IllegalTransition
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.path_policy import ExecutionPath, Timing
from tests.unit.sentinel import MINUTE, NOW

LATENESS = timedelta(hours=6)

CAMPAIGN = Campaign(
    campaign_id=CampaignId("cmp_1"),
    name="News",
    template_id=TemplateId("greeting"),
    segment_id=SegmentId("everyone"),
    state=CampaignState.SCHEDULED,
    execution_path=ExecutionPath.SCHEDULED,
    schedule_at=NOW + timedelta(hours=1),
    created_at=NOW,
    next_check_at=NOW + MINUTE,
)

LATER = Timing(ExecutionPath.SCHEDULED, NOW + timedelta(hours=2))
PAST = Timing(ExecutionPath.IMMEDIATE, NOW - timedelta(days=30))

MOVES: Mapping[CampaignEvent, Callable[[Campaign], Campaign]] = {
    CampaignEvent.START: lambda campaign: campaign.start(NOW, NOW + MINUTE),
    CampaignEvent.FINISH: lambda campaign: campaign.finish(NOW),
    CampaignEvent.PAUSE: lambda campaign: campaign.pause(NOW, PauseReason.OPERATOR),
    CampaignEvent.RESUME: lambda campaign: campaign.resume(NOW, NOW + MINUTE),
    CampaignEvent.WAIT: lambda campaign: campaign.wait_again(NOW, NOW + MINUTE),
    CampaignEvent.RESCHEDULE: lambda campaign: campaign.reschedule(LATER, NOW, NOW + MINUTE),
    CampaignEvent.CANCEL: lambda campaign: campaign.cancel(NOW),
    CampaignEvent.EXPIRE: lambda campaign: campaign.expire(NOW),
    CampaignEvent.FAIL: lambda campaign: campaign.fail(NOW, "template gone"),
    CampaignEvent.REOPEN: lambda campaign: campaign.reopen(NOW, NOW + MINUTE),
}


def test_the_table_is_the_promised_one() -> None:
    """A campaign moves as delivery.md promises, and in no other way."""
    assert {
        (state.value, event.value, target.value)
        for state, events in TRANSITIONS.items()
        for event, target in events.items()
    } == {
        ("scheduled", "start", "sending"),
        ("scheduled", "pause", "paused"),
        ("scheduled", "reschedule", "scheduled"),
        ("scheduled", "cancel", "cancelled"),
        ("scheduled", "expire", "expired"),
        ("scheduled", "fail", "failed"),
        ("sending", "start", "sending"),
        ("sending", "finish", "sent"),
        ("sending", "pause", "paused"),
        ("sending", "cancel", "cancelled"),
        ("sending", "expire", "expired"),
        ("sending", "fail", "failed"),
        ("sent", "reopen", "sending"),
        ("paused", "pause", "paused"),
        ("paused", "resume", "sending"),
        ("paused", "wait", "scheduled"),
        ("paused", "reschedule", "paused"),
        ("paused", "cancel", "cancelled"),
    }
    assert set(TRANSITIONS) == set(CampaignState)


@pytest.mark.parametrize("event", MOVES)
@pytest.mark.parametrize("state", CampaignState)
def test_every_event_in_every_state(state: CampaignState, event: CampaignEvent) -> None:
    """An event moves the campaign along the table or is refused, and then changes nothing."""
    campaign = replace(CAMPAIGN, state=state)
    target = TRANSITIONS[state].get(event)
    if target is not None:
        assert MOVES[event](campaign).state is target
        return
    with pytest.raises(IllegalTransition) as refusal:
        MOVES[event](campaign)
    assert (refusal.value.state, refusal.value.event) == (state, event)
    said = f"A campaign that is {state.value} does not allow: {event.value}."
    assert str(refusal.value) == said, "as people read it"
    assert campaign == replace(CAMPAIGN, state=state)


def test_final_states() -> None:
    """Sent, cancelled, expired and failed are ends; nothing else is."""
    finals = {
        CampaignState.SENT,
        CampaignState.CANCELLED,
        CampaignState.EXPIRED,
        CampaignState.FAILED,
    }
    assert finals == FINAL_STATES
    assert {state for state in CampaignState if replace(CAMPAIGN, state=state).is_final} == finals


@pytest.mark.parametrize(
    "event",
    [CampaignEvent.FINISH, CampaignEvent.CANCEL, CampaignEvent.EXPIRE, CampaignEvent.FAIL],
)
def test_an_end_has_its_time_and_is_looked_back_on(event: CampaignEvent) -> None:
    """A campaign that ended shows when, and the reconciler looks at it once more, at once."""
    ended = MOVES[event](replace(CAMPAIGN, state=CampaignState.SENDING))
    assert ended.ended_at == NOW
    assert ended.next_check_at == NOW


def test_a_failure_says_why() -> None:
    """People read the reason on the campaign."""
    assert CAMPAIGN.fail(NOW, "template gone").failure_reason == "template gone"


def test_a_pause_says_why() -> None:
    """A paused campaign shows its reason and is not looked after."""
    paused = CAMPAIGN.pause(NOW, PauseReason.QUOTA)
    assert paused.pause_reason is PauseReason.QUOTA
    assert paused.next_check_at is None


def test_the_first_start_is_remembered() -> None:
    """A start taken up again keeps the time of the first."""
    started = CAMPAIGN.start(NOW, NOW + MINUTE)
    again = started.start(NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    assert again.started_at == NOW
    assert again.next_check_at == NOW + timedelta(hours=2)


def test_due_at_its_time() -> None:
    """A scheduled campaign may start from its time on, not before; a paused one not at all."""
    just_before = CAMPAIGN.schedule_at - timedelta(microseconds=1)
    assert not CAMPAIGN.is_due(just_before)
    assert CAMPAIGN.is_due(CAMPAIGN.schedule_at)
    assert replace(CAMPAIGN, state=CampaignState.SENDING).is_due(just_before)
    assert not CAMPAIGN.pause(NOW, PauseReason.OPERATOR).is_due(CAMPAIGN.schedule_at)


def test_awaiting_the_first_start() -> None:
    """A campaign waits for its first start until one claims it, unless it is held or has ended."""
    assert CAMPAIGN.awaits_first_start
    assert replace(CAMPAIGN, state=CampaignState.SENDING).awaits_first_start
    assert not CAMPAIGN.start(NOW, NOW + MINUTE).awaits_first_start
    assert not CAMPAIGN.pause(NOW, PauseReason.OPERATOR).awaits_first_start
    assert not CAMPAIGN.cancel(NOW).awaits_first_start


def test_too_late_counts_from_the_schedule() -> None:
    """A scheduled campaign is too late after its time plus the allowance, not at it."""
    latest = CAMPAIGN.schedule_at + LATENESS
    assert not CAMPAIGN.is_too_late(latest, LATENESS)
    assert CAMPAIGN.is_too_late(latest + timedelta(microseconds=1), LATENESS)


def test_too_late_counts_from_creation_for_a_time_in_the_past() -> None:
    """A campaign created with a time long past has the whole allowance from its creation."""
    campaign = replace(CAMPAIGN, schedule_at=NOW - timedelta(days=30))
    assert not campaign.is_too_late(NOW + LATENESS, LATENESS)
    assert campaign.is_too_late(NOW + LATENESS + timedelta(microseconds=1), LATENESS)


def test_too_late_counts_from_the_move_for_a_time_in_the_past() -> None:
    """A campaign moved to a time long past has the whole allowance from when it was moved."""
    now = NOW + timedelta(days=1)
    campaign = CAMPAIGN.reschedule(PAST, now, now)
    assert not campaign.is_too_late(now + LATENESS, LATENESS)
    assert campaign.is_too_late(now + LATENESS + timedelta(microseconds=1), LATENESS)
    assert campaign.startable_at == now


def test_when_it_could_have_started_stays_as_it_was_at_its_start() -> None:
    """A pause afterwards, or another claim of a range, makes its start no sooner or later."""
    sending = CAMPAIGN.reschedule(PAST, NOW + MINUTE, NOW).start(NOW + 2 * MINUTE, NOW)
    assert sending.startable_at == NOW + MINUTE
    paused = sending.pause(NOW, PauseReason.OPERATOR)
    again = paused.resume(NOW + LATENESS, NOW).start(NOW + 2 * LATENESS, NOW)
    assert again.startable_at == NOW + MINUTE
    # One from before that was kept: the second claim is not its start.
    assert replace(paused, could_start_at=None).resume(NOW, NOW).start(NOW, NOW) == replace(
        paused.resume(NOW, NOW).start(NOW, NOW), could_start_at=None
    )


def test_too_late_counts_from_the_time_it_was_moved_to() -> None:
    """The time that it had before says nothing any more."""
    campaign = CAMPAIGN.reschedule(LATER, NOW, NOW)
    assert not campaign.is_too_late(LATER.schedule_at + LATENESS, LATENESS)
    assert campaign.is_too_late(LATER.schedule_at + LATENESS + timedelta(microseconds=1), LATENESS)


def test_never_too_late_once_started() -> None:
    """A campaign that a start has claimed never expires, however long it takes."""
    started = CAMPAIGN.start(NOW, NOW + MINUTE)
    assert not started.is_too_late(NOW + timedelta(days=30), LATENESS)
    with pytest.raises(IllegalTransition):
        started.expire(NOW + timedelta(days=30))


TOLD_AS = {
    CampaignEvent.START: ChangeKind.STARTED,
    CampaignEvent.FINISH: ChangeKind.SENT,
    CampaignEvent.PAUSE: ChangeKind.PAUSED,
    CampaignEvent.RESUME: ChangeKind.RESUMED,
    CampaignEvent.WAIT: ChangeKind.RESUMED,
    CampaignEvent.CANCEL: ChangeKind.CANCELLED,
    CampaignEvent.EXPIRE: ChangeKind.EXPIRED,
    CampaignEvent.FAIL: ChangeKind.FAILED,
    CampaignEvent.REOPEN: ChangeKind.REOPENED,
}


@pytest.mark.parametrize(
    ("state", "event"), [(state, event) for state in TRANSITIONS for event in TRANSITIONS[state]]
)
def test_every_change_of_the_state_is_in_the_history(
    state: CampaignState, event: CampaignEvent
) -> None:
    """With its time, once; an event that leaves the state as it is leaves the history, too."""
    before = replace(CAMPAIGN, state=state, version=7)
    try:
        after = MOVES[event](before)
    except IllegalTransition:
        assert (state, event) == (CampaignState.PAUSED, CampaignEvent.PAUSE) or (
            event is CampaignEvent.EXPIRE
        )
        return

    if after.state is state:
        assert after.history == ()
        return
    (change,) = after.history
    assert (change.number, change.kind, change.state) == (1, TOLD_AS[event], after.state)
    assert change.at == NOW
    # It is written down by the next write of the record, and by no other.
    assert replace(after, version=8).new_changes == (change,)
    assert replace(after, version=9).new_changes == ()


def test_the_history_says_why() -> None:
    """Of a pause and of a failure; of what needs no reason it says none."""
    paused = CAMPAIGN.pause(NOW, PauseReason.QUOTA)
    resumed = paused.resume(NOW, NOW)
    failed = resumed.fail(NOW, "template gone")

    assert [(each.number, each.reason) for each in failed.history] == [
        (1, "quota"),
        (2, None),
        (3, "template gone"),
    ]


def test_a_campaign_moved_to_now_is_started() -> None:
    """People see that it goes out, as if its time had come."""
    moved = CAMPAIGN.reschedule(PAST, NOW, NOW + MINUTE)

    assert [(each.kind, each.state) for each in moved.history] == [
        (ChangeKind.STARTED, CampaignState.SENDING)
    ]
