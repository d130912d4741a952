"""The contract of `domain.ports.open_work`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.campaign import PauseReason
from domain.chunk import ChunkRef
from domain.contact import ContactDraft
from domain.identifiers import CampaignId, JobId
from domain.job import JobEvent
from domain.job_run import ErasureRun, JobRun, Run
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
from tests.contracts.test_jobs import an_export, an_import

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


def test_a_paused_campaign_is_not_due_and_a_final_one_is_until_it_was_looked_at(
    family: Family,
) -> None:
    """The one has no time to be looked at, the other that of its end."""
    paused, cancelled = open_campaigns(family, 2)
    first, second = family.campaigns.get(paused), family.campaigns.get(cancelled)
    assert first is not None
    assert second is not None
    family.campaigns.save(first.pause(LATER, PauseReason.OPERATOR))
    ended = family.campaigns.save(second.cancel(LATER))

    assert list(family.open_work.due(LATER - timedelta(microseconds=1), 10)) == []
    assert list(family.open_work.due(LATER, 10)) == [cancelled]
    family.campaigns.save(ended.check_again(None))
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


def test_jobs_and_erasures_are_due_at_their_time(family: Family) -> None:
    """By themselves, longest due first, and told apart."""
    due_now, later = JobId("imp_1"), JobId("exp_1")
    family.jobs.add(replace(an_import(due_now), next_check_at=START))
    family.jobs.add(replace(an_export(later), next_check_at=START + 2 * MINUTE))
    (contact,) = family.contacts.put([ContactDraft.of("ada@example.com", {})])
    family.contacts.begin_erasure(contact.contact_id, START + MINUTE)
    runs: list[Run] = [JobRun(due_now), ErasureRun(contact.contact_id), JobRun(later)]

    assert list(family.open_work.due_jobs(START - timedelta(microseconds=1), 10)) == []
    assert list(family.open_work.due_jobs(START, 10)) == runs[:1]
    assert list(family.open_work.due_jobs(FAR, 2)) == runs[:2]
    assert list(family.open_work.due_jobs(FAR, 10)) == runs


def test_jobs_are_not_among_campaigns_and_chunks(family: Family) -> None:
    """Nor those among the jobs."""
    family.jobs.add(replace(an_import(), next_check_at=START))
    stored_campaign(family, replace(a_campaign(), next_check_at=START))
    stored_chunks(family, [replace(a_chunk(7), next_check_at=LATER)])

    assert list(family.open_work.due_campaigns(FAR, 10)) == [CAMPAIGN_ID]
    assert list(family.open_work.due(FAR, 10)) == [CAMPAIGN_ID, ChunkRef(CAMPAIGN_ID, 0, 7)]
    assert list(family.open_work.due_jobs(FAR, 10)) == [JobRun(an_import().job_id)]


def test_what_has_ended_is_not_due(family: Family) -> None:
    """A job that has ended, and an erasure that has, leave the index; one noted moves in it."""
    running = an_export()
    family.jobs.add(running)
    family.jobs.save(running.end(JobEvent.FINISH, LATER))
    ended, noted = family.contacts.put(
        [ContactDraft.of(f"{name}@example.com", {}) for name in ("ada", "eve")]
    )
    for contact in (ended, noted):
        family.contacts.begin_erasure(contact.contact_id, START)
    erasure = family.contacts.begin_erasure(noted.contact_id, START)
    assert erasure is not None
    family.contacts.end_erasure(ended.contact_id)
    family.contacts.note_erasure(replace(erasure, next_check_at=LATER))

    assert list(family.open_work.due_jobs(START, 10)) == []
    assert list(family.open_work.due_jobs(FAR, 10)) == [ErasureRun(noted.contact_id)]
