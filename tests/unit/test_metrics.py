"""What operators are told, and when."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.metrics import Value
from adapters.memory.open_work import MemoryOpenWork
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import Campaign, CampaignState
from domain.errors import DependencyUnavailable, UnknownReference, VersionConflict
from domain.fan_out import FanOutRange
from domain.grants import TOLERANCE, WINDOW
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.ports.metrics import Retry
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import (
    AnsweringMailer,
    Died,
    DyingMailer,
    FailingChunks,
    OvertakenCampaigns,
    RefusingInvoker,
    RefusingStartQueue,
)
from tests.unit.sentinel import MINUTE, NOW, Sentinel, addresses

FIRST = "person-0@example.com"
ZERO = timedelta()
HOUR = timedelta(hours=1)
QUIET: Mapping[str, Value] = {
    "unknown_held": 0,
    "oldest_unknown": ZERO,
    "oldest_unfinished_chunk": ZERO,
    "longest_stall": ZERO,
}


class OvertakenFanOut(MemoryFanOutRepository):
    """Somebody else claims first."""

    def claim(self, fan_out_range: FanOutRange, campaign: Campaign) -> tuple[FanOutRange, Campaign]:
        """Lost."""
        raise VersionConflict(f"{fan_out_range.number} of {campaign.campaign_id}")


class UnreadableOpenWork(MemoryOpenWork):
    """Does not answer."""

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """No answer."""
        raise DependencyUnavailable(f"No answer for {limit} at {now}.")


def told(sentinel: Sentinel, what: str) -> list[Mapping[str, Value]]:
    """What was told under this name so far."""
    return [report.values for report in sentinel.metrics.of(what)]


def halted(sentinel: Sentinel) -> list[CampaignState]:
    """The states of the campaigns that need somebody, as told."""
    return [each.campaign.state for each in sentinel.metrics.of("campaign_halted") if each.campaign]


def a_pass(sentinel: Sentinel) -> Mapping[str, Value]:
    """What the reconciler tells of its next pass."""
    sentinel.reconcile()
    return told(sentinel, "open_work")[-1]


def with_unknown(sentinel: Sentinel, count: int) -> CampaignId:
    """A sent campaign that holds so many."""
    sentinel.mailer = AnsweringMailer(
        sentinel.clock,
        {f"person-{number}@example.com": [Unknown("timeout")] for number in range(count)},
    )
    campaign_id = sentinel.create(count + 1)
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.SENT
    return campaign_id


@pytest.mark.parametrize("schedule_at", [None, NOW + HOUR])
def test_a_campaign_is_created(sentinel: Sentinel, schedule_at: datetime | None) -> None:
    """Told once, whether or not its start could be arranged."""
    sentinel.invoker = RefusingInvoker()
    campaign_id = sentinel.create(1, schedule_at)
    (report,) = sentinel.metrics.of("campaign_created")
    assert report.campaign is not None
    assert report.campaign.campaign_id == campaign_id


def test_what_is_refused_is_not_created(sentinel: Sentinel) -> None:
    """Nothing is told of a campaign that there is not."""
    request = CampaignRequest(
        name="News", template_id=sentinel.add_template(), segment_id=SegmentId("nobody")
    )
    with pytest.raises(UnknownReference):
        sentinel.create_campaign(request)
    assert sentinel.metrics.reports == ()


def test_a_campaign_starts_once(sentinel: Sentinel) -> None:
    """Its first start is told, with its moment; other ranges and other starts are not."""
    sentinel.fan_out_ranges = 3
    campaign_id = sentinel.create(10)
    sentinel.clock.sleep(MINUTE)
    sentinel.run_starts()
    sentinel.start(campaign_id)
    (report,) = sentinel.metrics.of("campaign_started")
    assert report.campaign is not None
    assert report.campaign.started_at == NOW + MINUTE


def test_a_start_that_loses_its_race_is_not_told(sentinel: Sentinel) -> None:
    """Of two starts at once the one that claimed the campaign tells."""
    campaign_id = sentinel.create(10)
    sentinel.invoker.take_all()
    able = sentinel.fan_out
    sentinel.fan_out = OvertakenFanOut(sentinel.database)
    sentinel.start(campaign_id)
    assert sentinel.metrics.of("campaign_started") == []
    sentinel.fan_out = able
    sentinel.start(campaign_id)
    assert len(sentinel.metrics.of("campaign_started")) == 1


def test_a_campaign_that_expires_needs_somebody(sentinel: Sentinel) -> None:
    """Told once."""
    campaign_id = sentinel.create(1)
    sentinel.clock.sleep(sentinel.policy.max_lateness + MINUTE)
    sentinel.start(campaign_id)
    sentinel.start(campaign_id)
    assert halted(sentinel) == [CampaignState.EXPIRED]


def test_a_campaign_that_cannot_start_needs_somebody(sentinel: Sentinel) -> None:
    """Told once."""
    campaign_id = sentinel.create(1)
    sentinel.database.templates.clear()
    sentinel.start(campaign_id)
    sentinel.start(campaign_id)
    assert halted(sentinel) == [CampaignState.FAILED]


def test_a_campaign_paused_by_its_account_needs_somebody(sentinel: Sentinel) -> None:
    """Told once, however many chunks wait behind it."""
    sentinel.create_started(120)
    sentinel.mailer = AnsweringMailer(
        sentinel.clock, {address: [AccountBlocked("suspended")] for address in addresses(120)}
    )
    sentinel.campaigns = OvertakenCampaigns(sentinel.database, times=1)
    sentinel.run_workers()
    assert halted(sentinel) == [CampaignState.PAUSED]
    assert told(sentinel, "sends") == [{"blocked": 120}]


def test_people_know_of_their_own_pause(sentinel: Sentinel) -> None:
    """It needs nobody else."""
    sentinel.pause(sentinel.create_started(1))
    sentinel.run_workers()
    assert halted(sentinel) == []


def test_outcomes_are_told_a_micro_batch_at_a_time(sentinel: Sentinel) -> None:
    """Counted by what became of them; who was suppressed was not sent to."""
    sentinel.limiter = MemoryRateLimiter(4)
    answers: Mapping[str, Sequence[Outcome]] = {
        "person-0@example.com": [Refused("no")],
        "person-1@example.com": [Unknown("timeout")],
    }
    sentinel.mailer = AnsweringMailer(sentinel.clock, answers)
    sentinel.create(6)
    sentinel.suppress("person-2@example.com")
    sentinel.run()
    totals = Counter[str]()
    for counts in told(sentinel, "sends"):
        totals.update({name: count for name, count in counts.items() if isinstance(count, int)})
    assert len(told(sentinel, "sends")) == 2
    assert totals == {"accepted": 3, "refused": 1, "unknown": 1}


def test_whom_a_worker_died_over_is_told(sentinel: Sentinel) -> None:
    """By the one that finds them; their mails were accepted, but nobody knows it."""
    sentinel.create_started(3)
    sentinel.mailer = DyingMailer(sentinel.clock, 2)
    with pytest.raises(Died):
        sentinel.run_workers()
    assert told(sentinel, "sends") == []
    sentinel.pass_time(15 * MINUTE)
    assert told(sentinel, "sends") == [{"unknown": 3}]


def test_whom_a_worker_died_over_in_the_middle_of_a_chunk_is_told(sentinel: Sentinel) -> None:
    """Once, apart from the others of the chunk."""
    sentinel.limiter = MemoryRateLimiter(10)
    sentinel.create_started(25)
    sentinel.mailer = DyingMailer(sentinel.clock, 4)
    with pytest.raises(Died):
        sentinel.run_workers()
    sentinel.pass_time(15 * MINUTE)
    assert told(sentinel, "sends") == [{"unknown": 10}, {"accepted": 10}, {"accepted": 5}]


def test_outcomes_that_are_not_recorded_are_not_told(sentinel: Sentinel) -> None:
    """What nobody wrote down is told as what it shows as: unknown."""
    sentinel.create_started(3)
    sentinel.chunks = FailingChunks(sentinel.database, range(1, 18))
    sentinel.run_workers()
    assert told(sentinel, "sends") == []
    sentinel.pass_time(15 * MINUTE)
    assert told(sentinel, "sends") == [{"unknown": 3}]


def test_the_wait_for_each_grant_is_told(sentinel: Sentinel) -> None:
    """Nothing for the first, a window for the next."""
    sentinel.limiter = MemoryRateLimiter(10)
    sentinel.create(15)
    sentinel.run()
    assert told(sentinel, "limiter_wait") == [{"wait": ZERO}, {"wait": WINDOW + TOLERANCE}]


def test_what_is_done_once_more_is_told(sentinel: Sentinel) -> None:
    """A chunk put back, a chunk enqueued again, a start invoked again."""
    sentinel.create(1)
    sentinel.invoker.take_all()
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    assert told(sentinel, "retried") == [{"what": Retry.START}]

    sentinel.run_starts()
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [NotSent("throttled")]})
    sentinel.run_workers()
    assert told(sentinel, "retried")[1:] == [{"what": Retry.SEND}]
    assert told(sentinel, "sends") == [{"not_sent": 1}]

    sentinel.queue = MemorySendQueue(sentinel.clock)
    sentinel.clock.sleep(6 * MINUTE)
    sentinel.reconcile()
    assert told(sentinel, "retried")[2:] == [{"what": Retry.CHUNK}]


def test_what_could_not_be_done_once_more_is_not_told(sentinel: Sentinel) -> None:
    """A start that the start queue does not take."""
    sentinel.create(1)
    sentinel.start_queue = RefusingStartQueue(sentinel.clock)
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel) == {**QUIET, "longest_stall": MINUTE}
    assert told(sentinel, "retried") == []


def test_a_pass_with_nothing_to_see(sentinel: Sentinel) -> None:
    """Zeros: that nothing waits is told, too."""
    assert a_pass(sentinel) == QUIET
    sentinel.create(3)
    sentinel.run()
    sentinel.clock.sleep(HOUR)
    assert a_pass(sentinel) == QUIET


def test_a_pass_that_sees_nothing(sentinel: Sentinel) -> None:
    """Where the index cannot be read nothing is told: it is not known that nothing waits."""
    sentinel.open_work = UnreadableOpenWork(sentinel.database)
    with pytest.raises(DependencyUnavailable):
        sentinel.reconcile()
    assert told(sentinel, "open_work") == []


def test_a_campaign_that_gets_nowhere(sentinel: Sentinel) -> None:
    """It stalls from its start, or from the last chunk that was finished, until it is done."""
    sentinel.create(120)
    sentinel.clock.sleep(MINUTE)
    sentinel.run_starts()
    first, second, _ = sentinel.stored_chunks()
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel)["longest_stall"] == MINUTE
    sentinel.send_chunk(first.ref)
    sentinel.clock.sleep(2 * MINUTE)
    sentinel.send_chunk(second.ref)
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel)["longest_stall"] == MINUTE
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel)["longest_stall"] == 2 * MINUTE
    sentinel.run_workers()
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel)["longest_stall"] == ZERO


def test_a_scheduled_campaign_that_does_not_start(sentinel: Sentinel) -> None:
    """It stalls from its time on, and not before."""
    sentinel.create(3, schedule_at=NOW + HOUR)
    sentinel.clock.sleep(HOUR - MINUTE)
    assert a_pass(sentinel) == QUIET
    sentinel.clock.sleep(3 * MINUTE)
    assert a_pass(sentinel)["longest_stall"] == 2 * MINUTE


def test_the_longest_stall_is_told(sentinel: Sentinel) -> None:
    """Of several campaigns."""
    sentinel.create_started(3)
    sentinel.clock.sleep(MINUTE)
    sentinel.create_campaign(
        CampaignRequest(
            name="More",
            template_id=TemplateId("greeting"),
            segment_id=SegmentId("everyone"),
        )
    )
    sentinel.run_starts()
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel)["longest_stall"] == 2 * MINUTE


def test_the_age_of_a_chunk_that_waits(sentinel: Sentinel) -> None:
    """From its fan-out; nobody has to finish one of a paused campaign, though."""
    campaign_id = sentinel.create(3)
    sentinel.clock.sleep(MINUTE)
    sentinel.run_starts()
    sentinel.clock.sleep(6 * MINUTE)
    assert a_pass(sentinel)["oldest_unfinished_chunk"] == 6 * MINUTE
    sentinel.pause(campaign_id)
    sentinel.clock.sleep(6 * MINUTE)
    assert a_pass(sentinel) == QUIET


def test_what_is_held_as_unknown_is_told_until_it_is_settled(sentinel: Sentinel) -> None:
    """Every pass tells how many there are, and since when; settled, they are left alone."""
    campaign_id = with_unknown(sentinel, 2)
    for minutes in (1, 2, 3):
        sentinel.clock.sleep(MINUTE)
        assert a_pass(sentinel) == {
            **QUIET,
            "unknown_held": 2,
            "oldest_unknown": minutes * MINUTE,
        }
    (chunk,) = sentinel.stored_chunks()
    for attempt in {each.attempt for each in chunk.progress if each.attempt is not None}:
        proof = dict.fromkeys(range(3), Accepted("late"))
        sentinel.chunks.save(chunk.record(attempt, proof), chunk)
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel) == QUIET
    assert sentinel.campaign(campaign_id).next_check_at is None
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_what_is_unknown_is_watched_for_a_week(sentinel: Sentinel) -> None:
    """Then the campaign is no longer looked at, though nobody settled it."""
    campaign_id = with_unknown(sentinel, 1)
    sentinel.clock.sleep(timedelta(days=7) - MINUTE)
    assert a_pass(sentinel)["unknown_held"] == 1
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel) == QUIET
    assert sentinel.campaign(campaign_id).next_check_at is None


def test_unknown_of_several_campaigns_is_added_up(sentinel: Sentinel) -> None:
    """With the age of the oldest."""
    with_unknown(sentinel, 2)
    sentinel.clock.sleep(HOUR)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {"person-9@example.com": [Unknown("cut")]})
    sentinel.create_campaign(
        CampaignRequest(
            name="More",
            template_id=TemplateId("greeting"),
            segment_id=sentinel.add_segment([{"name": "N"}] * 10, "others"),
        )
    )
    sentinel.run()
    sentinel.clock.sleep(MINUTE)
    assert a_pass(sentinel) == {
        **QUIET,
        "unknown_held": 3,
        "oldest_unknown": HOUR + MINUTE,
    }
