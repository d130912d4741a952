"""At one time of day where each recipient lives: when who is mailed, whatever happens between."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.metrics import Value
from adapters.memory.queue import MemorySendQueue
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.contact import ContactDraft
from domain.fan_out import FanOutRange, Wave
from domain.identifiers import CampaignId, ContactId, SegmentId
from domain.ports.metrics import Retry
from domain.priority import Priority
from domain.recipient import RecipientState
from domain.segment import Segment
from domain.suppression import Suppression, SuppressionReason
from domain.use_cases.cancel_campaign import CancelCampaign
from domain.use_cases.create_campaign import CampaignRequest
from domain.use_cases.erase_contact import EraseContact
from tests.unit.sentinel import MINUTE, NOW, Sentinel

HOUR = timedelta(hours=1)
AT = "2026-03-03T09:00"
HOMES = {
    "ada": "Asia/Tokyo",
    "ben": "Europe/Berlin",
    "cai": None,
    "dee": "America/New_York",
    "eve": "America/Los_Angeles",
}
TOKYO = datetime(2026, 3, 3, 0, tzinfo=UTC)
BERLIN = datetime(2026, 3, 3, 8, tzinfo=UTC)
NEW_YORK = datetime(2026, 3, 3, 14, tzinfo=UTC)
LOS_ANGELES = datetime(2026, 3, 3, 17, tzinfo=UTC)


def create(sentinel: Sentinel, homes: Mapping[str, str | None] = HOMES, at: str = AT) -> CampaignId:
    """A campaign in local time, of Berlin's where nobody knows; not run yet."""
    segment_id = SegmentId("everyone")
    sentinel.segments.add(Segment(segment_id=segment_id, name="Everyone", created_at=NOW))
    contacts = sentinel.contacts.put(
        [
            ContactDraft.of(f"{name}@example.com", {"name": name}, time_zone=home)
            for name, home in homes.items()
        ]
    )
    sentinel.segments.add_members(segment_id, [each.contact_id for each in contacts])
    created = sentinel.create_campaign(
        CampaignRequest(
            name="News",
            template_id=sentinel.add_template(),
            segment_id=segment_id,
            schedule_at=at,
            timezone="Europe/Berlin",
            local_time=True,
        )
    )
    return created.campaign.campaign_id


def run_until(sentinel: Sentinel, moment: datetime) -> None:
    """Minute by minute where there is anything to do: around full hours."""
    while (left := moment - sentinel.clock.now()) > timedelta():
        sentinel.pass_time(min(left, MINUTE))
        if 3 <= sentinel.clock.now().minute < 58:
            quiet = (58 - sentinel.clock.now().minute) * MINUTE
            sentinel.clock.sleep(min(quiet, moment - sentinel.clock.now()))


def mailed_at(sentinel: Sentinel) -> dict[str, datetime]:
    """When each was mailed, by name; each at most once."""
    names = [mail.message.to.partition("@")[0] for mail in sentinel.mailer.outbox]
    assert len(set(names)) == len(names)
    return dict(zip(names, (mail.at for mail in sentinel.mailer.outbox), strict=True))


def contact_of(sentinel: Sentinel, name: str) -> ContactId:
    """The contact of a name."""
    return sentinel.database.contacts_by_address[f"{name}@example.com"]


def states(sentinel: Sentinel) -> dict[str, RecipientState]:
    """How far each is, by name; each in one chunk."""
    found = [
        (recipient.address.partition("@")[0], progress.state)
        for chunk in sentinel.stored_chunks()
        for recipient, progress in zip(chunk.recipients, chunk.progress, strict=True)
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def enqueue_everything(sentinel: Sentinel) -> None:
    """As a start does that took over from a dead one."""
    sentinel.queue.enqueue([chunk.ref for chunk in sentinel.stored_chunks()], Priority.NORMAL)
    sentinel.run_workers()


def test_each_has_it_at_that_time_where_they_live(sentinel: Sentinel) -> None:
    """Within two minutes of it, and the campaign is sent with the last."""
    campaign_id = create(sentinel)
    run_until(sentinel, LOS_ANGELES - MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    run_until(sentinel, LOS_ANGELES + HOUR)

    wanted = {"ada": TOKYO, "ben": BERLIN, "cai": BERLIN, "dee": NEW_YORK, "eve": LOS_ANGELES}
    mailed = mailed_at(sentinel)
    assert mailed.keys() == wanted.keys()
    for name, at in wanted.items():
        assert at <= mailed[name] <= at + 2 * MINUTE
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_it_starts_with_the_first_zone_of_all(sentinel: Sentinel) -> None:
    """Kiritimati's, at UTC+14, whether or not somebody lives there."""
    campaign_id = create(sentinel)
    campaign = sentinel.campaign(campaign_id)
    assert campaign.state is CampaignState.SCHEDULED
    assert campaign.schedule_at == datetime(2026, 3, 2, 19, tzinfo=UTC)


def test_its_waves_are_shown_as_they_are_fanned_out(sentinel: Sentinel) -> None:
    """When, and how many; the past one counts as well."""
    sentinel.clock.sleep(16 * HOUR)
    campaign_id = create(sentinel)
    sentinel.run()
    assert mailed_at(sentinel).keys() == {"ada"}
    assert sentinel.fan_out.progress(campaign_id).waves == (
        Wave(TOKYO, 1),
        Wave(BERLIN, 2),
        Wave(NEW_YORK, 1),
        Wave(LOS_ANGELES, 1),
    )


def test_only_who_need_not_wait_is_put_on_the_queue(sentinel: Sentinel) -> None:
    """A queue is no place to wait for a day in."""
    sentinel.clock.sleep(16 * HOUR)
    create(sentinel)
    sentinel.run_starts()
    deliveries = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    (chunk,) = [each for each in sentinel.stored_chunks() if each.not_before is None]
    assert [each.chunk for each in deliveries] == [chunk.ref]


def test_a_message_before_its_time_is_dropped(sentinel: Sentinel) -> None:
    """Whoever put it there: nobody is mailed, and all are when their time comes."""
    create(sentinel)
    run_until(sentinel, BERLIN - HOUR)
    sentinel.queue.enqueue([chunk.ref for chunk in sentinel.stored_chunks()] * 2, Priority.NORMAL)
    sentinel.run_workers()
    assert mailed_at(sentinel).keys() == {"ada"}
    run_until(sentinel, LOS_ANGELES + HOUR)
    assert mailed_at(sentinel)["ben"] <= BERLIN + 2 * MINUTE
    assert mailed_at(sentinel).keys() == HOMES.keys()


def test_a_look_that_was_put_off_is_brought_forward(sentinel: Sentinel) -> None:
    """A message that comes early sees to it that the chunk is looked at with its wave."""
    create(sentinel)
    run_until(sentinel, TOKYO + HOUR)
    for chunk in sentinel.stored_chunks():
        if not chunk.is_finished:
            sentinel.chunks.save(chunk.check_at(LOS_ANGELES + 9 * HOUR), chunk)
    enqueue_everything(sentinel)
    run_until(sentinel, LOS_ANGELES + HOUR)
    assert mailed_at(sentinel)["eve"] <= LOS_ANGELES + 2 * MINUTE


def test_a_worker_whose_clock_is_behind_waits(sentinel: Sentinel) -> None:
    """Some seconds early by its clock: the chunk comes again then, not a minute later."""
    create(sentinel)
    run_until(sentinel, BERLIN - MINUTE)
    sentinel.clock.sleep(MINUTE - timedelta(seconds=3))
    enqueue_everything(sentinel)
    assert mailed_at(sentinel).keys() == {"ada"}
    sentinel.clock.sleep(timedelta(seconds=3))
    sentinel.run_workers()
    assert mailed_at(sentinel).keys() == {"ada", "ben", "cai"}


def test_who_moves_between_waves_stays_in_one(sentinel: Sentinel) -> None:
    """East or west: one mail, at the time of where they lived when it was fanned out."""
    create(sentinel)
    run_until(sentinel, BERLIN - HOUR)
    sentinel.contacts.put(
        [
            ContactDraft.of("ada@example.com", {"name": "ada"}, time_zone="America/Los_Angeles"),
            ContactDraft.of("eve@example.com", {"name": "eve"}, time_zone="Asia/Tokyo"),
        ]
    )
    run_until(sentinel, LOS_ANGELES + HOUR)
    assert mailed_at(sentinel)["ada"] <= TOKYO + 2 * MINUTE
    assert mailed_at(sentinel)["eve"] >= LOS_ANGELES


def test_a_wave_that_came_in_a_pause_goes_out_on_resuming(sentinel: Sentinel) -> None:
    """At once; later ones keep their time."""
    campaign_id = create(sentinel)
    run_until(sentinel, BERLIN - HOUR)
    sentinel.pause(campaign_id)
    run_until(sentinel, BERLIN + 2 * HOUR)
    assert mailed_at(sentinel).keys() == {"ada"}
    sentinel.resume_campaign(campaign_id)
    sentinel.run()
    assert mailed_at(sentinel).keys() == {"ada", "ben", "cai"}
    run_until(sentinel, LOS_ANGELES + HOUR)
    assert mailed_at(sentinel)["dee"] >= NEW_YORK
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_who_waits_is_skipped_once_it_is_cancelled(sentinel: Sentinel) -> None:
    """When the wave would have come, or a message does; nobody is mailed any more."""
    campaign_id = create(sentinel)
    run_until(sentinel, BERLIN + HOUR)
    CancelCampaign(
        campaigns=sentinel.campaigns, scheduler=sentinel.scheduler, clock=sentinel.clock
    )(campaign_id)
    run_until(sentinel, LOS_ANGELES + HOUR)
    skipped = {name for name, state in states(sentinel).items() if state is RecipientState.SKIPPED}
    assert skipped == {"dee", "eve"}
    assert mailed_at(sentinel).keys() == {"ada", "ben", "cai"}


def test_who_unsubscribes_before_their_wave_is_not_mailed(sentinel: Sentinel) -> None:
    """Suppressions are read when it goes out."""
    create(sentinel)
    run_until(sentinel, BERLIN)
    sentinel.suppressions.add(
        Suppression("dee@example.com", SuppressionReason.UNSUBSCRIBE, sentinel.clock.now())
    )
    run_until(sentinel, LOS_ANGELES + HOUR)
    assert "dee" not in mailed_at(sentinel)
    assert states(sentinel)["dee"] is RecipientState.SUPPRESSED


def test_who_is_erased_before_their_wave_is_not_mailed(sentinel: Sentinel) -> None:
    """Found among chunks that overlap."""
    sentinel.chunk_size = 1
    homes = {f"n{number}": list(HOMES.values())[number % 5] for number in range(20)}
    campaign_id = create(sentinel, homes)
    run_until(sentinel, TOKYO + HOUR)
    for name in ("n4", "n8", "n13"):
        assert EraseContact(
            contacts=sentinel.contacts,
            segments=sentinel.segments,
            suppressions=sentinel.suppressions,
            campaigns=sentinel.campaigns,
            chunks=sentinel.chunks,
            fan_out=sentinel.fan_out,
            clock=sentinel.clock,
            finish=sentinel.finish_campaign,
        )(contact_of(sentinel, name))
    run_until(sentinel, LOS_ANGELES + HOUR)
    assert mailed_at(sentinel).keys() == homes.keys() - {"n4", "n8", "n13"}
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize("most", [1, 2, 3, 49])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_more_waves_than_fit_into_a_step(sentinel: Sentinel, most: int, size: int) -> None:
    """Each is in one chunk, of one wave, and of no more chunks than a transaction takes."""
    sentinel.chunk_size, sentinel.max_chunks_a_step = size, most
    zones = [*(f"Etc/GMT{offset:+}" for offset in range(-14, 13)), None]
    homes = {f"n{number}": zones[number % len(zones)] for number in range(3 * len(zones))}
    campaign_id = create(sentinel, homes)
    sentinel.fan_out = fan_out = CountedFanOut(sentinel)
    run_until(sentinel, datetime(2026, 3, 2, 20, tzinfo=UTC))
    assert states(sentinel).keys() == homes.keys()
    assert max(fan_out.steps) <= most
    for chunk in sentinel.stored_chunks():
        local_time = sentinel.campaign(campaign_id).local_time
        assert local_time is not None
        homes_there = {
            local_time.instant(sentinel.database.contacts[each.contact_id].time_zone)
            for each in chunk.recipients
        }
        assert homes_there == {chunk.not_before or datetime(2026, 3, 2, 19, tzinfo=UTC)}


class CountedFanOut(MemoryFanOutRepository):
    """Keeps how many chunks each step wrote."""

    def __init__(self, sentinel: Sentinel) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self.steps: list[int] = []

    def append(self, fan_out_range: FanOutRange, chunks: Sequence[Chunk]) -> FanOutRange:
        """Kept."""
        self.steps.append(len(chunks))
        return super().append(fan_out_range, chunks)


@pytest.mark.parametrize("most", [1, 4, 49])
def test_everybody_is_found_by_contact(sentinel: Sentinel, most: int) -> None:
    """In the chunks of a step, which overlap, and of many steps."""
    sentinel.chunk_size, sentinel.max_chunks_a_step = 1, most
    homes = {f"n{number}": list(HOMES.values())[number % 5] for number in range(400)}
    campaign_id = create(sentinel, homes)
    run_until(sentinel, datetime(2026, 3, 2, 20, tzinfo=UTC))
    assert len(sentinel.stored_chunks()) == 400
    for name in homes:
        page = sentinel.list_recipients(campaign_id, contact_id=contact_of(sentinel, name))
        assert [recipient.address for recipient, _ in page.lines] == [f"{name}@example.com"]
    stranger = ContactId("con_stranger")
    assert sentinel.list_recipients(campaign_id, contact_id=stranger).lines == ()


def test_whoever_waits_for_their_wave_is_no_stall(sentinel: Sentinel) -> None:
    """Nothing to alarm anybody of; a wave that came and is not sent is."""
    create(sentinel)
    run_until(sentinel, NEW_YORK - 10 * MINUTE)
    assert waits(sentinel) == (timedelta(), timedelta())
    run_until(sentinel, NEW_YORK)
    sentinel.reconcile()
    assert waits(sentinel) == (timedelta(), timedelta())
    sentinel.clock.sleep(3 * HOUR + 20 * MINUTE)
    sentinel.reconcile()
    assert waits(sentinel) == (20 * MINUTE, 20 * MINUTE)


def waits(sentinel: Sentinel) -> tuple[Value, Value]:
    """The oldest chunk and the longest stall that the last pass saw."""
    seen = sentinel.metrics.of("open_work")[-1].values
    return seen["oldest_unfinished_chunk"], seen["longest_stall"]


class Counted(MemoryChunkRepository):
    """Counts requests that a table would be asked."""

    reads = 0
    writes = 0

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        """Forty a request."""
        self.reads += 1
        assert len(refs) <= 40
        return super().load_all(refs)

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """One."""
        self.writes += 1
        return super().save(chunk, before)


class CountedQueue(MemorySendQueue):
    """Counts batches."""

    batches = 0

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Ten a request."""
        self.batches += 1
        assert len(chunks) <= 10
        return super().enqueue(chunks, priority, delay)


def test_a_wave_costs_a_write_a_chunk_and_little_more(sentinel: Sentinel) -> None:
    """Of a hundred chunks: three reads, ten batches for the queue, a write each."""
    sentinel.chunk_size = 1
    create(sentinel, {f"n{number}": None for number in range(100)})
    run_until(sentinel, BERLIN - HOUR)
    sentinel.chunks = chunks = Counted(sentinel.database)
    sentinel.queue = queue = CountedQueue(sentinel.clock)
    sentinel.clock.sleep(HOUR)
    sentinel.reconcile()
    assert (chunks.reads, queue.batches, chunks.writes) == (3, 10, 100)
    assert Retry.CHUNK not in {each.values["what"] for each in sentinel.metrics.of("retried")}
    sentinel.run()
    assert len(mailed_at(sentinel)) == 100
