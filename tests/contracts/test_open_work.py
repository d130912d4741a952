"""The contract of `domain.ports.open_work`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.campaign import PauseReason
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId
from tests.contracts.examples import (
    CAMPAIGN_ID,
    LATER,
    a_campaign,
    a_chunk,
    stored_campaign,
    stored_chunks,
)
from tests.contracts.family import Family
from tests.contracts.settable_clock import START

MINUTE = timedelta(minutes=1)
FAR = START + timedelta(days=365)


def open_campaigns(family: Family, count: int) -> list[CampaignId]:
    """Campaigns due a minute after each other, the first at the start; longest due first."""
    ids = [CampaignId(f"cmp_{number:026d}") for number in range(count)]
    for number, campaign_id in enumerate(ids):
        due_at = START + number * MINUTE
        stored_campaign(family, replace(a_campaign(campaign_id), next_check_at=due_at))
    return ids


def test_nothing_is_due_where_there_is_nothing(family: Family) -> None:
    """An empty sequence."""
    assert list(family.open_work.due(FAR, 10)) == []


def test_campaigns_and_chunks_are_due_at_their_time(family: Family) -> None:
    """Not a microsecond before."""
    stored_campaign(family, replace(a_campaign(), next_check_at=LATER))
    stored_chunks(family, [replace(a_chunk(7, range_number=0), next_check_at=LATER)])
    tick = timedelta(microseconds=1)

    assert list(family.open_work.due(LATER - tick, 10)) == []
    found: set[CampaignId | ChunkRef] = {CAMPAIGN_ID, ChunkRef(CAMPAIGN_ID, 0, 7)}
    assert set(family.open_work.due(LATER, 10)) == found
    assert set(family.open_work.due(LATER + tick, 10)) == found


@pytest.mark.parametrize("limit", [1, 3, 10, 30, 100])
def test_the_longest_due_come_first_up_to_the_limit(family: Family, limit: int) -> None:
    """However campaigns are spread over an index."""
    ids = open_campaigns(family, 30)

    assert list(family.open_work.due(FAR, limit)) == ids[:limit]


def test_work_of_the_future_does_not_use_up_the_limit(family: Family) -> None:
    """Only what is due is found."""
    ids = open_campaigns(family, 10)

    assert list(family.open_work.due(START + 3 * MINUTE, 100)) == ids[:4]


def test_campaigns_and_chunks_are_ordered_together(family: Family) -> None:
    """By time alone."""
    stored_campaign(family, replace(a_campaign(), next_check_at=START + 2 * MINUTE))
    stored_chunks(
        family,
        [replace(a_chunk(number), next_check_at=START + number * MINUTE) for number in (1, 3)],
    )

    found: Sequence[CampaignId | ChunkRef] = family.open_work.due(FAR, 10)

    assert list(found) == [ChunkRef(CAMPAIGN_ID, 0, 1), CAMPAIGN_ID, ChunkRef(CAMPAIGN_ID, 0, 3)]


def test_a_campaign_looked_at_is_due_again_later(family: Family) -> None:
    """A save moves it in the index."""
    campaign, _ = stored_campaign(family, replace(a_campaign(), next_check_at=START))

    family.campaigns.save(campaign.check_again(LATER))

    assert list(family.open_work.due(START, 10)) == []
    assert list(family.open_work.due(LATER, 10)) == [CAMPAIGN_ID]


def test_a_paused_or_final_campaign_is_not_due(family: Family) -> None:
    """It has no time to be looked at."""
    paused, cancelled = open_campaigns(family, 2)
    for campaign_id in (paused, cancelled):
        campaign = family.campaigns.get(campaign_id)
        assert campaign is not None
        family.campaigns.save(
            campaign.pause(PauseReason.OPERATOR)
            if campaign_id == paused
            else campaign.cancel(LATER)
        )

    assert list(family.open_work.due(FAR, 10)) == []


def test_a_finished_chunk_is_not_due(family: Family) -> None:
    """One that was put back is, at its later time."""
    stored_campaign(family, replace(a_campaign(), next_check_at=None))
    chunks = [replace(a_chunk(number), next_check_at=START) for number in range(2)]
    stored_chunks(family, chunks)

    family.chunks.save(chunks[0].skip_pending(), chunks[0])
    family.chunks.save(chunks[1].check_not_before(LATER), chunks[1])

    assert list(family.open_work.due(LATER - MINUTE, 10)) == []
    assert list(family.open_work.due(FAR, 10)) == [chunks[1].ref]


def test_campaigns_are_found_however_many_chunks_are_due(family: Family) -> None:
    """By themselves, longest due first."""
    ids = open_campaigns(family, 3)
    stored_campaign(family, replace(a_campaign(), next_check_at=None))
    stored_chunks(family, [replace(a_chunk(number), next_check_at=START) for number in range(9)])

    assert list(family.open_work.due_campaigns(FAR, 2)) == ids[:2]
    assert list(family.open_work.due_campaigns(START, 10)) == ids[:1]
