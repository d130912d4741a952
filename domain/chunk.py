"""The Chunk aggregate: up to fifty recipients of one campaign, moved by one record's version.

A chunk refuses what the tables of `domain.recipient` refuse. Every method returns a new chunk;
the repository writes it if the stored version is still the one that was read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.identifiers import AttemptToken, CampaignId
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.recipient import Recipient, RecipientEvent, RecipientProgress, RecipientState, Resend
from domain.tally import TALLY_SHARDS, Tally

if TYPE_CHECKING:
    from domain.provider_event import ProviderEvent  # which names a chunk

MAX_RECIPIENTS = 50
"""What one SendBulkEmail call takes (Amazon SES API v2 reference, SendBulkEmail)."""

_MAY_BE_ACCEPTED = frozenset(
    {
        RecipientState.PENDING,
        RecipientState.SENDING,
        RecipientState.UNKNOWN,
        RecipientState.FAILED,
    }
)

LEASE_RAN_OUT = "lease ran out while sending"


@dataclass(frozen=True)
class ChunkRef:
    """Names one chunk: all that a message on the send queue holds."""

    campaign_id: CampaignId
    range_number: int
    number: int

    @property
    def tally_shard(self) -> int:
        """Which shard of the tally it is counted in."""
        return self.number % TALLY_SHARDS

    @property
    def names(self) -> dict[str, object]:
        """By which a line of the log tells which chunk it is about."""
        return {"campaign_id": self.campaign_id, "range": self.range_number, "chunk": self.number}


@dataclass(frozen=True)
class Lease:
    """Who works on a chunk, by its attempt, and until when."""

    attempt: AttemptToken
    until: datetime

    def is_live(self, now: datetime) -> bool:
        """Whether its holder may still be at work."""
        return now < self.until


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """`progress[i]` tells how far `recipients[i]` is.

    `checks` counts how often the reconciler enqueued it again; `next_check_at` is when it looks
    at it next, None once the chunk is finished. `made_at` is when it was fanned out, `finished_at`
    when the last of it was in a counted state; None in records from before they were kept.
    `unknown_since` is when a recipient last became unknown. `put_backs` counts the attempts since
    the last acceptance of which something was certainly not sent. Nobody of it is mailed before
    `not_before`, fixed at fan-out: its wave; None is at once.
    """

    ref: ChunkRef
    recipients: tuple[Recipient, ...]
    progress: tuple[RecipientProgress, ...]
    next_check_at: datetime | None
    version: int = 0
    lease: Lease | None = None
    checks: int = 0
    made_at: datetime | None = None
    finished_at: datetime | None = None
    unknown_since: datetime | None = None
    put_backs: int = 0
    not_before: datetime | None = None

    @classmethod
    def new(  # noqa: PLR0913  what is known of it at fan-out
        cls,
        ref: ChunkRef,
        recipients: tuple[Recipient, ...],
        next_check_at: datetime,
        made_at: datetime | None = None,
        resend: Resend = Resend.NONE,
        *,
        not_before: datetime | None = None,
    ) -> "Chunk":
        """All recipients pending; `resend` is ahead for each under policy `resend`.

        One that is `not_before` some moment is looked at then, whatever `next_check_at` says.
        """
        return cls(
            ref=ref,
            recipients=recipients,
            progress=(RecipientProgress(resend=resend),) * len(recipients),
            next_check_at=not_before or next_check_at,
            made_at=made_at,
            not_before=not_before,
        )

    @property
    def is_finished(self) -> bool:
        """Whether no recipient is pending or sending, nor unknown with its re-send ahead."""
        return all(each.is_finished for each in self.progress)

    @property
    def pending(self) -> tuple[int, ...]:
        """Positions not tried yet, or put back."""
        return self._positions(RecipientState.PENDING)

    @property
    def sending(self) -> tuple[int, ...]:
        """Positions in an attempt, whoever's."""
        return self._positions(RecipientState.SENDING)

    @property
    def sent(self) -> tuple[int, ...]:
        """Positions whose mail was accepted."""
        return self._positions(RecipientState.SENT)

    @property
    def unknown(self) -> tuple[int, ...]:
        """Positions of which nobody knows whether they were sent."""
        return self._positions(RecipientState.UNKNOWN)

    @property
    def awaiting_resend(self) -> tuple[int, ...]:
        """Positions that are unknown, and are to be put back by themselves."""
        return tuple(at for at, each in enumerate(self.progress) if each.awaits_resend)

    def early_by(self, now: datetime) -> timedelta:
        """How long it is until its wave; zero or less once that has come."""
        return timedelta() if self.not_before is None else self.not_before - now

    @property
    def awaits_wave(self) -> bool:
        """Whether nobody has looked at it since fan-out: it is to be enqueued with its wave."""
        return self.not_before is not None and self.next_check_at == self.not_before

    @property
    def due_since(self) -> datetime | None:
        """Since when workers should be at it: fan-out or its wave, whichever came later."""
        moments = [each for each in (self.made_at, self.not_before) if each is not None]
        return max(moments, default=None)

    def is_held(self, now: datetime) -> bool:
        """Whether somebody's lease on it is live."""
        return self.lease is not None and self.lease.is_live(now)

    def claimed_by(self, attempt: AttemptToken) -> tuple[int, ...]:
        """Positions `sending` under this attempt."""
        return tuple(
            position for position in self.sending if self.progress[position].attempt == attempt
        )

    def claim(
        self, positions: Collection[int], *, suppressed: Collection[int], lease: Lease
    ) -> "Chunk":
        """Take `positions` into an attempt; suppressed ones end here, without a mail.

        The caller has seen that no lease is live. What is still `sending` was left by a holder
        whose lease ran out: it may have been sent, so it becomes `unknown`, never sent again.
        """
        progress = _without_dead_attempts(self.progress)
        progress = _moved(progress, suppressed, lambda each: each.after(RecipientEvent.SUPPRESS))
        progress = _moved(
            progress,
            [position for position in positions if position not in suppressed],
            lambda each: each.after(RecipientEvent.CLAIM, attempt=lease.attempt),
        )
        return self._with(progress, lease)

    def record(self, attempt: AttemptToken, outcomes: Mapping[int, Outcome]) -> "Chunk":
        """Write down what the mailer said of an attempt, and release its lease.

        An acceptance counts whatever became of the attempt meanwhile; any other outcome only
        while the recipient is still `sending` (or, for a refusal, `unknown`) under this attempt.
        """
        progress = list(self.progress)
        for position, outcome in outcomes.items():
            progress[position] = _after_outcome(progress[position], attempt, outcome)
        released = self.lease is not None and self.lease.attempt == attempt
        recorded = self._with(self._unnamed(progress), None if released else self.lease)
        if recorded.progress == self.progress:
            return recorded
        # Somebody is at it: whoever waits for it may be patient anew.
        return replace(recorded, put_backs=_put_backs(self, recorded, outcomes), checks=0)

    def without_dead_attempts(self) -> "Chunk":
        """What is `sending` becomes `unknown`: the caller has seen that its lease ran out."""
        return self._with(_without_dead_attempts(self.progress), None)

    def skip_pending(self) -> "Chunk":
        """The campaign was cancelled: who is pending gets no mail, and nobody a second one."""
        progress = _moved(self.progress, self.pending, lambda each: each.after(RecipientEvent.SKIP))
        return self._with(tuple(each.without_resend_ahead() for each in progress), self.lease)

    def note(self, events: "Iterable[ProviderEvent]") -> "Chunk":
        """What the provider told: each event proves that the mail was accepted, and may say more.

        Whoever is skipped or suppressed was certainly not mailed: of them it changes nothing.
        """
        progress = list(self.progress)
        for event in events:
            if event.position < len(progress):
                progress[event.position] = _after_event(progress[event.position], event)
        return self._with(self._unnamed(progress), self.lease)

    def resend(self, positions: Collection[int], next_check_at: datetime) -> "Chunk":
        """Put those back whose outcome is unknown: they may get a second mail.

        Raises IllegalTransition where one is not unknown, or was put back before.
        """
        progress = _moved(self.progress, positions, lambda each: each.after(RecipientEvent.RESEND))
        resent = self._with(progress, self.lease)
        return replace(resent, next_check_at=next_check_at, finished_at=None)

    def give_up(self, positions: Collection[int], reason: str) -> "Chunk":
        """Somebody decided that those of unknown outcome count as failed.

        Raises IllegalTransition where one is not unknown.
        """
        return self._with(
            _moved(
                self.progress,
                positions,
                lambda each: each.after(RecipientEvent.GIVE_UP, reason=reason),
            ),
            self.lease,
        )

    def erase(self, position: int) -> "Chunk":
        """One person is not known here any more, and gets no mail.

        The caller has seen that the recipient is not `sending`.
        """
        recipients = list(self.recipients)
        recipients[position] = recipients[position].erased()
        progress = list(self.progress)
        progress[position] = progress[position].erased()
        return replace(self._with(tuple(progress), self.lease), recipients=tuple(recipients))

    def check_later(self, now: datetime, interval: timedelta) -> "Chunk":
        """Look again after `interval`, doubled by every earlier look."""
        # Bounded, so that a chunk is looked at about every hour however long it waits.
        patience = interval * 2 ** min(self.checks, 4)
        return replace(self, next_check_at=now + patience, checks=self.checks + 1)

    def check_at(self, at: datetime) -> "Chunk":
        """Look again at `at`."""
        return replace(self, next_check_at=at)

    def check_with_wave(self) -> "Chunk":
        """Look again once its wave has come."""
        return replace(self, next_check_at=self.not_before)

    def check_not_before(self, at: datetime) -> "Chunk":
        """It was put back until `at`: not abandoned before then."""
        if self.next_check_at is None or self.next_check_at >= at:
            return self
        return replace(self, next_check_at=at)

    def since(self, before: "Chunk", now: datetime) -> "Chunk":
        """With the times of what became of it after `before`, at `now`."""
        chunk = self
        if set(self.unknown) - set(before.unknown):
            chunk = replace(chunk, unknown_since=now)
        if self.is_finished and self.finished_at is None:
            chunk = replace(chunk, finished_at=now)
        return chunk

    def finished_since(self, before: "Chunk") -> datetime | None:
        """When it was finished; None where it was finished `before`, or is not."""
        return None if before.is_finished else self.finished_at

    def tally_change(self, before: "Chunk") -> Tally | None:
        """What writing this after `before` adds to the tally, which counts finished chunks only."""
        change = _counted(self) - _counted(before)
        return change if change != Tally() else None

    def _unnamed(self, progress: Iterable[RecipientProgress]) -> tuple[RecipientProgress, ...]:
        """The mail of somebody erased is not found by the provider's name for it, told later."""
        return tuple(
            replace(each, message_id=None) if recipient.is_erased else each
            for recipient, each in zip(self.recipients, progress, strict=True)
        )

    def _positions(self, state: RecipientState) -> tuple[int, ...]:
        return _positions(self.progress, state)

    def _with(self, progress: tuple[RecipientProgress, ...], lease: Lease | None) -> "Chunk":
        chunk = replace(self, progress=progress, lease=lease)
        return replace(chunk, lease=None, next_check_at=None) if chunk.is_finished else chunk


def _counted(chunk: Chunk) -> Tally:
    return Tally.of(chunk.progress) if chunk.is_finished else Tally()


def _positions(progress: tuple[RecipientProgress, ...], state: RecipientState) -> tuple[int, ...]:
    return tuple(position for position, each in enumerate(progress) if each.state is state)


def _moved(
    progress: tuple[RecipientProgress, ...],
    positions: Collection[int],
    move: Callable[[RecipientProgress], RecipientProgress],
) -> tuple[RecipientProgress, ...]:
    return tuple(
        move(each) if position in positions else each for position, each in enumerate(progress)
    )


def _without_dead_attempts(
    progress: tuple[RecipientProgress, ...],
) -> tuple[RecipientProgress, ...]:
    return _moved(
        progress,
        _positions(progress, RecipientState.SENDING),
        lambda each: each.after(RecipientEvent.LOSE_SIGHT, reason=LEASE_RAN_OUT),
    )


def _after_event(each: RecipientProgress, event: "ProviderEvent") -> RecipientProgress:
    if each.state in _MAY_BE_ACCEPTED:
        each = each.after(RecipientEvent.ACCEPT, message_id=event.message_id)
    return each.flagged(event.flag) if each.state is RecipientState.SENT else each


def _put_backs(before: Chunk, after: Chunk, outcomes: Mapping[int, Outcome]) -> int:
    if len(after.sent) > len(before.sent):
        return 0
    failed = any(
        isinstance(outcome, NotSent) and not outcome.overdue and position in after.pending
        for position, outcome in outcomes.items()
        if position in before.sending
    )
    return before.put_backs + failed


def _after_outcome(  # noqa: PLR0911  one row of the table each
    each: RecipientProgress, attempt: AttemptToken, outcome: Outcome
) -> RecipientProgress:
    if isinstance(outcome, Accepted):
        if each.state not in _MAY_BE_ACCEPTED:
            # Sent already, or settled by hand: the other outcomes of the batch count all the same.
            return each
        return each.after(RecipientEvent.ACCEPT, attempt=attempt, message_id=outcome.message_id)
    if each.attempt != attempt:
        return each
    match each.state, outcome:
        case RecipientState.SENDING, NotSent() | AccountBlocked():
            return each.after(RecipientEvent.PUT_BACK, reason=outcome.reason)
        case RecipientState.SENDING | RecipientState.UNKNOWN, Refused():
            return each.after(RecipientEvent.REFUSE, reason=outcome.reason)
        case RecipientState.SENDING, Unknown():
            return each.after(RecipientEvent.LOSE_SIGHT, reason=outcome.reason)
    return each
