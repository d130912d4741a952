"""A line of analytics says what the ledger says, whoever dies, fails or overtakes whom."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.analytics import MemoryAnalyticsRepository
from adapters.memory.fan_out import MemoryFanOutRepository
from domain.campaign import CampaignState
from domain.errors import DependencyUnavailable
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId
from domain.local_time import LocalTime
from domain.outcome import Unknown
from domain.path_line import LOOKS, LineRef, PathLine, line_of
from domain.path_policy import ExecutionPath
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.use_cases.settle_unknown import UnknownAction
from tests.unit.exporting import Life, Mortal
from tests.unit.faults import AnsweringMailer, Died
from tests.unit.sentinel import MINUTE, NOW, Sentinel

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PORTS = ("analytics", "campaigns", "chunks", "fan_out", "open_work")


class InterruptedFanOut(MemoryFanOutRepository):
    """Something happens after the ledger was read, before the reader knows."""

    def __init__(self, sentinel: Sentinel, meanwhile: Callable[[], object]) -> None:
        """Once."""
        super().__init__(sentinel.database)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """As it was."""
        progress = super().progress(campaign_id)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return progress


def line(sentinel: Sentinel, campaign_id: CampaignId) -> PathLine | None:
    """As stored."""
    ref = line_of(sentinel.campaign(campaign_id))
    return None if ref is None else sentinel.database.lines.get(ref)


def the_line(sentinel: Sentinel, campaign_id: CampaignId) -> PathLine:
    """Which is there."""
    found = line(sentinel, campaign_id)
    assert found is not None
    return found


def by_the_ledger(sentinel: Sentinel, campaign_id: CampaignId) -> PathLine:
    """What the line is to say, but for how often it was written, and when."""
    campaign, progress = sentinel.read_campaign(campaign_id)
    stored = the_line(sentinel, campaign_id)
    return replace(PathLine.of(campaign, progress, stored.as_of), version=stored.version)


def complain(sentinel: Sentinel, position: int = 0) -> None:
    """The provider tells that a reader of the first chunk calls it spam."""
    sentinel.provider_events.tell(
        ProviderEvent(
            kind=ProviderEventKind.COMPLAINT,
            chunk=sentinel.stored_chunks()[0].ref,
            position=position,
            message_id="m",
            at=sentinel.clock.now(),
        )
    )
    sentinel.run_events()


def test_a_campaign_has_its_line_a_minute_after_its_end(sentinel: Sentinel) -> None:
    """With how soon it started, how long it took, and everybody counted."""
    campaign_id = sentinel.create(60)
    sentinel.clock.sleep(timedelta(seconds=2, microseconds=1_999))
    sentinel.run_starts()
    sentinel.clock.sleep(timedelta(seconds=9))
    sentinel.run()
    assert line(sentinel, campaign_id) is None
    sentinel.pass_time(MINUTE)
    found = the_line(sentinel, campaign_id)
    assert found == by_the_ledger(sentinel, campaign_id)
    assert (found.path, found.state) == (ExecutionPath.IMMEDIATE, CampaignState.SENT)
    assert (found.start_latency_ms, found.lateness_ms, found.sending_ms) == (2_001, 2_001, 9_000)
    assert (found.recipients, found.tally.sent, found.pending) == (60, 60, 0)
    assert found.ref == LineRef(NOW.date(), campaign_id)


def test_a_scheduled_campaign_is_late_by_how_long_it_started_after_its_time(
    sentinel: Sentinel,
) -> None:
    """It is on the day of its start, not of its creation."""
    wanted_at = datetime(2026, 3, 3, 23, 59, 59, 500_000, tzinfo=UTC)
    campaign_id = sentinel.create(3, wanted_at)
    sentinel.clock.sleep(wanted_at - NOW + timedelta(seconds=1))
    sentinel.scheduler.tick()
    sentinel.run()
    sentinel.pass_time(MINUTE)
    found = the_line(sentinel, campaign_id)
    assert found == by_the_ledger(sentinel, campaign_id)
    assert (found.path, found.start_latency_ms, found.lateness_ms) == (
        ExecutionPath.SCHEDULED,
        1_000,
        1_000,
    )
    assert found.ref.day == wanted_at.date() + DAY


def test_a_day_is_utc_s(sentinel: Sentinel) -> None:
    """Whatever zone a time is written in."""
    campaign = sentinel.campaign(sentinel.create(0))
    ahead = datetime.fromisoformat("2026-03-03T01:00:00+02:00")
    ref = line_of(campaign.start(ahead, ahead))
    assert ref is not None
    assert ref.day.isoformat() == "2026-03-02"


def test_one_that_waits_for_its_start_has_no_line(sentinel: Sentinel) -> None:
    """Nothing can be said of it yet, however often it is looked at."""
    campaign_id = sentinel.create(3, NOW + HOUR)
    sentinel.pass_time(5 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SCHEDULED
    assert sentinel.database.lines == {}


def test_one_that_never_started_is_on_the_day_of_its_end(sentinel: Sentinel) -> None:
    """Without a latency: nothing started it."""
    cancelled = sentinel.create(3, NOW + 3 * DAY)
    sentinel.clock.sleep(DAY)
    sentinel.cancel(cancelled)
    sentinel.pass_time(MINUTE)
    found = the_line(sentinel, cancelled)
    assert found == by_the_ledger(sentinel, cancelled)
    assert found.ref.day == NOW.date() + DAY
    assert found.state is CampaignState.CANCELLED
    assert (found.start_latency_ms, found.lateness_ms, found.sending_ms) == (None, None, None)


def test_one_that_cannot_start_or_is_too_late_has_a_line(sentinel: Sentinel) -> None:
    """Failed and expired: they are what people look for."""
    failed, late = (
        sentinel.create_of(sentinel.add_template(name=name), sentinel.add_segment([], name))
        for name in ("gone", "late")
    )
    del sentinel.database.templates[sentinel.campaign(failed).template_id]
    sentinel.start(failed)
    sentinel.clock.sleep(sentinel.policy.max_lateness + MINUTE)
    sentinel.start(late)
    sentinel.pass_time(MINUTE)
    for campaign_id, state in ((failed, CampaignState.FAILED), (late, CampaignState.EXPIRED)):
        assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)
        assert the_line(sentinel, campaign_id).state is state


def test_one_under_way_has_a_line_soon_and_another_every_hour(sentinel: Sentinel) -> None:
    """Nobody waits for the end of a long one; nor is it written with every chunk."""
    campaign_id = sentinel.create_started(120)
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)
    assert the_line(sentinel, campaign_id).state is CampaignState.SENDING
    sentinel.send_chunk(sentinel.stored_chunks()[0].ref)
    for _ in range(58):
        sentinel.clock.sleep(MINUTE)
        sentinel.reconcile()
    assert the_line(sentinel, campaign_id).version == 1
    assert the_line(sentinel, campaign_id).tally.sent == 0
    for _ in range(2):
        sentinel.clock.sleep(MINUTE)
        sentinel.reconcile()
    assert the_line(sentinel, campaign_id).version == 2
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)
    assert the_line(sentinel, campaign_id).tally.sent == 50


def test_a_paused_one_is_read_on_though_nobody_looks_at_it(sentinel: Sentinel) -> None:
    """Its line says so after an hour at the latest."""
    campaign_id = sentinel.create_started(60)
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    sentinel.pause(campaign_id)
    sentinel.pass_time(HOUR + MINUTE)
    assert the_line(sentinel, campaign_id).state is CampaignState.PAUSED


def test_a_pause_makes_no_start_late_and_no_sending_slow(sentinel: Sentinel) -> None:
    """The latency stays as it was; how long it took to send nobody can tell any more."""
    campaign_id = sentinel.create(60)
    sentinel.clock.sleep(timedelta(seconds=3))
    sentinel.run_starts()
    sentinel.pause(campaign_id)
    sentinel.clock.sleep(5 * HOUR)
    sentinel.resume_campaign(campaign_id)
    sentinel.run()
    sentinel.pass_time(MINUTE)
    found = the_line(sentinel, campaign_id)
    assert found.state is CampaignState.SENT
    assert (found.start_latency_ms, found.sending_ms) == (3_000, None)


def test_one_in_local_time_is_no_slow_one(sentinel: Sentinel) -> None:
    """It waits for its waves: a day from the first to the last says nothing of the sending."""
    campaign_id = sentinel.create(3)
    sentinel.run()
    sent = sentinel.campaign(campaign_id)
    progress = sentinel.fan_out.progress(campaign_id)
    assert PathLine.of(sent, progress, NOW).sending_ms == 0
    in_waves = replace(sent, local_time=LocalTime(NOW.replace(tzinfo=None), "Europe/Berlin"))
    assert PathLine.of(in_waves, progress, NOW).sending_ms is None


def test_one_resumed_before_its_start_is_late_from_then_on(sentinel: Sentinel) -> None:
    """It was not wanted before; and it was sent in one go."""
    campaign_id = sentinel.create(3, NOW + HOUR)
    sentinel.pause(campaign_id)
    sentinel.clock.sleep(2 * HOUR)
    sentinel.resume_campaign(campaign_id)
    sentinel.clock.sleep(timedelta(seconds=4))
    sentinel.run()
    sentinel.pass_time(MINUTE)
    found = the_line(sentinel, campaign_id)
    assert (found.start_latency_ms, found.lateness_ms, found.sending_ms) == (4_000, 4_000, 0)


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_told_late_is_in_the_line_after_the_next_look(
    sentinel: Sentinel, look: timedelta
) -> None:
    """A complaint of the day after is, and nobody wrote it but the reconciler."""
    campaign_id = sentinel.create(3)
    sentinel.run()
    sentinel.pass_time(MINUTE)
    ended_at = sentinel.campaign(campaign_id).ended_at
    assert ended_at is not None
    sentinel.clock.sleep(ended_at + look - sentinel.clock.now() - MINUTE)
    sentinel.reconcile()
    complain(sentinel)
    sentinel.reconcile()
    assert the_line(sentinel, campaign_id).tally.complained == 0
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    assert the_line(sentinel, campaign_id).tally.complained == 1
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)
    assert the_line(sentinel, campaign_id).as_of == sentinel.clock.now()


def test_a_clock_that_is_behind_makes_no_latency_negative(sentinel: Sentinel) -> None:
    """The starter's may be: it then started at once."""
    campaign = sentinel.campaign(sentinel.create(3))
    early = campaign.start(NOW - MINUTE, NOW)
    line = PathLine.of(early, sentinel.fan_out.progress(early.campaign_id), NOW)
    assert (line.start_latency_ms, line.lateness_ms) == (0, 0)


def test_of_one_under_way_counts_are_no_news_but_its_state_is(sentinel: Sentinel) -> None:
    """Else every look would write: they are something else each time."""
    campaign_id = sentinel.create_started(120)
    ref = line_of(sentinel.campaign(campaign_id))
    assert ref is not None
    sentinel.write_line(ref)
    sentinel.send_chunk(sentinel.stored_chunks()[0].ref)
    sentinel.write_line(ref)
    assert the_line(sentinel, campaign_id).version == 1
    sentinel.pause(campaign_id)
    sentinel.write_line(ref)
    assert the_line(sentinel, campaign_id).version == 2
    assert the_line(sentinel, campaign_id).state is CampaignState.PAUSED


def test_there_is_an_end_to_looking(sentinel: Sentinel) -> None:
    """A line is written four times, and then neither it nor its campaign is looked at."""
    campaign_id = sentinel.create(3)
    sentinel.run()
    for _ in range(9 * 24 * 2):
        sentinel.clock.sleep(HOUR / 2)
        sentinel.reconcile()
    assert the_line(sentinel, campaign_id).version == 4
    sentinel.clock.sleep(1_000 * DAY)
    assert sentinel.reconcile() == 0


def test_a_reconciler_that_was_away_catches_up_with_one_look(sentinel: Sentinel) -> None:
    """Whatever it missed."""
    campaign_id = sentinel.create(3)
    sentinel.run()
    sentinel.clock.sleep(30 * DAY)
    complain(sentinel)
    assert sentinel.reconcile() == 1
    assert sentinel.reconcile() == 0
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)


def held(sentinel: Sentinel) -> CampaignId:
    """A sent campaign with somebody of unknown outcome."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(
        sentinel.clock, {"person-0@example.com": [Unknown("the answer was cut")]}
    )
    sentinel.run()
    sentinel.pass_time(MINUTE)
    assert the_line(sentinel, campaign_id).tally.unknown == 1
    return campaign_id


def test_what_is_watched_as_unknown_is_in_the_line_as_soon_as_it_is_known(
    sentinel: Sentinel,
) -> None:
    """Of such a campaign every look reads the ledger: it need not wait for the hour."""
    campaign_id = held(sentinel)
    (chunk,) = sentinel.stored_chunks()
    complain(sentinel, chunk.unknown[0])
    sentinel.pass_time(MINUTE)
    assert the_line(sentinel, campaign_id).tally.unknown == 0
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)


def test_who_settles_by_hand_after_the_last_look_sees_it(sentinel: Sentinel) -> None:
    """Given up a month later, when nobody would look by itself; also where the first try broke."""
    campaign_id = held(sentinel)
    for _ in range(2):
        sentinel.clock.sleep(20 * DAY)
        sentinel.reconcile()
    assert sentinel.campaign(campaign_id).next_check_at is None
    campaigns = sentinel.campaigns
    # Its second call of the campaigns is the first after the chunk was settled.
    setattr(sentinel, "campaigns", Mortal(campaigns, Life(1, happens=unanswered)))  # noqa: B010
    with pytest.raises(DependencyUnavailable):
        sentinel.settle_unknown(campaign_id, UnknownAction.GIVE_UP)
    sentinel.campaigns = campaigns
    assert sentinel.tally(campaign_id).failed == 1
    assert sentinel.settle_unknown(campaign_id, UnknownAction.GIVE_UP).settled == 0
    sentinel.pass_time(MINUTE)
    assert the_line(sentinel, campaign_id).tally.failed == 1
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)


def test_a_reopened_campaign_is_under_way_and_then_looked_back_on_anew(
    sentinel: Sentinel,
) -> None:
    """Its looks count from its new end; nobody knows how long it stood still."""
    campaign_id = held(sentinel)
    sentinel.clock.sleep(3 * DAY)
    sentinel.settle_unknown(campaign_id, UnknownAction.RESEND)
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.SENT
    sentinel.pass_time(MINUTE)
    found = the_line(sentinel, campaign_id)
    assert found == by_the_ledger(sentinel, campaign_id)
    assert (found.state, found.tally.sent, found.sending_ms) == (CampaignState.SENT, 3, None)
    assert found.ended_at is not None
    assert found.next_look_at == found.ended_at + LOOKS[0]


def looked_back(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """What a process does at the end of a campaign, and after it."""
    sentinel.finish_campaign(campaign_id)
    for duration in (MINUTE, HOUR, DAY):
        sentinel.clock.sleep(duration)
        sentinel.reconcile()


def disturbed(life: Life) -> None:
    """A campaign whose end and looks are `life`'s; the next processes live."""
    sentinel = Sentinel()
    campaign_id = sentinel.create_started(3)
    for chunk in sentinel.stored_chunks():
        sentinel.send_chunk(chunk.ref)
    ports = {name: getattr(sentinel, name) for name in PORTS}
    for name, port in ports.items():
        setattr(sentinel, name, Mortal(port, life))
    try:
        looked_back(sentinel, campaign_id)
    except (Died, DependencyUnavailable):
        pass
    finally:
        for name, port in ports.items():
            setattr(sentinel, name, port)
    complain(sentinel)
    for duration in (MINUTE, MINUTE, HOUR, DAY, 7 * DAY):
        sentinel.clock.sleep(duration)
        sentinel.reconcile()
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)
    assert the_line(sentinel, campaign_id).tally.complained == 1
    assert list(sentinel.database.lines) == [the_line(sentinel, campaign_id).ref]
    assert sentinel.campaign(campaign_id).next_check_at is None
    assert sentinel.reconcile() == 0


def unanswered() -> None:
    """A call that was done, or not: nobody knows."""
    raise DependencyUnavailable("The store did not answer.")


def test_no_kill_and_no_fault_is_seen() -> None:
    """At whichever call it is, before or after: the line ends as the ledger has it, and once."""
    undisturbed = Life(None)
    disturbed(undisturbed)
    assert undisturbed.calls > 20
    for number in range(undisturbed.calls):
        for after in (False, True):
            disturbed(Life(number, after=after))
            disturbed(Life(number, after=after, happens=unanswered))


def test_an_older_reading_is_never_put_over_a_newer_one(sentinel: Sentinel) -> None:
    """Of two reconcilers the one that read first and wrote last reads again."""
    campaign_id = sentinel.create(3)
    sentinel.run()
    ref = line_of(sentinel.campaign(campaign_id))
    assert ref is not None
    undisturbed, interrupted = sentinel.fan_out, InterruptedFanOut(sentinel, lambda: None)

    def meanwhile() -> None:
        complain(sentinel)
        sentinel.fan_out = undisturbed
        sentinel.clock.sleep(timedelta(seconds=1))
        sentinel.write_line(ref)
        sentinel.fan_out = interrupted

    interrupted._meanwhile = meanwhile
    sentinel.fan_out = interrupted
    sentinel.write_line(ref)
    assert the_line(sentinel, campaign_id).tally.complained == 1
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)


def test_analytics_that_fail_keep_nobody_from_being_sent(sentinel: Sentinel) -> None:
    """The store of lines is down: a stalled start is made good all the same, and lines come."""

    class Down(MemoryAnalyticsRepository):
        def get(self, ref: LineRef) -> PathLine | None:
            raise DependencyUnavailable(f"No answer for {ref}.")

    sentinel.analytics = Down(sentinel.database)
    campaign_id = sentinel.create(60)
    sentinel.invoker.take_all()
    sentinel.pass_time(5 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.database.lines == {}
    sentinel.analytics = MemoryAnalyticsRepository(sentinel.database)
    sentinel.pass_time(MINUTE)
    assert the_line(sentinel, campaign_id) == by_the_ledger(sentinel, campaign_id)
