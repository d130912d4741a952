"""The Campaign aggregate: its states, the table of its transitions, and what moves it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from domain.campaign_history import MAX_HISTORY, ChangeKind, StateChange
from domain.errors import IllegalTransition
from domain.identifiers import CampaignId, SegmentId, SeriesId, TemplateId
from domain.local_time import LocalTime
from domain.path_policy import ExecutionPath, Timing
from domain.priority import Priority


class CampaignState(StrEnum):
    """Where a campaign is. `sent`, `cancelled`, `expired` and `failed` are final.

    A person may reopen one that is `sent`, to mail those of unknown outcome once more.
    """

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class CampaignEvent(StrEnum):
    """What can happen to a campaign."""

    START = "start"
    FINISH = "finish"
    PAUSE = "pause"
    RESUME = "resume"
    RESCHEDULE = "reschedule"
    WAIT = "wait"
    CANCEL = "cancel"
    EXPIRE = "expire"
    FAIL = "fail"
    REOPEN = "reopen"


TRANSITIONS: Mapping[CampaignState, Mapping[CampaignEvent, CampaignState]] = MappingProxyType(
    {
        CampaignState.SCHEDULED: {
            CampaignEvent.START: CampaignState.SENDING,
            CampaignEvent.PAUSE: CampaignState.PAUSED,
            CampaignEvent.RESCHEDULE: CampaignState.SCHEDULED,
            CampaignEvent.CANCEL: CampaignState.CANCELLED,
            CampaignEvent.EXPIRE: CampaignState.EXPIRED,
            CampaignEvent.FAIL: CampaignState.FAILED,
        },
        CampaignState.SENDING: {
            CampaignEvent.START: CampaignState.SENDING,
            CampaignEvent.FINISH: CampaignState.SENT,
            CampaignEvent.PAUSE: CampaignState.PAUSED,
            CampaignEvent.CANCEL: CampaignState.CANCELLED,
            CampaignEvent.EXPIRE: CampaignState.EXPIRED,
            CampaignEvent.FAIL: CampaignState.FAILED,
        },
        CampaignState.PAUSED: {
            CampaignEvent.PAUSE: CampaignState.PAUSED,
            CampaignEvent.RESUME: CampaignState.SENDING,
            CampaignEvent.WAIT: CampaignState.SCHEDULED,
            CampaignEvent.RESCHEDULE: CampaignState.PAUSED,
            CampaignEvent.CANCEL: CampaignState.CANCELLED,
        },
        CampaignState.SENT: {CampaignEvent.REOPEN: CampaignState.SENDING},
        CampaignState.CANCELLED: {},
        CampaignState.EXPIRED: {},
        CampaignState.FAILED: {},
    }
)
"""state → event → next state. What is not in it is refused."""

FINAL_STATES = frozenset(
    {
        CampaignState.SENT,
        CampaignState.CANCELLED,
        CampaignState.EXPIRED,
        CampaignState.FAILED,
    }
)

_CHANGES: Mapping[CampaignEvent, ChangeKind] = MappingProxyType(
    {
        CampaignEvent.START: ChangeKind.STARTED,
        CampaignEvent.FINISH: ChangeKind.SENT,
        CampaignEvent.PAUSE: ChangeKind.PAUSED,
        CampaignEvent.RESUME: ChangeKind.RESUMED,
        CampaignEvent.WAIT: ChangeKind.RESUMED,
        CampaignEvent.CANCEL: ChangeKind.CANCELLED,
        CampaignEvent.EXPIRE: ChangeKind.EXPIRED,
        CampaignEvent.FAIL: ChangeKind.FAILED,
        CampaignEvent.REOPEN: ChangeKind.REOPENED,
    }
)
"""What an event that leads to another state is told as."""
_CREATED_AS: Mapping[CampaignState, ChangeKind] = MappingProxyType(
    {
        CampaignState.SCHEDULED: ChangeKind.SCHEDULED,
        CampaignState.SENDING: ChangeKind.STARTED,
        CampaignState.PAUSED: ChangeKind.PAUSED,
    }
)


class PauseReason(StrEnum):
    """Why a campaign is paused. Only a `quota` pause ends by itself."""

    OPERATOR = "operator"
    QUOTA = "quota"
    ACCOUNT = "account"
    POSTAL_ADDRESS = "postal_address"
    """It is marketing, and the deployment was told no postal address when it was last updated."""
    APPROVAL = "approval"
    """Nobody has approved it yet, or not since it was given another time."""


class UnknownPolicy(StrEnum):
    """What becomes of a recipient whose outcome nobody knows."""

    HOLD = "hold"
    """Nothing, until the provider tells or a person decides."""
    RESEND = "resend"
    """Mailed once more after the settling window, at the risk of a second mail."""


class CampaignCategory(StrEnum):
    """What a campaign is for: it decides who may still be mailed, and what the mail must say."""

    MARKETING = "marketing"
    """What people can unsubscribe from."""
    TRANSACTIONAL = "transactional"
    """What they need to know, of a contract or an account: unsubscribing leaves it alone."""


@dataclass(frozen=True)
class Approval:
    """Who let it go out, by the id of an API key, if there are keys, and with which template."""

    at: datetime
    key_id: str | None
    template_version: int


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One mailing of one template to one segment, but for those who are in excluded ones.

    All times are aware and in UTC.

    `version` counts writes of the record (delivery moves it), `revision` counts what people
    edit, `schedule_version` counts schedules. `started_at` is when a start first claimed it.
    `resumed_at` is when it last went on after a pause, `moved_at` when people last gave it another
    time. `next_check_at` is when the reconciler looks at it next; None once there is nothing to
    look at. `pause_detail` is what made a worker pause it, for people, and `resume_at` when a pause
    ends by itself. `could_start_at` is `startable_at` as it
    was at the first start; None in records from before that was kept. `history` are the latest
    changes of its state, oldest first; a campaign that an older version stored has those since.
    With a `local_time` each recipient has a time of their own, in waves, none before
    `schedule_at`. One that `needs_approval` is paused until it is `approved`. `series_id` and
    `occurrence_at` say of which occurrence of which series it is, if it is. `priority` says which
    lane its mails take.
    """

    campaign_id: CampaignId
    name: str
    template_id: TemplateId
    segment_id: SegmentId
    state: CampaignState
    execution_path: ExecutionPath
    schedule_at: datetime
    created_at: datetime
    version: int = 0
    revision: int = 1
    schedule_version: int = 1
    next_check_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    pause_reason: PauseReason | None = None
    pause_detail: str | None = None
    resume_at: datetime | None = None
    resumed_at: datetime | None = None
    moved_at: datetime | None = None
    failure_reason: str | None = None
    unknown_policy: UnknownPolicy = UnknownPolicy.HOLD
    category: CampaignCategory = CampaignCategory.MARKETING
    exclude_segment_ids: tuple[SegmentId, ...] = ()
    could_start_at: datetime | None = None
    history: tuple[StateChange, ...] = ()
    local_time: LocalTime | None = None
    needs_approval: bool = False
    approved: Approval | None = None
    series_id: SeriesId | None = None
    occurrence_at: datetime | None = None
    priority: Priority = Priority.NORMAL

    @property
    def awaits_approval(self) -> bool:
        """Whether nothing but an approval lets it go on."""
        return self.needs_approval and self.approved is None

    @property
    def new_changes(self) -> tuple[StateChange, ...]:
        """Of a campaign as it is stored: those that this write of it writes down."""
        return tuple(each for each in self.history if each.written_with == self.version)

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in FINAL_STATES

    @property
    def local_schedule_at(self) -> datetime | None:
        """What clocks are to show where a recipient lives."""
        return None if self.local_time is None else self.local_time.at

    @property
    def timezone(self) -> str | None:
        """That of whoever has none, in local time."""
        return None if self.local_time is None else self.local_time.time_zone

    @property
    def awaits_first_start(self) -> bool:
        """Whether no start has claimed it yet, though one should or will."""
        return self.started_at is None and self.state in {
            CampaignState.SCHEDULED,
            CampaignState.SENDING,
        }

    @property
    def startable_at(self) -> datetime:
        """The first moment at which a start could have claimed it.

        Once one did it stays as it was then, whatever it is resumed for later.
        """
        if self.could_start_at is not None:
            return self.could_start_at
        if self.execution_path is ExecutionPath.IMMEDIATE:
            asked_at = (self.created_at, self.resumed_at, self.moved_at)
            return max(moment for moment in asked_at if moment is not None)
        return max(self.created_at, self.schedule_at)

    def went_on_since(self, moment: datetime) -> bool:
        """Whether it was resumed at `moment` or later, whatever came after that."""
        return self.resumed_at is not None and self.resumed_at >= moment

    def is_due(self, now: datetime) -> bool:
        """Whether a start may claim it: it is `sending`, or `scheduled` and its time has come."""
        if self.state is CampaignState.SENDING:
            return True
        return self.state is CampaignState.SCHEDULED and now >= self.schedule_at

    def is_too_late(self, now: datetime, max_lateness: timedelta) -> bool:
        """Whether its first start would come more than `max_lateness` after it was wanted."""
        wanted_at = max(self.schedule_at, self.moved_at or self.created_at)
        return self.started_at is None and now > wanted_at + max_lateness

    def as_created(self) -> "Campaign":
        """With the first change of its history: it is there. For whoever adds it."""
        created = self._changed(
            self.state, _CREATED_AS[self.state], self.created_at, self.pause_reason
        )
        # A save moves the version on; adding leaves it as it is.
        (change,) = created.history
        return replace(created, history=(replace(change, written_with=self.version),))

    def start(self, now: datetime, next_check_at: datetime) -> "Campaign":
        """The first start claims it. Raises IllegalTransition."""
        return replace(
            self._after(CampaignEvent.START, now),
            started_at=self.started_at or now,
            could_start_at=self.startable_at if self.started_at is None else self.could_start_at,
            next_check_at=next_check_at,
        )

    def finish(self, now: datetime) -> "Campaign":
        """Every chunk is finished. Raises IllegalTransition."""
        return self._end(CampaignEvent.FINISH, now)

    def cancel(self, now: datetime) -> "Campaign":
        """People no longer want it. Raises IllegalTransition."""
        return self._end(CampaignEvent.CANCEL, now)

    def expire(self, now: datetime) -> "Campaign":
        """Nothing claimed it in time. Raises IllegalTransition."""
        if self.started_at is not None:
            raise IllegalTransition("campaign", self.state, CampaignEvent.EXPIRE)
        return self._end(CampaignEvent.EXPIRE, now)

    def fail(self, now: datetime, reason: str) -> "Campaign":
        """It cannot start; `reason` tells people why. Raises IllegalTransition."""
        return replace(self._end(CampaignEvent.FAIL, now, reason), failure_reason=reason)

    def pause(
        self,
        now: datetime,
        reason: PauseReason,
        resume_at: datetime | None = None,
        detail: str | None = None,
    ) -> "Campaign":
        """Hold everything, until `resume_at` if that is given. Raises IllegalTransition.

        `detail` tells people what is to be mended.

        A person's pause takes the place of another, which might end by itself; no other does, and
        none that of one that awaits approval, which resuming does not end.
        """
        if self.awaits_approval or (
            self.state is CampaignState.PAUSED
            and (reason is not PauseReason.OPERATOR or self.pause_reason is PauseReason.OPERATOR)
        ):
            raise IllegalTransition("campaign", self.state, CampaignEvent.PAUSE)
        return replace(
            self._after(CampaignEvent.PAUSE, now, reason),
            pause_reason=reason,
            pause_detail=detail,
            resume_at=resume_at,
            next_check_at=resume_at,
        )

    def stay_paused(self, resume_at: datetime) -> "Campaign":
        """The reason for its pause still stands; look again at `resume_at`."""
        return replace(self, resume_at=resume_at, next_check_at=resume_at)

    def reopen(self, now: datetime, next_check_at: datetime) -> "Campaign":
        """Somebody of unknown outcome is to be mailed once more. Raises IllegalTransition."""
        return replace(
            self._after(CampaignEvent.REOPEN, now),
            ended_at=None,
            resumed_at=now,
            next_check_at=next_check_at,
        )

    def resume(self, now: datetime, next_check_at: datetime) -> "Campaign":
        """Go on at once. One that no start has claimed is wanted from now on: it is not late.

        Raises IllegalTransition.
        """
        self._check_approved()
        resumed = replace(
            self._after(CampaignEvent.RESUME, now),
            pause_reason=None,
            pause_detail=None,
            resume_at=None,
            resumed_at=now,
            next_check_at=next_check_at,
        )
        if self.started_at is not None:
            return resumed
        return replace(resumed, execution_path=ExecutionPath.IMMEDIATE, schedule_at=now)

    def wait_again(self, now: datetime, next_check_at: datetime) -> "Campaign":
        """Wait for its time again, under a new schedule. Raises IllegalTransition."""
        self._check_approved()
        return replace(
            self._after(CampaignEvent.WAIT, now),
            pause_reason=None,
            pause_detail=None,
            resume_at=None,
            resumed_at=now,
            schedule_version=self.schedule_version + 1,
            next_check_at=next_check_at,
        )

    def approve(self, approval: Approval, max_lateness: timedelta) -> "Campaign":
        """It may be resumed: that decides its path. Raises IllegalTransition.

        One whose time has long passed is to be given another first: who approves it may not have
        seen that it would go out at once.
        """
        if not self.awaits_approval or self.state is not CampaignState.PAUSED:
            raise IllegalTransition("campaign", self.state, "approve")
        was_for_later = self.execution_path is ExecutionPath.SCHEDULED
        if was_for_later and self.is_too_late(approval.at, max_lateness):
            raise IllegalTransition(
                "campaign", self.state, "approve, since its time has passed: PATCH it with another"
            )
        return replace(self, approved=approval)

    def _check_approved(self) -> None:
        if self.awaits_approval:
            raise IllegalTransition(
                "campaign", self.state, "resume before it is approved: POST to its /approve"
            )

    @property
    def waits_untouched(self) -> bool:
        """Whether it waits for its time, or to be approved, as it was made."""
        is_to_come = self.state is CampaignState.SCHEDULED or (
            self.state is CampaignState.PAUSED and self.awaits_approval
        )
        return is_to_come and self.revision == 1

    def edited(self) -> "Campaign":
        """People changed it: its next revision."""
        return replace(self, revision=self.revision + 1)

    def prioritize(self, priority: Priority) -> "Campaign":
        """For what is enqueued from now on, and for its share of the send rate.

        Another one than it has raises IllegalTransition once it has ended.
        """
        if self.state in FINAL_STATES and priority is not self.priority:
            raise IllegalTransition(
                "campaign", self.state, "another priority", "It mails nobody any more."
            )
        return replace(self, priority=priority)

    def rename(self, name: str) -> "Campaign":
        """In any state: the name is for people, and moves nothing."""
        return replace(self, name=name)

    def reschedule(self, timing: Timing, now: datetime, next_check_at: datetime) -> "Campaign":
        """Another time, and the path that goes with it; a paused one stays paused.

        One that was approved has to be approved again. Raises IllegalTransition, also once a
        start has claimed it.
        """
        if self.started_at is not None:
            raise IllegalTransition("campaign", self.state, CampaignEvent.RESCHEDULE)
        campaign = self._after(CampaignEvent.RESCHEDULE, now)
        if self.needs_approval:
            campaign = campaign._awaiting_approval(now)  # noqa: SLF001  its own kind
        moved = replace(
            campaign,
            execution_path=timing.execution_path,
            schedule_at=timing.schedule_at,
            local_time=timing.local_time,
            schedule_version=self.schedule_version + 1,
            moved_at=now,
        )
        if moved.state is CampaignState.PAUSED:
            return moved
        if timing.execution_path is ExecutionPath.IMMEDIATE:
            moved = moved._after(CampaignEvent.START, now)  # noqa: SLF001  its own kind
        return moved.check_again(next_check_at)

    def _awaiting_approval(self, now: datetime) -> "Campaign":
        reason = PauseReason.APPROVAL
        paused = self if self.awaits_approval else self._after(CampaignEvent.PAUSE, now, reason)
        return replace(
            paused,
            approved=None,
            pause_reason=reason,
            pause_detail=None,
            resume_at=None,
            next_check_at=None,
        )

    def check_again(self, at: datetime | None) -> "Campaign":
        """The reconciler looks again at `at`; state unchanged."""
        return replace(self, next_check_at=at)

    def _after(self, event: CampaignEvent, now: datetime, reason: str | None = None) -> "Campaign":
        state = TRANSITIONS[self.state].get(event)
        if state is None:
            raise IllegalTransition("campaign", self.state, event)
        if state is self.state:
            return self
        return self._changed(state, _CHANGES[event], now, reason)

    def _changed(
        self, state: CampaignState, kind: ChangeKind, at: datetime, reason: str | None = None
    ) -> "Campaign":
        change = StateChange(
            number=self.history[-1].number + 1 if self.history else 1,
            kind=kind,
            state=state,
            at=at,
            reason=reason,
            written_with=self.version + 1,
        )
        return replace(self, state=state, history=(*self.history, change)[-MAX_HISTORY:])

    def _end(self, event: CampaignEvent, now: datetime, reason: str | None = None) -> "Campaign":
        return replace(
            self._after(event, now, reason),
            ended_at=now,
            # Its line of analytics is to be written, and what is unknown watched.
            next_check_at=now,
            pause_reason=None,
            pause_detail=None,
            resume_at=None,
        )
