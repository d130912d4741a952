"""When a campaign is called sent."""

from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from tests.unit.faults import OvertakenCampaigns
from tests.unit.sentinel import MINUTE, NOW, Sentinel


def done_but_not_called_sent(sentinel: Sentinel) -> CampaignId:
    """Everybody is mailed, nobody has looked."""
    campaign_id = sentinel.create_started(3)
    for chunk in sentinel.stored_chunks():
        sentinel.send_chunk(chunk.ref)
    return campaign_id


def test_all_done(sentinel: Sentinel) -> None:
    """With everybody fanned out and every chunk finished it is sent, and shows when; once."""
    campaign_id = done_but_not_called_sent(sentinel)
    sentinel.clock.sleep(MINUTE)
    assert sentinel.finish_campaign(campaign_id)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.campaign(campaign_id).ended_at == NOW + MINUTE
    assert not sentinel.finish_campaign(campaign_id)
    assert sentinel.campaign(campaign_id).ended_at == NOW + MINUTE


def test_not_before_the_start(sentinel: Sentinel) -> None:
    """A campaign that no start has looked at has no chunks, yet it is not sent."""
    campaign_id = sentinel.create(3)
    assert not sentinel.finish_campaign(campaign_id)
    assert sentinel.state(campaign_id) is CampaignState.SENDING


def test_not_before_the_last_chunk(sentinel: Sentinel) -> None:
    """A campaign with one chunk still to send is not sent."""
    campaign_id = sentinel.create_started(60)
    sentinel.send_chunk(sentinel.stored_chunks()[0].ref)
    assert not sentinel.finish_campaign(campaign_id)
    sentinel.send_chunk(sentinel.stored_chunks()[1].ref)
    assert sentinel.finish_campaign(campaign_id)


def test_a_paused_or_cancelled_campaign_is_not_called_sent(sentinel: Sentinel) -> None:
    """A pause or a cancel stands, though everything happened to be done."""
    campaign_id = done_but_not_called_sent(sentinel)
    sentinel.pause(campaign_id)
    assert not sentinel.finish_campaign(campaign_id)
    assert sentinel.state(campaign_id) is CampaignState.PAUSED
    sentinel.cancel(campaign_id)
    assert not sentinel.finish_campaign(campaign_id)
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED


def test_no_such_campaign(sentinel: Sentinel) -> None:
    """A campaign that is gone is not sent, and nothing breaks."""
    assert not sentinel.finish_campaign(CampaignId("cmp_gone"))


def test_a_lost_race(sentinel: Sentinel) -> None:
    """Who loses a race for the campaign's record looks again."""
    campaign_id = done_but_not_called_sent(sentinel)
    sentinel.campaigns = OvertakenCampaigns(sentinel.database, times=2)
    assert sentinel.finish_campaign(campaign_id)


def test_races_lost_over_and_over(sentinel: Sentinel) -> None:
    """Who loses every race leaves it to the reconciler, which then finds it."""
    campaign_id = done_but_not_called_sent(sentinel)
    sentinel.campaigns = OvertakenCampaigns(sentinel.database, times=3)
    assert not sentinel.finish_campaign(campaign_id)
    sentinel.pass_time(MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SENT
