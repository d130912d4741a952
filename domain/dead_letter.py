"""Dead letters: messages that were given up, and what became of the work that they name.

The truth is in the records and no message is: a dead letter loses nobody. What it is good for is
told by the records as they are now.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.fan_out import DeliveryProgress
from domain.job import Job, JobState
from domain.job_run import ErasureRun, JobRun
from domain.priority import Priority
from domain.start import StartRequest

_LONGEST_TEXT = 200
_ADDRESS = re.compile(r'[^\s@"<>(),;:]+@[^\s@"<>(),;:]+')

_WITHOUT_REPLAY: Mapping[CampaignState, str] = MappingProxyType(
    {
        CampaignState.PAUSED: "resuming it enqueues the chunk again",
        CampaignState.SCHEDULED: "its start enqueues the chunk again",
        CampaignState.CANCELLED: "nobody is mailed, and the reconciler counts who is left",
    }
)


@dataclass(frozen=True)
class ProviderReport:
    """What the provider told of mails, as it came: people are named in it, so it is never shown."""

    body: str = field(repr=False)


Work = ChunkRef | StartRequest | JobRun | ErasureRun | ProviderReport


class DeadLetterSource(StrEnum):
    """What gave it up. Its dead letters are on a queue of that name."""

    SEND = "send"
    SEND_URGENT = "send-urgent"
    START = "start"
    START_QUEUE = "start-queue"
    SCHEDULE = "schedule"
    JOB = "job"
    PROVIDER_EVENTS = "provider-events"


SEND_QUEUES: Mapping[Priority, DeadLetterSource] = MappingProxyType(
    {
        Priority.URGENT: DeadLetterSource.SEND_URGENT,
        Priority.NORMAL: DeadLetterSource.SEND,
    }
)
"""Each priority's; every one has its own."""
_PRIORITIES = {source: priority for priority, source in SEND_QUEUES.items()}


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """`work` is what it asked for; None where the message is none of Sentinel's.

    `reason` is why it was given up, as far as the message itself tells; without personal data.
    `receives` counts how often it was received, looks at the dead letters among them.
    """

    source: DeadLetterSource
    message_id: str
    work: Work | None
    reason: str
    first_sent_at: datetime
    receives: int
    receipt: str = field(default="", repr=False)

    @property
    def priority(self) -> Priority:
        """That of the send queue which gave it up, if it was one."""
        return _PRIORITIES.get(self.source, Priority.NORMAL)

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        match self.work:
            case ChunkRef() as ref:
                return f"{ref.campaign_id}, range {ref.range_number}, chunk {ref.number}"
            case StartRequest() as request:
                return f"start of {request.campaign_id} ({request.trigger.value})"
            case JobRun(job_id=job_id):
                return f"run of {job_id}"
            case ErasureRun(contact_id=contact_id):
                return f"erasure of {contact_id}"
            case ProviderReport(body=body):
                return f"report of the provider, {len(body)} characters"
        return "not a message of Sentinel"


class Advice(StrEnum):
    """What to do with a dead letter."""

    REPLAY = "replay"
    WAIT = "wait"
    DISCARD = "discard"


@dataclass(frozen=True)
class Explanation:
    """What to do, and why: where the work is by now."""

    advice: Advice
    text: str


def shown_text(text: str) -> str:
    """What a message says as it may be shown: on one line, short, and without addresses."""
    line = _ADDRESS.sub("…@…", " ".join(text.split())).encode(errors="replace").decode()
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


def explain_foreign() -> Explanation:
    """Of a message that nothing here can read."""
    return Explanation(
        Advice.DISCARD,
        "nothing of Sentinel waits for it, unless newer code wrote it; it is never replayed",
    )


def explain_unread(fault: str) -> Explanation:
    """Of work whose records could not be read now."""
    return Explanation(Advice.WAIT, f"its records could not be read; look again: {fault}")


def explain_gone() -> Explanation:
    """Of work whose records are deleted."""
    return Explanation(Advice.DISCARD, "its records are gone: there is nothing left to do")


def explain_report() -> Explanation:
    """Of a report: what it tells stands in no record that names it."""
    return Explanation(
        Advice.REPLAY, "nobody counted it; one that is counted twice changes nothing"
    )


def explain_chunk(campaign: Campaign, chunk: Chunk, now: datetime) -> Explanation:
    """Of a message that names `chunk`."""
    unfinished = len(chunk.pending) + len(chunk.sending)
    if chunk.is_finished:
        return Explanation(Advice.DISCARD, "the chunk is finished")
    if chunk.lease is not None and chunk.is_held(now):
        return Explanation(
            Advice.WAIT, f"a worker is at it until {chunk.lease.until:%H:%M:%S}; look again then"
        )
    if campaign.state is CampaignState.SENDING:
        return Explanation(
            Advice.REPLAY,
            f"{unfinished} of {len(chunk.recipients)} recipients wait, and nobody is at them; the "
            "reconciler tries, too",
        )
    what_follows = _WITHOUT_REPLAY.get(campaign.state, "nobody else is mailed")
    return Explanation(Advice.DISCARD, f"the campaign is {campaign.state}; {what_follows}")


def explain_start(campaign: Campaign, progress: DeliveryProgress, now: datetime) -> Explanation:
    """Of a start of `campaign` that failed."""
    if campaign.is_final or campaign.state is CampaignState.PAUSED:
        return Explanation(Advice.DISCARD, f"the campaign is {campaign.state}")
    if not campaign.is_due(now):
        return Explanation(
            Advice.DISCARD,
            f"the campaign is due at {campaign.schedule_at:%Y-%m-%d %H:%M} UTC, and starts then",
        )
    if campaign.awaits_first_start:
        return Explanation(
            Advice.REPLAY, "the campaign is due and has not started; the reconciler tries, too"
        )
    waiting = [each for each in progress.ranges if each.has_work_left]
    if not waiting:
        return Explanation(Advice.DISCARD, "the campaign has started, and everybody is fanned out")
    if any(each.is_held(now) for each in waiting):
        return Explanation(Advice.WAIT, "a start is at it now; look again in a minute")
    return Explanation(
        Advice.REPLAY, "the campaign has started, and not everybody is fanned out yet"
    )


def explain_job(job: Job, now: datetime) -> Explanation:
    """Of a run of `job` that failed."""
    if job.state is not JobState.RUNNING:
        return Explanation(Advice.DISCARD, f"the job is {job.state}")
    if job.lease_until is not None and job.is_held(now):
        return Explanation(
            Advice.WAIT, f"somebody is at it until {job.lease_until:%H:%M:%S}; look again then"
        )
    return Explanation(
        Advice.REPLAY, "the job is under way, and nobody is at it; the reconciler tries, too"
    )


def explain_erasure() -> Explanation:
    """Of a run of an erasure that failed: one that is over does nothing."""
    return Explanation(
        Advice.REPLAY, "the erasure goes on, unless it is over; the reconciler tries, too"
    )


@dataclass(frozen=True)
class ExplainedDeadLetter:
    """A dead letter, and what the records say of its work."""

    letter: DeadLetter
    explanation: Explanation


@dataclass(frozen=True)
class Replay:
    """What became of a replay: accepted, unless `fault` says why the letter stays."""

    letter: DeadLetter
    fault: str | None = None


def chosen(letters: Sequence[DeadLetter], message_id: str) -> DeadLetter | None:
    """The one of that id."""
    return next((each for each in letters if each.message_id == message_id), None)
