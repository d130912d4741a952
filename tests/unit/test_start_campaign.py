"""Starting a campaign: everybody in the segment is fanned out, exactly once."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.segments import MemorySegmentRepository
from domain.campaign import Campaign, CampaignState
from domain.contact import ContactDraft
from domain.errors import DependencyRefused
from domain.fan_out import FanOutRange
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.path_policy import decide_timing
from domain.segment import MemberPage
from domain.start import StartRequest, Trigger
from domain.tally import Tally
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import Died, InterruptedQueue, PickyQueue
from tests.unit.sentinel import FOOTER, GREETING, MINUTE, NOW, Sentinel, SettableClock, addresses

NEWER = Content("Newer", "Newer", "Newer {{ postal_address }} {{ unsubscribe_url }}")


class SlowSegments(MemorySegmentRepository):
    """Reading a page takes ten seconds."""

    def __init__(self, sentinel: Sentinel) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._clock = sentinel.clock

    def members(
        self, segment_id: SegmentId, *, lower: str, upper: str, after: str | None, limit: int
    ) -> MemberPage:
        """Slowly."""
        self._clock.sleep(timedelta(seconds=10))
        return super().members(segment_id, lower=lower, upper=upper, after=after, limit=limit)


class InterruptedSegments(MemorySegmentRepository):
    """Something happens in the middle of the first read of members."""

    def __init__(self, sentinel: Sentinel, meanwhile: Callable[[], None]) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def members(
        self, segment_id: SegmentId, *, lower: str, upper: str, after: str | None, limit: int
    ) -> MemberPage:
        """Meanwhile the world goes on, once."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().members(segment_id, lower=lower, upper=upper, after=after, limit=limit)


class InterruptedFanOut(MemoryFanOutRepository):
    """Something happens just before the first claim of a range."""

    def __init__(self, sentinel: Sentinel, meanwhile: Callable[[], None]) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def claim(self, fan_out_range: FanOutRange, campaign: Campaign) -> tuple[FanOutRange, Campaign]:
        """Meanwhile the world goes on, once."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().claim(fan_out_range, campaign)


def assert_all_mailed_once(sentinel: Sentinel, campaign_id: CampaignId, size: int) -> None:
    """Exactly the members of the segment, once each, and the counts say so."""
    chunks = len(sentinel.stored_chunks())
    assert sorted(sentinel.mailed()) == addresses(size)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(sent=size, finished_chunks=chunks)
    _, progress = sentinel.read_campaign(campaign_id)
    assert (progress.recipients, progress.pending) == (size, 0)


@pytest.mark.parametrize("ranges", [1, 3])
@pytest.mark.parametrize("size", [0, 1, 50, 51, 500, 501])
def test_everybody_is_mailed_once(sentinel: Sentinel, size: int, ranges: int) -> None:
    """A segment of any size, in any number of ranges, is mailed whole, each member once."""
    sentinel.fan_out_ranges = ranges
    campaign_id = sentinel.create(size)
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, size)


def test_chunks_are_as_full_as_can_be(sentinel: Sentinel) -> None:
    """A member more than ten full chunks is an eleventh chunk of one."""
    sentinel.create_started(501)
    assert [len(chunk.recipients) for chunk in sentinel.stored_chunks()] == [50] * 10 + [1]


def test_an_empty_segment_is_sent_at_once(sentinel: Sentinel) -> None:
    """A campaign to nobody is sent by its start, with zero counts."""
    campaign_id = sentinel.create_started(0)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally()


def test_a_contact_that_is_gone_is_not_mailed(sentinel: Sentinel) -> None:
    """Somebody erased between joining the segment and the start is not counted and not mailed."""
    campaign_id = sentinel.create(3)
    gone = sentinel.database.contacts_by_address["person-1@example.com"]
    del sentinel.database.contacts[gone]
    sentinel.run()
    assert sorted(sentinel.mailed()) == ["person-0@example.com", "person-2@example.com"]
    assert sentinel.tally(campaign_id) == Tally(sent=2, finished_chunks=1)


def test_a_start_delivered_twice(sentinel: Sentinel) -> None:
    """A start that comes a second time, at any moment, changes nothing."""
    campaign_id = sentinel.create_started(120)
    sentinel.start(campaign_id)
    sentinel.run_workers()
    sentinel.start(campaign_id)
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 120)


def test_direct_and_scheduled_start_both(sentinel: Sentinel) -> None:
    """A campaign that the schedule and the reconciler both start is mailed once."""
    campaign_id = sentinel.create(60, schedule_at=NOW + timedelta(hours=1))
    sentinel.clock.sleep(timedelta(hours=1))
    sentinel.scheduler.tick()
    sentinel.reconcile()
    assert sentinel.run_starts() == 2
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 60)


def test_a_schedule_that_fires_a_little_early_waits(
    sentinel: Sentinel, clock: SettableClock
) -> None:
    """Where the starter's clock is some seconds behind, it waits for the campaign's time."""
    at = NOW + timedelta(hours=1)
    campaign_id = sentinel.create(1, schedule_at=at)
    clock.sleep(timedelta(hours=1) - timedelta(seconds=5))
    sentinel.start(campaign_id)
    assert clock.now() == at
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 1)


def test_an_immediate_start_does_not_wait(sentinel: Sentinel) -> None:
    """A campaign on the immediate path goes out now, though its time is some seconds ahead."""
    sentinel.create(1, schedule_at=NOW + timedelta(seconds=5))
    sentinel.run()
    assert [mail.at for mail in sentinel.mailer.outbox] == [NOW]


def test_a_start_before_its_time_does_nothing(sentinel: Sentinel) -> None:
    """A schedule that fires although the campaign is for later starts nothing."""
    campaign_id = sentinel.create(1, schedule_at=NOW + timedelta(hours=1))
    sentinel.start(campaign_id)
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.SCHEDULED
    assert sentinel.mailed() == []


def test_a_start_of_no_campaign_does_nothing(sentinel: Sentinel) -> None:
    """A start that outlives its campaign leaves quietly."""
    sentinel.start(CampaignId("cmp_gone"))
    assert sentinel.run_starts() == 0


@pytest.mark.parametrize("schedule_at", [None, NOW + timedelta(hours=1)])
def test_a_cancelled_or_paused_campaign_is_not_started(
    sentinel: Sentinel, schedule_at: datetime | None, clock: SettableClock
) -> None:
    """Who cancelled before the start sees nothing sent; who paused likewise."""
    campaign_id = sentinel.create(1, schedule_at=schedule_at)
    sentinel.pause(campaign_id)
    clock.sleep(timedelta(hours=2))
    sentinel.start(campaign_id)
    sentinel.cancel(campaign_id)
    sentinel.start(campaign_id)
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED
    assert sentinel.mailed() == []


def test_resumed_after_the_time_ran_out(sentinel: Sentinel) -> None:
    """A start that runs out of time stops between two steps and goes on in another run.

    Before that, too: a function that is killed in the midst of a step leaves a lease.
    """
    sentinel.segments = SlowSegments(sentinel)
    campaign_id = sentinel.create(1_201)
    sentinel.invoker.take_all()
    began = sentinel.clock.monotonic()
    sentinel.start(campaign_id, time_left=timedelta(seconds=25))
    assert len(sentinel.stored_chunks()) == 20
    assert sentinel.clock.monotonic() - began <= timedelta(seconds=25)
    assert not any(each.is_held(sentinel.clock.now()) for each in ranges_of(sentinel, campaign_id))
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 1_201)


def test_a_second_starter_does_not_begin(sentinel: Sentinel) -> None:
    """While one start reads its first members another one does nothing."""
    campaign_id = sentinel.create(120)
    seen: list[int] = []

    def second_start() -> None:
        sentinel.start(campaign_id)
        seen.append(len(sentinel.stored_chunks()))

    sentinel.segments = InterruptedSegments(sentinel, second_start)
    sentinel.run()
    assert seen == [0]
    assert_all_mailed_once(sentinel, campaign_id, 120)


def test_a_second_starter_leaves_quietly(sentinel: Sentinel) -> None:
    """While one start enqueues its chunks another one does nothing."""
    campaign_id = sentinel.create(120)
    seen: list[int] = []

    def second_start() -> None:
        sentinel.start(campaign_id)
        seen.append(len(sentinel.stored_chunks()))

    sentinel.queue = InterruptedQueue(sentinel.clock, second_start)
    sentinel.run()
    assert seen == [3]
    assert_all_mailed_once(sentinel, campaign_id, 120)


def test_a_dead_starters_lease_is_taken_over(sentinel: Sentinel) -> None:
    """A start that dies with chunks written and not enqueued is finished once its lease is over."""
    campaign_id = sentinel.create(1_001)

    def die() -> None:
        raise Died

    sentinel.queue = InterruptedQueue(sentinel.clock, die)
    with pytest.raises(Died):
        sentinel.run()
    sentinel.start(campaign_id)
    assert len(sentinel.stored_chunks()) == 10
    sentinel.clock.sleep(sentinel.policy.fan_out_lease)
    sentinel.start(campaign_id)
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 1_001)


def test_a_dead_starter_is_missed(sentinel: Sentinel) -> None:
    """A start that dies is repeated without anybody asking, in minutes."""
    campaign_id = sentinel.create(120)

    def die() -> None:
        raise Died

    sentinel.queue = InterruptedQueue(sentinel.clock, die)
    with pytest.raises(Died):
        sentinel.run()
    sentinel.pass_time(3 * MINUTE)
    assert_all_mailed_once(sentinel, campaign_id, 120)


def test_an_overtaken_starter_writes_nothing(sentinel: Sentinel) -> None:
    """A start that stalled past its lease and wakes up behind another one leaves quietly."""
    campaign_id = sentinel.create(120)

    def stall() -> None:
        sentinel.clock.sleep(sentinel.policy.fan_out_lease)
        sentinel.start(campaign_id)

    sentinel.segments = InterruptedSegments(sentinel, stall)
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 120)


def test_cancelled_while_it_fans_out(sentinel: Sentinel) -> None:
    """A cancel that comes while members are read keeps every one of them from a mail."""
    campaign_id = sentinel.create(120)
    sentinel.segments = InterruptedSegments(sentinel, lambda: sentinel.cancel(campaign_id))
    sentinel.run()
    sentinel.pass_time(10 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED
    assert sentinel.mailed() == []


def test_a_queue_that_takes_a_part(sentinel: Sentinel) -> None:
    """Chunks that the queue did not take are offered again."""
    campaign_id = sentinel.create(500)
    sentinel.queue = PickyQueue(sentinel.clock, refusals=1)
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 500)


def test_a_queue_that_keeps_refusing(sentinel: Sentinel) -> None:
    """A start that cannot enqueue fails aloud, and is repeated until it can."""
    campaign_id = sentinel.create(500)
    sentinel.queue = PickyQueue(sentinel.clock, refusals=2)
    with pytest.raises(DependencyRefused):
        sentinel.run()
    sentinel.pass_time(3 * MINUTE)
    assert_all_mailed_once(sentinel, campaign_id, 500)


@pytest.mark.parametrize("schedule_at", [None, NOW + timedelta(hours=1)])
def test_too_late(sentinel: Sentinel, clock: SettableClock, schedule_at: datetime | None) -> None:
    """A first start after the allowed lateness sends nothing: the campaign is expired."""
    campaign_id = sentinel.create(3, schedule_at=schedule_at)
    wanted_at = sentinel.campaign(campaign_id).schedule_at
    clock.sleep(wanted_at - NOW + sentinel.policy.max_lateness + timedelta(microseconds=1))
    sentinel.run_starts()
    sentinel.pass_time(MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.EXPIRED
    assert sentinel.campaign(campaign_id).ended_at is not None
    assert sentinel.mailed() == []


def test_just_in_time(sentinel: Sentinel, clock: SettableClock) -> None:
    """A first start at the last moment of the allowed lateness still sends."""
    campaign_id = sentinel.create(3)
    clock.sleep(sentinel.policy.max_lateness)
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 3)


def test_never_too_late_once_started(sentinel: Sentinel, clock: SettableClock) -> None:
    """A campaign that took a day after its start is finished, not expired."""
    sentinel.segments = SlowSegments(sentinel)
    campaign_id = sentinel.create(1_001)
    sentinel.invoker.take_all()
    sentinel.start(campaign_id, time_left=timedelta(seconds=5))
    clock.sleep(timedelta(days=1))
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 1_001)


def test_the_template_is_gone(sentinel: Sentinel) -> None:
    """A campaign whose template was deleted before its start fails and says why."""
    campaign_id = sentinel.create(3)
    del sentinel.database.templates[TemplateId("greeting")]
    sentinel.run()
    assert_failed(sentinel, campaign_id, "template gone")


def test_the_segment_is_gone(sentinel: Sentinel) -> None:
    """A campaign whose segment was deleted before its start fails and says why."""
    campaign_id = sentinel.create(3)
    del sentinel.database.segments[SegmentId("everyone")]
    sentinel.run()
    assert_failed(sentinel, campaign_id, "segment gone")


def test_the_template_was_broken(sentinel: Sentinel) -> None:
    """A campaign whose template was broken by an edit before its start fails and says why."""
    campaign_id = sentinel.create(3)
    edit_template(sentinel, Content("News", "{% if %}", "News"))
    sentinel.run()
    assert_failed(sentinel, campaign_id, "template broken: html")


def test_an_edit_before_the_start_counts(sentinel: Sentinel) -> None:
    """What the template says at the start is what is sent."""
    sentinel.create(1, schedule_at=NOW + timedelta(hours=1))
    edit_template(sentinel, NEWER)
    sentinel.pass_time(timedelta(hours=2))
    assert [mail.message.subject for mail in sentinel.mailer.outbox] == ["Newer"]


def test_a_start_that_loses_to_another_time_has_not_fixed_the_content(sentinel: Sentinel) -> None:
    """Moved to tomorrow just as it started, it goes out tomorrow as the template is then."""
    campaign_id = sentinel.create(1, schedule_at=NOW + timedelta(hours=1))

    def move() -> None:
        now = sentinel.clock.now()
        timing = decide_timing((now + timedelta(days=1)).isoformat(), now)
        sentinel.campaigns.save(
            sentinel.campaign(campaign_id).reschedule(timing, now, now + MINUTE)
        )

    sentinel.fan_out = InterruptedFanOut(sentinel, move)
    sentinel.pass_time(timedelta(hours=2))
    assert sentinel.mailed() == []
    edit_template(sentinel, NEWER)
    sentinel.pass_time(timedelta(days=1))

    assert [mail.message.subject for mail in sentinel.mailer.outbox] == ["Newer"]


@pytest.mark.parametrize("when", ["before the start", "at its moment"])
def test_an_edit_that_takes_the_way_out_from_a_marketing_mail(
    sentinel: Sentinel, when: str
) -> None:
    """Nobody is mailed what could not have been created: the campaign fails, and says why."""
    campaign_id = sentinel.create(3)
    bare = Content("News", "<p>News</p>", "News")
    if when == "before the start":
        edit_template(sentinel, bare)
    else:
        sentinel.fan_out = InterruptedFanOut(sentinel, lambda: edit_template(sentinel, bare))
    with suppress(DependencyRefused):
        sentinel.run()

    assert_failed(sentinel, campaign_id, "template: A marketing mail needs {{ unsubscribe_url }}")


def test_a_postal_address_that_is_gone_fails_the_campaign(sentinel: Sentinel) -> None:
    """Scheduled under a deployment that had one: nobody is mailed, and it says what to set."""
    campaign_id = sentinel.create(3)
    sentinel.footer = replace(FOOTER, postal_address="")
    sentinel.run()

    reason = "template: The template merges {{ postal_address }}, and the deployment has none"
    assert_failed(sentinel, campaign_id, reason)
    assert "POSTAL_ADDRESS" in (sentinel.campaign(campaign_id).failure_reason or "")


def test_renamed_at_the_moment_of_the_start(sentinel: Sentinel) -> None:
    """The start that lost its claim is followed by another at once."""
    campaign_id = sentinel.create(3)

    def rename() -> None:
        sentinel.campaigns.save(sentinel.campaign(campaign_id).rename("Another"))

    sentinel.fan_out = InterruptedFanOut(sentinel, rename)
    sentinel.run()

    assert_all_mailed_once(sentinel, campaign_id, 3)


def test_an_edit_at_the_moment_of_the_start_counts(sentinel: Sentinel) -> None:
    """What stands once the start has claimed the campaign is sent, not what it looked at before."""
    sentinel.create(1)
    sentinel.fan_out = InterruptedFanOut(sentinel, lambda: edit_template(sentinel, NEWER))
    sentinel.run()

    assert [mail.message.subject for mail in sentinel.mailer.outbox] == ["Newer"]


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_change_after_the_start_does_not_count(sentinel: Sentinel, change: str) -> None:
    """Everybody gets the content of the start, also where it is edited or deleted midway."""
    sentinel.segments = SlowSegments(sentinel)
    campaign_id = sentinel.create(501)
    sentinel.invoker.take_all()
    sentinel.start(campaign_id, time_left=timedelta(seconds=5))
    if change == "edited":
        edit_template(sentinel, NEWER)
    else:
        del sentinel.database.templates[TemplateId("greeting")]
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 501)
    assert not [mail for mail in sentinel.mailer.outbox if mail.message.subject == "Newer"]


@pytest.mark.parametrize(
    ("subject", "merged"),
    [
        ("{{ name }}", "Ann"),
        ("{{ name|default('friend') }}", "Ann"),
        ("{% set name = name|default('friend') %}Hi {{ name }}", "Hi Ann"),
        ("{% if vip %}{% set name = 'VIP' %}{% endif %}Hi {{ name }}", "Hi Ann"),
    ],
)
def test_people_get_their_own_fields(sentinel: Sentinel, subject: str, merged: str) -> None:
    """A template that takes a field in any way is sent with the person's value of it."""
    created = sentinel.create_campaign(
        CampaignRequest(
            name="News",
            template_id=sentinel.add_template(replace(GREETING, subject=subject, html="<p>")),
            segment_id=sentinel.add_segment([{"name": "Ann", "vip": False}]),
        )
    )
    sentinel.run()
    assert [mail.message.subject for mail in sentinel.mailer.outbox] == [merged]
    assert sentinel.tally(created.campaign.campaign_id).sent == 1


def test_only_the_fields_that_are_merged_are_kept(sentinel: Sentinel) -> None:
    """What the template does not merge is not copied into the campaign's records."""
    sentinel.add_segment([{"name": "Ann", "diagnosis": "private"}])
    created = sentinel.create_campaign(
        CampaignRequest(
            name="News", template_id=sentinel.add_template(), segment_id=SegmentId("everyone")
        )
    )
    sentinel.run_starts()
    (chunk,) = sentinel.stored_chunks()
    assert chunk.ref.campaign_id == created.campaign.campaign_id
    assert chunk.recipients[0].fields == {"name": "Ann"}


def test_a_change_of_address_after_the_start_does_not_count(sentinel: Sentinel) -> None:
    """Who is mailed, and with which fields, is fixed when the campaign starts."""
    sentinel.create_started(1)
    sentinel.contacts.put([ContactDraft.of("person-0@example.com", {"name": "Changed"})])
    sentinel.run()
    assert [mail.message.subject for mail in sentinel.mailer.outbox] == ["News for N0"]


def test_the_log_says_who_started(sentinel: Sentinel, caplog: pytest.LogCaptureFixture) -> None:
    """Operators find the starts of the scheduler by the word EventBridge, and only those."""
    caplog.set_level(logging.INFO)
    campaign_id = sentinel.create(1)
    sentinel.run()
    assert "EventBridge" not in caplog.text
    sentinel.start_campaign(StartRequest(campaign_id, Trigger.SCHEDULE))
    assert "EventBridge" in caplog.text
    assert "example.com" not in caplog.text


def ranges_of(sentinel: Sentinel, campaign_id: CampaignId) -> tuple[FanOutRange, ...]:
    """As stored."""
    return sentinel.fan_out.progress(campaign_id).ranges


def edit_template(sentinel: Sentinel, content: Content) -> None:
    """As people do."""
    template = sentinel.database.templates[TemplateId("greeting")]
    sentinel.database.templates[template.template_id] = replace(template, content=content)


def assert_failed(sentinel: Sentinel, campaign_id: CampaignId, reason: str) -> None:
    """Nothing sent, now or later; the reason is on the campaign."""
    sentinel.pass_time(10 * MINUTE)
    campaign = sentinel.campaign(campaign_id)
    assert campaign.state is CampaignState.FAILED
    assert campaign.failure_reason is not None
    assert campaign.failure_reason.startswith(reason)
    assert sentinel.mailed() == []


def test_a_start_without_time_still_gets_on(sentinel: Sentinel) -> None:
    """However little time each run has, the campaign is fanned out in the end."""
    campaign_id = sentinel.create(1_001)
    sentinel.invoker.take_all()
    for _ in range(3):
        sentinel.start(campaign_id, time_left=timedelta())
    sentinel.run()
    assert_all_mailed_once(sentinel, campaign_id, 1_001)


def test_a_start_that_breaks_off_can_be_repeated_at_once(
    sentinel: Sentinel, caplog: pytest.LogCaptureFixture
) -> None:
    """It gives its range back, says so with the campaign's id, and the next one mails everybody."""
    campaign_id = sentinel.create(120)
    request = StartRequest(campaign_id)
    working = sentinel.queue
    sentinel.queue = PickyQueue(sentinel.clock, refusals=1_000)

    with pytest.raises(DependencyRefused):
        sentinel.start_campaign(request)

    (line,) = [record for record in caplog.records if "broken off" in record.message]
    assert line.__dict__["campaign_id"] == campaign_id
    sentinel.queue = working
    sentinel.start_campaign(request)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT
