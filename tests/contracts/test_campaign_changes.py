"""The contract of `domain.ports.campaign_changes`: no change of a state without its note."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.campaign_history import MAX_HISTORY, ChangeKind, ChangeRef, StateChange
from domain.errors import VersionConflict
from domain.fan_out import new_ranges
from domain.identifiers import LeaseToken
from tests.contracts.examples import CAMPAIGN_ID, LATER, a_campaign, a_chunk, stored_chunks
from tests.contracts.family import Family
from tests.contracts.settable_clock import START


def added(family: Family, state: CampaignState = CampaignState.SENDING) -> Campaign:
    """A campaign as it is created."""
    campaign = a_campaign(state=state).as_created()
    family.campaigns.add(campaign, new_ranges(CAMPAIGN_ID, 1))
    return campaign


def noted(family: Family) -> list[StateChange | None]:
    """Every change that is to be announced, oldest first."""
    return [family.campaign_changes.get(ref) for ref in family.campaign_changes.due(100)]


def test_a_new_campaign_is_noted(family: Family) -> None:
    """With the state that it begins in, from 1 on."""
    campaign = added(family)

    assert family.campaign_changes.due(10) == [ChangeRef(CAMPAIGN_ID, 1)]
    (change,) = campaign.history
    assert noted(family) == [change]
    assert (change.kind, change.state, change.at) == (
        ChangeKind.STARTED,
        CampaignState.SENDING,
        START,
    )


def _saved(family: Family, campaign: Campaign) -> Campaign:
    return family.campaigns.save(campaign.pause(LATER, PauseReason.OPERATOR))


def _claimed(family: Family, campaign: Campaign) -> Campaign:
    (part,) = family.fan_out.progress(CAMPAIGN_ID).ranges
    held = part.claim(LeaseToken("mine"), LATER)
    return family.fan_out.claim(held, campaign.start(LATER, LATER))[1]


def _reopened(family: Family, campaign: Campaign) -> Campaign:
    chunk = replace(a_chunk(), next_check_at=LATER)
    stored_chunks(family, [chunk])
    finished = family.campaigns.save(campaign.finish(START))
    for ref in family.campaign_changes.due(10):
        family.campaign_changes.remove(ref)
    return family.chunks.reopen(chunk, chunk, finished.reopen(LATER, LATER))[1]


@pytest.mark.parametrize(
    ("write", "before", "kind"),
    [
        (_saved, CampaignState.SENDING, ChangeKind.PAUSED),
        (_claimed, CampaignState.SCHEDULED, ChangeKind.STARTED),
        (_reopened, CampaignState.SENDING, ChangeKind.REOPENED),
    ],
)
def test_every_write_that_changes_the_state_notes_it(
    family: Family,
    write: Callable[[Family, Campaign], Campaign],
    before: CampaignState,
    kind: ChangeKind,
) -> None:
    """Whichever port it is written by; and the campaign tells the same as its history."""
    campaign = write(family, added(family, before))

    last = noted(family)[-1]
    assert last is not None
    assert (last.kind, last.at) == (kind, LATER)
    assert last == campaign.history[-1]
    assert family.campaigns.get(CAMPAIGN_ID) == campaign


def test_a_write_that_changes_no_state_notes_nothing(family: Family) -> None:
    """What is announced stays so, however often the campaign is written after that."""
    campaign = added(family)
    family.campaign_changes.remove(ChangeRef(CAMPAIGN_ID, 1))

    for _ in range(2):
        campaign = family.campaigns.save(campaign.check_again(LATER).edited())

    assert family.campaign_changes.due(10) == []
    assert [each.number for each in campaign.history] == [1]


def test_a_lost_race_notes_nothing(family: Family) -> None:
    """Neither the change nor the campaign is there."""
    campaign = added(family)
    family.campaigns.save(campaign.rename("Winter"))

    with pytest.raises(VersionConflict):
        family.campaigns.save(campaign.pause(LATER, PauseReason.OPERATOR))

    assert [ref.number for ref in family.campaign_changes.due(10)] == [1]


def test_changes_are_due_oldest_first_up_to_the_limit(family: Family) -> None:
    """Of all campaigns together."""
    campaign = added(family)
    campaign = family.campaigns.save(campaign.pause(LATER, PauseReason.OPERATOR))

    assert [ref.number for ref in family.campaign_changes.due(1)] == [1]
    assert [ref.number for ref in family.campaign_changes.due(10)] == [1, 2]


def test_a_change_is_taken_away_once(family: Family) -> None:
    """A second time does no harm."""
    added(family)
    ref = ChangeRef(CAMPAIGN_ID, 1)

    family.campaign_changes.remove(ref)
    family.campaign_changes.remove(ref)

    assert family.campaign_changes.due(10) == []
    assert family.campaign_changes.get(ref) is None


def test_a_campaign_keeps_its_latest_changes(family: Family) -> None:
    """So many, numbered on; each of them was noted."""
    campaign = added(family)
    for _ in range(MAX_HISTORY):
        campaign = family.campaigns.save(campaign.pause(LATER, PauseReason.OPERATOR))
        campaign = family.campaigns.save(campaign.resume(LATER, LATER))

    stored = family.campaigns.get(CAMPAIGN_ID)

    total = 1 + 2 * MAX_HISTORY
    assert stored is not None
    assert [each.number for each in stored.history] == [
        *range(total - MAX_HISTORY + 1, total + 1),
    ]
    assert len(family.campaign_changes.due(100)) == total
