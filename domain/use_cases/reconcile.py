"""Look after everything that was left undone."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from domain.campaign import Campaign, CampaignState, PauseReason, UnknownPolicy
from domain.chunk import ChunkRef
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyFault, IllegalTransition, VersionConflict
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, JobId, SeriesId
from domain.job import JobState
from domain.job_run import ErasureRun, JobRun, Run
from domain.path_line import LineRef, line_of
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.metrics import Metrics, Retry
from domain.ports.open_work import OpenWork
from domain.ports.queue import SendQueue
from domain.ports.scheduler import Scheduler
from domain.ports.sending_account import SendingAccount
from domain.ports.start_queue import StartQueue
from domain.schedule import Schedule
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.make_occurrences import MakeOccurrences
from domain.use_cases.reconcile_chunks import CHUNKS_AT_ONCE, ReconcileChunks
from domain.use_cases.resume_campaign import ResumeCampaign
from domain.use_cases.write_path_line import WritePathLine

logger = logging.getLogger(__name__)

_LONGEST_BACKOFF = 4
"""Of the check interval: in each five minutes a stall is seen, and told to the alarm."""


@dataclass(frozen=True)
class _SeriesDue:
    """A series whose next occurrence may be to be made."""

    series_id: SeriesId


_Work = CampaignId | ChunkRef | LineRef | Run | _SeriesDue


@dataclass
class _Seen:
    """What one pass has seen so far of what waits."""

    unknown_held: int = 0
    oldest_unknown: timedelta = timedelta()
    oldest_unfinished_chunk: timedelta = timedelta()
    longest_stall: timedelta = timedelta()

    def unknown(self, count: int, age: timedelta) -> None:
        """A sent campaign holds so many."""
        self.unknown_held += count
        self.oldest_unknown = max(self.oldest_unknown, age)

    def unfinished_chunk(self, age: timedelta) -> None:
        """One that workers should have finished."""
        self.oldest_unfinished_chunk = max(self.oldest_unfinished_chunk, age)

    def stall(self, duration: timedelta) -> None:
        """A campaign that is not done has not got on for so long."""
        self.longest_stall = max(self.longest_stall, duration)


@dataclass(frozen=True, kw_only=True)
class Reconcile:
    """Does nothing that the other steps would not do themselves (docs/delivery.md, Reconcile)."""

    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository
    jobs: JobRepository
    open_work: OpenWork
    scheduler: Scheduler
    start_queue: StartQueue
    job_invoker: JobInvoker
    queue: SendQueue
    clock: Clock
    metrics: Metrics
    policy: DeliveryPolicy
    account: SendingAccount
    finish: FinishCampaign
    resume: ResumeCampaign
    write_line: WritePathLine
    make: MakeOccurrences

    def __call__(self, limit: int = 500, time_left: timedelta | None = None) -> int:
        """Look at all that is due, `limit` at a time; returns how many it looked at.

        Campaigns come first, then series and jobs: a backlog of chunks does not keep one from
        starting. Lines of analytics come last. What fails does not keep the others waiting: it
        stays due. With `time_left` nothing is begun after that has passed. Raises DependencyFault
        when the index itself cannot be read.
        """
        seen = _Seen()
        looked_at = self._pass(limit, time_left, seen)
        self.metrics.open_work(
            unknown_held=seen.unknown_held,
            oldest_unknown=seen.oldest_unknown,
            oldest_unfinished_chunk=seen.oldest_unfinished_chunk,
            longest_stall=seen.longest_stall,
        )
        return looked_at

    def _pass(self, limit: int, time_left: timedelta | None, seen: _Seen) -> int:
        now = self.clock.now()
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        looked_at: set[_Work] = set()
        while True:
            reach = limit + len(looked_at)
            due = (
                *self.open_work.due_campaigns(now, reach),
                *(_SeriesDue(each) for each in self.open_work.due_series(now, reach)),
                *self.open_work.due_jobs(now, reach),
                *self.open_work.due(now, reach),
                *self.open_work.due_lines(now, reach),
            )
            work = [each for each in dict.fromkeys(due) if each not in looked_at]
            if not work:
                return len(looked_at)
            for some in _together(work):
                if deadline is not None and self.clock.monotonic() >= deadline:
                    return len(looked_at)
                looked_at.update(some)
                self._look_after(some, seen)

    @property
    def _chunks(self) -> ReconcileChunks:
        return ReconcileChunks(
            chunks=self.chunks,
            queue=self.queue,
            clock=self.clock,
            metrics=self.metrics,
            policy=self.policy,
        )

    def _look_after(self, some: Sequence[_Work], seen: _Seen) -> None:
        work, *_ = some
        try:
            match work:
                case ChunkRef():
                    seen.unfinished_chunk(self._chunks(_chunks_of(some)))
                case JobRun(job_id=job_id):
                    self._job(job_id)
                case ErasureRun():
                    self._erasure(work)
                case LineRef():
                    self.write_line(work)
                case _SeriesDue(series_id=series_id):
                    self.make(series_id)
                case _:
                    self._campaign(work, seen)
        except (VersionConflict, IllegalTransition):
            # Somebody is at work on it; it is looked at again when it is due again.
            return
        except Exception:
            # A fault, or a record that cannot be read: the others are looked after all the same.
            logger.exception("Could not be looked after yet", extra={"work": str(work)})

    def _campaign(self, campaign_id: CampaignId, seen: _Seen) -> None:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None or campaign.next_check_at is None:
            return
        now = self.clock.now()
        if campaign.next_check_at > now:
            return
        if campaign.state is CampaignState.SCHEDULED and not campaign.is_due(now):
            self.scheduler.put(
                Schedule(campaign_id, campaign.schedule_version, campaign.schedule_at)
            )
            self.campaigns.save(campaign.check_again(campaign.schedule_at))
            return
        if campaign.is_final:
            self._look_back(campaign, now, seen)
            return
        if campaign.state is CampaignState.PAUSED:
            self._end_pause(campaign, now)
            return
        # Written first: two reconcilers do not both act, and a failing one tries again in time.
        if campaign.awaits_first_start:
            stall = now - campaign.startable_at
            seen.stall(stall)
            self._start_again(campaign, now, stall)
            return
        campaign = self.campaigns.save(campaign.check_again(now + self.policy.check_interval))
        if campaign.state is CampaignState.SENDING:
            self._get_on(campaign, self.fan_out.progress(campaign_id), now, seen)
            self._write_first_line(campaign)

    def _get_on(
        self, campaign: Campaign, progress: DeliveryProgress, now: datetime, seen: _Seen
    ) -> None:
        """Start what has work left and nobody at any of it; call sent what is done."""
        if progress.is_finished:
            self.finish(campaign.campaign_id)
            return
        moments = [
            campaign.started_at,
            campaign.resumed_at,
            progress.last_finished_at,
            progress.last_wave(now),
        ]
        idle = now - max(each for each in moments if each is not None)
        if campaign.unknown_policy is UnknownPolicy.RESEND:
            # It may be waiting for the provider's events, and be right to.
            idle -= self.policy.settling_window
        if not progress.waits_for_wave(now):
            seen.stall(idle)
        # Whoever is at a range goes on with those that are free, and has others come.
        if progress.free(now) and not progress.held(now):
            self._start_again(campaign, now, idle)

    def _start_again(self, campaign: Campaign, now: datetime, stall: timedelta) -> None:
        """Queued: however many are late, there is no burst of invocations.

        The longer it has waited, the later it is queued once more: its start may wait there.
        """
        backoff = min(stall, _LONGEST_BACKOFF * self.policy.check_interval)
        next_look_at = now + max(self.policy.check_interval, backoff)
        # Written first, as above: a start that has read it would lose its claim to this write.
        if campaign.next_check_at != next_look_at:
            campaign = self.campaigns.save(campaign.check_again(next_look_at))
        self.start_queue.put(campaign.campaign_id)
        self.metrics.retried(campaign, Retry.START)

    def _end_pause(self, campaign: Campaign, now: datetime) -> None:
        """Resume what was paused for want of quota, once there is some."""
        if self._is_quota_short():
            self.campaigns.save(campaign.stay_paused(now + self.policy.quota_pause))
            return
        self.resume(campaign.campaign_id, only=PauseReason.QUOTA)
        logger.info("Quota again: resumed", extra={"campaign_id": campaign.campaign_id})

    def _is_quota_short(self) -> bool:
        try:
            return self.account.quota().is_short
        except DependencyFault as fault:
            # The next send tells: it is refused for want of quota, or taken.
            logger.warning("The quota cannot be read: %s", fault)
            return False

    def _write_first_line(self, campaign: Campaign) -> None:
        """It has started: analytics have it, long before it is sent."""
        ref = line_of(campaign)
        if ref is not None:
            self.write_line.first(ref)

    def _look_back(self, campaign: Campaign, now: datetime, seen: _Seen) -> None:
        """Write the line of one that ended, and report what is unknown as long as it is watched.

        It stays due until the line is written.
        """
        ref = line_of(campaign)
        line = None if ref is None else self.write_line(ref)
        held = 0 if line is None else line.tally.unknown
        age = now - (campaign.ended_at or now)
        if held == 0 or age >= self.policy.unknown_watch:
            self.campaigns.save(campaign.check_again(None))
            return
        self.campaigns.save(campaign.check_again(now + self.policy.check_interval))
        seen.unknown(held, age)

    def _job(self, job_id: JobId) -> None:
        """Have somebody go on with an import or an export, unless somebody is at it."""
        job = self.jobs.get(job_id)
        now = self.clock.now()
        if job is None or job.next_check_at is None or job.next_check_at > now:
            return
        if job.state is not JobState.RUNNING:
            self.jobs.save(job.check_again(None))
            return
        if job.is_held(now):
            # Not written to: that would take the job from its holder.
            return
        # Written first, as for campaigns.
        self.jobs.save(job.check_again(now + self.policy.check_interval))
        self.job_invoker.run(job_id)
        self.metrics.retried(None, Retry.JOB)
        logger.info("Abandoned job invoked again", extra={"job_id": job_id})

    def _erasure(self, run: ErasureRun) -> None:
        """Whoever goes on with it notes that, so that it is not due; one that is over is let be."""
        self.job_invoker.erase(run.contact_id)
        self.metrics.retried(None, Retry.ERASURE)
        logger.info("Abandoned erasure invoked again", extra={"contact_id": run.contact_id})


def _together(work: Sequence[_Work]) -> Iterator[Sequence[_Work]]:
    """In this order: chunks that follow each other some at a time, all else alone."""
    for are_chunks, group in groupby(work, key=lambda each: isinstance(each, ChunkRef)):
        some = tuple(group)
        size = CHUNKS_AT_ONCE if are_chunks else 1
        for start in range(0, len(some), size):
            yield some[start : start + size]


def _chunks_of(work: Sequence[_Work]) -> Sequence[ChunkRef]:
    return [each for each in work if isinstance(each, ChunkRef)]
