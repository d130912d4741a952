"""Reading a campaign with live counts."""

import pytest

from domain.campaign import CampaignState
from domain.errors import NotFound
from domain.identifiers import CampaignId
from domain.outcome import Refused
from domain.tally import Tally
from tests.unit.faults import AnsweringMailer
from tests.unit.sentinel import Sentinel


def test_counts_grow_with_the_chunks(sentinel: Sentinel) -> None:
    """People see how many are fanned out, how many are done and how, and how many are to come."""
    campaign_id = sentinel.create(60)
    campaign, progress = sentinel.read_campaign(campaign_id)
    assert campaign.state is CampaignState.SENDING
    assert (progress.recipients, progress.pending, progress.tally) == (0, 0, Tally())
    sentinel.run_starts()
    full, rest = sentinel.stored_chunks()
    refused = full.recipients[0].address
    sentinel.mailer = AnsweringMailer(sentinel.clock, {refused: [Refused("no such mailbox")]})
    sentinel.send_chunk(full.ref)
    _, progress = sentinel.read_campaign(campaign_id)
    assert (progress.recipients, progress.pending) == (60, 10)
    assert progress.tally == Tally(sent=49, failed=1, finished_chunks=1)
    sentinel.send_chunk(rest.ref)
    _, progress = sentinel.read_campaign(campaign_id)
    assert (progress.recipients, progress.pending) == (60, 0)
    assert progress.tally == Tally(sent=59, failed=1, finished_chunks=2)


def test_no_such_campaign(sentinel: Sentinel) -> None:
    """An id that names no campaign is not found, by that name."""
    with pytest.raises(NotFound) as error:
        sentinel.read_campaign(CampaignId("cmp_gone"))
    assert (error.value.kind, error.value.identifier) == ("campaign", "cmp_gone")
