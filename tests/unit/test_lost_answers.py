"""Answers that get lost, and defects that stay alone: nobody is mailed twice or kept waiting."""

from datetime import datetime, timedelta

import pytest

from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.database import MemoryDatabase
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.fan_out import FanOutRange, new_ranges
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId, LeaseToken, SegmentId, TemplateId
from domain.priority import Priority
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.sentinel import MINUTE, NOW, Sentinel, addresses

REQUEST = CampaignRequest(
    name="News", template_id=TemplateId("greeting"), segment_id=SegmentId("everyone")
)


class UnansweringCampaigns(MemoryCampaignRepository):
    """Does not answer a new campaign, which it may have stored."""

    def __init__(self, database: MemoryDatabase, *, stores: bool) -> None:
        """Over a shared database."""
        super().__init__(database)
        self._stores = stores

    def add(
        self,
        campaign: Campaign,
        ranges: tuple[FanOutRange, ...],
        record: IdempotencyRecord | None = None,
    ) -> None:
        """Timed out."""
        if self._stores:
            super().add(campaign, ranges, record)
        raise DependencyUnavailable("Timed out.")


class RefusingCampaigns(UnansweringCampaigns):
    """Does not answer a new campaign, and then takes no question any more, as a disk that fails."""

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """Refused."""
        raise DependencyRefused(f"{campaign_id} cannot be read.")


class DamagedChunks(MemoryChunkRepository):
    """One record cannot be read."""

    def __init__(self, database: MemoryDatabase, damaged: ChunkRef) -> None:
        """Over a shared database."""
        super().__init__(database)
        self._damaged = damaged

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Not this one."""
        if ref == self._damaged:
            raise ValueError("not JSON")
        return super().load(ref)


def test_a_campaign_whose_storing_was_not_answered_is_looked_for(sentinel: Sentinel) -> None:
    """It stands: a client that was told otherwise would create another and mail everybody twice."""
    sentinel.add_template()
    sentinel.add_segment([{"name": "Ann"}])
    sentinel.campaigns = UnansweringCampaigns(sentinel.database, stores=True)
    created = sentinel.create_campaign(REQUEST)
    sentinel.run()
    assert sentinel.state(created.campaign.campaign_id) is CampaignState.SENT
    assert sentinel.mailed() == addresses(1)


def test_a_campaign_that_is_not_there_is_not_pretended(sentinel: Sentinel) -> None:
    """The fault is told, and nothing goes out later."""
    sentinel.add_template()
    sentinel.add_segment([{"name": "Ann"}])
    sentinel.campaigns = UnansweringCampaigns(sentinel.database, stores=False)
    with pytest.raises(DependencyUnavailable):
        sentinel.create_campaign(REQUEST)
    sentinel.pass_time(timedelta(hours=1))
    assert sentinel.mailed() == []


@pytest.mark.parametrize("stores", [True, False])
def test_a_campaign_that_cannot_be_looked_for_may_be_there(
    sentinel: Sentinel, *, stores: bool
) -> None:
    """That looking was refused says nothing of it: who is told that nothing was done asks again."""
    sentinel.add_template()
    sentinel.add_segment([{"name": "Ann"}])
    sentinel.campaigns = RefusingCampaigns(sentinel.database, stores=stores)
    with pytest.raises(DependencyUnavailable):
        sentinel.create_campaign(REQUEST)


def test_a_damaged_chunk_does_not_keep_its_neighbours(sentinel: Sentinel) -> None:
    """Those before it are acknowledged, those after it sent; it stays on the queue."""
    sentinel.create_started(120)
    deliveries = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    damaged = deliveries[1]
    sentinel.chunks = DamagedChunks(sentinel.database, damaged.chunk)
    assert sentinel.send_batch(deliveries) == [deliveries[0], deliveries[2]]
    assert len(sentinel.mailed()) == 70


def test_a_damaged_record_does_not_end_the_reconciler(sentinel: Sentinel) -> None:
    """It is logged and stays due; everything else is looked after in the same run."""
    sentinel.create_started(120)
    lost = [delivery.chunk for delivery in sentinel.queue.receive(10, timedelta(), Priority.NORMAL)]
    sentinel.chunks = DamagedChunks(sentinel.database, lost[0])
    sentinel.clock.sleep(timedelta(minutes=5))
    sentinel.reconcile(limit=1)
    found = {
        delivery.chunk for delivery in sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    }
    assert found == set(lost[1:])


def test_a_backlog_of_dead_entries_does_not_keep_a_campaign_from_starting(
    sentinel: Sentinel,
) -> None:
    """However much is due that nothing can be done about."""
    sentinel.create_started(500)
    sentinel.clock.sleep(timedelta(minutes=10))
    waiting = sentinel.create_campaign(REQUEST).campaign.campaign_id
    sentinel.invoker.take_all()
    for ref in [chunk.ref for chunk in sentinel.stored_chunks()]:
        sentinel.chunks = DamagedChunks(sentinel.database, ref)
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile(limit=1)
    assert waiting in {request.campaign_id for request in sentinel.take_starts()}


def test_a_range_that_is_held_does_not_keep_the_others(sentinel: Sentinel) -> None:
    """Two starters share a campaign of several ranges; each range is fanned out once."""
    campaign_id = sentinel.create(120)
    sentinel.invoker.take_all()
    divide(sentinel, campaign_id, held_until=NOW + MINUTE)
    sentinel.start(campaign_id)
    ranges = sentinel.database.ranges[campaign_id]
    assert [ranges[number].is_complete for number in sorted(ranges)] == [False, True, True, True]
    sentinel.pass_time(timedelta(minutes=5))
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def divide(sentinel: Sentinel, campaign_id: CampaignId, held_until: datetime) -> None:
    """Into four ranges, the first of which somebody else is at."""
    first, *others = new_ranges(campaign_id, 4)
    held = first.claim(LeaseToken("somebody"), held_until)
    sentinel.database.ranges[campaign_id] = {each.number: each for each in (held, *others)}
