"""The rare branches of the protocol, told from what is written, called and logged."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.memory.database import MemoryDatabase
from domain.campaign import Campaign, CampaignState, PauseReason
from domain.chunk import LEASE_RAN_OUT, Chunk, ChunkRef
from domain.delivery_policy import DeliveryPolicy
from domain.errors import VersionConflict
from domain.recipient import RecipientProgress, RecipientState, Resend
from domain.use_cases.chunk_writes import NOT_CONFIRMED
from tests.simulation.hub import Process
from tests.simulation.ports import Call

RARE = (
    "claim: lost the race for a chunk",
    "claim: left to a live lease",
    "claim: taken back, as nobody confirmed it",
    "lane: passed on to the other",
    "micro-batch: of several chunks",
    "micro-batch: tried in fewer chunks",
    "claim: suppressed after fan-out",
    "claim: campaign no longer sending, after the grant",
    "grant: too far away",
    "grant: void before the call",
    "record: lost the version race",
    "record: accepted, though shown as unknown",
    "record: refused, though shown as unknown",
    "record: given up, will show as unknown",
    "dead attempt: unknown",
    "dead attempt: unknown, campaign cancelled",
    "put back for later",
    "message of a finished chunk",
    "skipped, campaign cancelled",
    "abandoned chunk enqueued again",
    "abandoned chunk of a cancelled campaign enqueued again",
    "start: lost the race for a range",
    "start: fenced off",
    "start: left to another's lease",
    "split: the rest is others'",
    "split: fenced off",
    "start: broken off",
    "start: invoked itself again",
    "start: too early, waited",
    "start: expired",
    "start: failed",
    "start: chunks enqueued once more",
    "start: queue did not take a chunk",
    "started again by the reconciler",
    "start: over the bucket, queued",
    "start: over the bucket, refused",
    "start: not invoked, and queued instead",
    "start: nobody told whether it was admitted",
    "queued start left on the queue",
    "schedule made again by the reconciler",
    "sent: by a worker",
    "sent: by a starter",
    "sent: by the reconciler",
    "sent: by the provider's events",
    "sent: by settling by hand",
    "created, not triggered",
    "paused: scheduled",
    "paused: sending",
    "paused: by the account",
    "paused: out of quota",
    "resumed: waits again",
    "resumed: at once, never started",
    "resumed: goes on",
    "resumed, not triggered",
    "cancelled: scheduled",
    "cancelled: sending",
    "cancelled: paused",
    "moved: waits",
    "moved: goes out at once",
    "moved: while paused",
    "approved: waits for its time",
    "approved: goes out at once",
    "approval: taken back by another time",
    "approval: lost the race to another change",
    "quota: used up, stays paused",
    "quota: again, resumed",
    "throttled: slowed down",
    "grant: fewer than asked for",
    "event: proof before the outcome was recorded",
    "event: proof of what was unknown",
    "event: proof of what was put back",
    "event: proof of what was given up",
    "event: told before, nothing written",
    "event: lost the race for a chunk",
    "event: moved the tally of a finished chunk",
    "re-send: by the reconciler",
    "re-send: by hand",
    "re-send: reopened a sent campaign",
    "re-send: accepted twice",
    "re-send: fell back to unknown",
    "re-send: spent by a cancellation",
    "given up by hand",
    "wave: at once, it had passed",
    "wave: enqueued by the reconciler",
    "wave: dropped before its time",
    "wave: early by the worker's clock",
    "wave: came while paused",
    "wave: of whom nobody knows where",
    "wave: cancelled before it came",
    "dead letter",
    "campaign write lost the race",
    "chunk left on the queue",
    "reconciler could not look after something",
)

_LOGGED = {
    "Outcomes not recorded: they will show as unknown": "record: given up, will show as unknown",
    "Start broken off: %s": "start: broken off",
    "Expired: no start in time": "start: expired",
    "Cannot start: %s": "start: failed",
    "Chunks left on the queue": "chunk left on the queue",
    "Of another priority by now: passed on": "lane: passed on to the other",
    "Too many chunks for a grant: tried in fewer": "micro-batch: tried in fewer chunks",
    "Start left on the queue": "queued start left on the queue",
    "Not invoked, and queued instead: %s": "start: not invoked, and queued instead",
    "Nobody tells whether a start is admitted; %s: %s": (
        "start: nobody told whether it was admitted"
    ),
    "Could not be looked after yet": "reconciler could not look after something",
    "Outcome unknown, sent again: %d recipients": "re-send: by the reconciler",
    "Outcome unknown, sent again by hand: %d recipients": "re-send: by hand",
    "Outcome unknown, given up by hand: %d recipients": "given up by hand",
    "Throttled: slowed to %d of %d a second": "throttled: slowed down",
    "Its wave has come: chunk enqueued": "wave: enqueued by the reconciler",
    "Quota again: resumed": "quota: again, resumed",
    "Campaign stored, but not triggered; the reconciler goes on": "created, not triggered",
    "Campaign resumed, but not triggered; the reconciler goes on": "resumed, not triggered",
}
_LOST_SIGHT = RecipientState.SENDING, RecipientState.UNKNOWN
_PUT_BACK = RecipientState.SENDING, RecipientState.PENDING
_RECORDED = {
    (
        RecipientState.UNKNOWN,
        RecipientState.SENT,
    ): "record: accepted, though shown as unknown",
    (
        RecipientState.UNKNOWN,
        RecipientState.FAILED,
    ): "record: refused, though shown as unknown",
    (RecipientState.PENDING, RecipientState.SUPPRESSED): "claim: suppressed after fan-out",
    (RecipientState.PENDING, RecipientState.SKIPPED): "skipped, campaign cancelled",
    (RecipientState.PENDING, RecipientState.UNKNOWN): "re-send: fell back to unknown",
}
_PROVED = {
    RecipientState.SENDING: "event: proof before the outcome was recorded",
    RecipientState.UNKNOWN: "event: proof of what was unknown",
    RecipientState.PENDING: "event: proof of what was put back",
    RecipientState.FAILED: "event: proof of what was given up",
}
_MOVED_TO = {
    CampaignState.SCHEDULED: "moved: waits",
    CampaignState.SENDING: "moved: goes out at once",
    CampaignState.PAUSED: "moved: while paused",
}
_APPROVED_TO = {
    CampaignState.SCHEDULED: "approved: waits for its time",
    CampaignState.SENDING: "approved: goes out at once",
}
_RACES = {
    "fan_out.claim": "start: lost the race for a range",
    "fan_out.append": "start: fenced off",
    "fan_out.split": "split: fenced off",
    "campaigns.save": "campaign write lost the race",
}
_DONE_BY = {
    ("invoker.start", "starter"): "start: invoked itself again",
    ("metrics.start_refused", "client"): "start: over the bucket, refused",
    ("start_queue.put", "reconciler"): "started again by the reconciler",
    ("scheduler.put", "reconciler"): "schedule made again by the reconciler",
    ("clock.sleep", "starter"): "start: too early, waited",
    ("fan_out.split", "starter"): "split: the rest is others'",
}
_SENT_BY = {
    "worker": "sent: by a worker",
    "starter": "sent: by a starter",
    "reconciler": "sent: by the reconciler",
    "events": "sent: by the provider's events",
    "operator": "sent: by settling by hand",
}


class Branches:
    """`taken` counts how often each was."""

    def __init__(self) -> None:
        """None was."""
        self.taken: Counter[str] = Counter()
        self._database = MemoryDatabase()
        self._enqueued_before: set[ChunkRef] = set()
        self._looking: set[str] = set()
        self._answered: dict[str, Callable[[Call], None]] = {
            "chunks.load": self._loaded,
            "chunks.load_all": self._loaded_together,
            "chunks.save": self._saved,
            "chunks.save_all": self._saved_together,
            "events.acknowledge": self._looked,
            "chunks.permission": self._permitted,
            "limiter.request": self._granted,
            "queue.enqueue": self._enqueued,
            "invoker.start": self._by_role,
            "start_queue.put": self._by_role,
            "metrics.start_refused": self._by_role,
            "admission.admit": self._admitted,
            "scheduler.put": self._by_role,
            "clock.sleep": self._by_role,
            "fan_out.split": self._by_role,
        }

    def watch(self, database: MemoryDatabase) -> None:
        """What there is to look at."""
        self._database = database

    def campaign_written(
        self, process: Process | None, before: Campaign | None, after: Campaign
    ) -> None:
        """By its states, and its time."""
        if before is None or process is None:
            return
        if after.moved_at != before.moved_at:
            self._take(_MOVED_TO[after.state])
            if before.approved is not None and after.approved is None:
                self._take("approval: taken back by another time")
        elif after.approved != before.approved:
            self._take(_APPROVED_TO[after.state])
        elif before.state is not after.state:
            self._take(_change_of(process, before, after))
        elif after.resume_at != before.resume_at:
            self._take("quota: used up, stays paused")

    def fanned_out(self, wave: datetime, now: datetime, home: str | None) -> None:
        """By when somebody is to be mailed, and where that person lives."""
        if wave <= now:
            self._take("wave: at once, it had passed")
        if home is None:
            self._take("wave: of whom nobody knows where")

    def chunk_written(self, process: Process | None, before: Chunk | None, after: Chunk) -> None:
        """By its recipients' states."""
        if before is None or process is None:
            return
        campaign = self._database.campaigns[after.ref.campaign_id]
        if before.awaits_wave and campaign.state is CampaignState.PAUSED:
            self._take("wave: came while paused")
        if campaign.ended_at is not None and before.early_by(campaign.ended_at) > timedelta():
            self._take("wave: cancelled before it came")
        if process.role == "events" and before.is_finished:
            self._take("event: moved the tally of a finished chunk")
        for old, new in zip(before.progress, after.progress, strict=True):
            if old.resend is Resend.AHEAD and new.resend is Resend.NONE:
                self._take("re-send: spent by a cancellation")
            if old.state is not new.state:
                self._recipient_moved(process, after, old, new)

    def _recipient_moved(
        self, process: Process, chunk: Chunk, old: RecipientProgress, new: RecipientProgress
    ) -> None:
        move = (old.state, new.state)
        told = process.role == "events"
        found = _PROVED.get(old.state) if told else _RECORDED.get(move)
        if found is not None:
            self._take(found)
        if move == _LOST_SIGHT and new.reason == LEASE_RAN_OUT:
            self._take("dead attempt: unknown")
            campaign = self._database.campaigns[chunk.ref.campaign_id]
            if campaign.state is CampaignState.CANCELLED:
                self._take("dead attempt: unknown, campaign cancelled")
        if move == _PUT_BACK and new.reason == NOT_CONFIRMED:
            self._take("claim: taken back, as nobody confirmed it")
        if move == _PUT_BACK and "the grant" in (new.reason or ""):
            self._take("grant: void before the call")

    def called(self, call: Call) -> None:
        """By what a port answered."""
        if isinstance(call.error, VersionConflict):
            self._lost_a_race(call)
        elif call.error is None and call.name in self._answered:
            self._answered[call.name](call)

    def _lost_a_race(self, call: Call) -> None:
        self._saved(call)
        if call.name in _RACES:
            self._take(_RACES[call.name])
        if call.name == "campaigns.save" and call.process.role == "approver":
            self._take("approval: lost the race to another change")
        if call.name == "chunks.save" and call.process.role == "events":
            self._take("event: lost the race for a chunk")

    def _looked(self, call: Call) -> None:
        """A consumer of events that goes on without a write knew it all before."""
        if call.process.name in self._looking:
            self._take("event: told before, nothing written")
        self._looking.discard(call.process.name)

    def _saved_together(self, call: Call) -> None:
        """By which of the changes are claims, and which of those were the first."""
        (changes,) = call.arguments
        for change in changes:
            after, before = change.chunk, change.before
            is_claim = after.lease is not None and after.lease != before.lease
            if after.ref not in call.result and is_claim:
                self._take("claim: lost the race for a chunk")
            elif after.ref not in call.result and before.sending:
                self._take("record: lost the version race")
            if is_claim and len(changes) > 1:
                self._take("micro-batch: of several chunks")

    def _saved(self, call: Call) -> None:
        self._looking.discard(call.process.name)

    def _loaded(self, call: Call) -> None:
        if call.process.role == "events":
            self._looked(call)
            self._looking.add(call.process.name)

    def _loaded_together(self, call: Call) -> None:
        for _, chunk in call.result.values() if call.process.role == "worker" else ():
            self._loaded_by_worker(call, chunk)

    def _loaded_by_worker(self, call: Call, chunk: Chunk) -> None:
        if chunk.is_finished:
            self._take("message of a finished chunk")
        elif chunk.early_by(_now(call.process)) > timedelta():
            near = chunk.early_by(_now(call.process)) <= DeliveryPolicy().clock_skew
            self._take(
                "wave: early by the worker's clock" if near else "wave: dropped before its time"
            )
        elif chunk.lease is not None and f"-{call.process.name}-" not in chunk.lease.attempt:
            self._take("claim: left to a live lease")

    def _permitted(self, call: Call) -> None:
        campaign = call.result.campaign
        if campaign is None or campaign.state is not CampaignState.SENDING:
            self._take("claim: campaign no longer sending, after the grant")

    def _granted(self, call: Call) -> None:
        if isinstance(call.result, timedelta):
            self._take("grant: too far away")
        elif call.result.messages < call.arguments[0]:
            self._take("grant: fewer than asked for")

    def _admitted(self, call: Call) -> None:
        if call.result is not None:
            self._take("start: over the bucket, queued")

    def _by_role(self, call: Call) -> None:
        branch = _DONE_BY.get((call.name, call.process.role))
        if branch is not None:
            self._take(branch)

    def logged(self, process: Process | None, record: logging.LogRecord) -> None:
        """By what the product says."""
        branch = _LOGGED.get(str(record.msg))
        if branch is not None:
            self._take(branch)
        elif record.msg == "Another start is at it" and process is not None:
            self._take("start: left to another's lease")

    def at_the_end(self, *, dead_letters: int, accepted_twice: int) -> None:
        """What the whole run tells."""
        self.taken.update({"dead letter": dead_letters, "re-send: accepted twice": accepted_twice})

    def _enqueued(self, call: Call) -> None:
        role = call.process.role
        if role == "worker":
            self._take("put back for later")
        if role == "starter":
            if call.result:
                self._take("start: queue did not take a chunk")
            if self._enqueued_before.intersection(call.arguments[0]):
                self._take("start: chunks enqueued once more")
            self._enqueued_before.update(call.arguments[0])
        if role == "reconciler":
            for ref in call.arguments[0]:
                if not self._database.chunks[ref].awaits_wave:
                    self._take("abandoned chunk enqueued again")
                if self._database.campaigns[ref.campaign_id].state is CampaignState.CANCELLED:
                    self._take("abandoned chunk of a cancelled campaign enqueued again")

    def _take(self, branch: str) -> None:
        self.taken[branch] += 1


def _now(process: Process) -> datetime:
    """By its clock."""
    return process.hub.moment(process.hub.now + process.skew)


def _change_of(process: Process, before: Campaign, after: Campaign) -> str:
    match after.state:
        case CampaignState.SENT:
            return _SENT_BY[process.role]
        case CampaignState.PAUSED if process.role == "worker":
            quota = after.pause_reason is PauseReason.QUOTA
            return "paused: out of quota" if quota else "paused: by the account"
        case CampaignState.SCHEDULED:
            return "resumed: waits again"
        case CampaignState.SENDING if before.state is CampaignState.SENT:
            return "re-send: reopened a sent campaign"
        case CampaignState.SENDING if before.state is CampaignState.PAUSED:
            started = after.started_at is not None
            return "resumed: goes on" if started else "resumed: at once, never started"
    return f"{after.state}: {before.state}"
