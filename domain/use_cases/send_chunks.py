"""Send chunks: claim, mail, record, one micro-batch after the other."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.chunk import MAX_RECIPIENTS, Chunk, ChunkRef, Lease
from domain.delivery_policy import DeliveryPolicy
from domain.errors import (
    DependencyFault,
    DependencyRefused,
    IllegalTransition,
    VersionConflict,
)
from domain.footer import Footer
from domain.grants import Grant
from domain.identifiers import AttemptToken
from domain.message import Message
from domain.outcome import AccountBlocked, NotSent, Outcome, OutcomeCounts, Refused
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkChange, ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contents import ContentRepository
from domain.ports.ids import Ids
from domain.ports.mailer import Mailer
from domain.ports.metrics import Metrics, Retry
from domain.ports.queue import SendQueue
from domain.ports.rate_limiter import RateLimiter
from domain.ports.renderer import Renderer, Unrenderable
from domain.priority import Priority
from domain.unsubscribe import UnsubscribeTokens
from domain.use_cases.chunk_writes import ChunkWrites, Outcomes, Recorded
from domain.use_cases.grant_wait import wait_until
from domain.use_cases.render_mails import Part, RenderMails, first_of

logger = logging.getLogger(__name__)

MAX_CHUNKS = 10
"""Of one micro-batch: what is one receive of SQS, and one transaction with their tallies."""

_SENT_TO_WORKERS = frozenset({CampaignState.SENDING, CampaignState.CANCELLED})
_WRITE_ATTEMPTS = 5
"""Lost races in a row before a write is left to others."""
CLAIMED_AHEAD = timedelta(milliseconds=250)
"""So much before its grant a micro-batch is claimed: that takes nothing of the grant's tolerance.

And so much older than the grant is at most what was read of who is suppressed."""


def _never() -> bool:
    return False


class Step(Enum):
    """What became of a chunk."""

    FINISHED = auto()
    """Every recipient is in a counted state."""
    GO_ON = auto()
    """More of it is pending."""
    TOO_LATE = auto()
    """Nobody of the micro-batch was mailed in time: it had too many chunks for that."""
    LEFT = auto()
    """Nothing to do, or somebody else's to do."""


@dataclass(frozen=True, kw_only=True)
class SendChunks:
    """Steps 1 to 8 of Send in docs/delivery.md, for messages of the queue.

    Once `is_ending` nobody is claimed any more: what is left is put back, for another process.
    """

    campaigns: CampaignRepository
    chunks: ChunkRepository
    contents: ContentRepository
    renderer: Renderer
    limiter: RateLimiter
    mailer: Mailer
    queue: SendQueue
    clock: Clock
    ids: Ids
    metrics: Metrics
    policy: DeliveryPolicy
    tokens: UnsubscribeTokens
    footer: Footer
    chunk_size: int = MAX_RECIPIENTS
    is_ending: Callable[[], bool] = _never

    def __post_init__(self) -> None:
        """Raises ValueError where no call could ever be made: a lease has to outlast one."""
        if self.mailer.timeout >= self.policy.send_lease:
            raise ValueError(
                f"send_lease: {self.policy.send_lease} does not outlast the mailer's timeout,"
                f" {self.mailer.timeout}; make it longer."
            )

    def __call__(
        self,
        refs: Sequence[ChunkRef],
        deadline: timedelta | None = None,
        lane: Priority | None = None,
    ) -> frozenset[ChunkRef]:
        """Send what is pending in chunks of one campaign; returns those that are finished.

        `lane` is whose queue they came by: a campaign of another priority is sent by the others.
        Their messages are then dealt with. By `deadline`, of the monotonic clock, every attempt is
        recorded; what must wait longer is put back. Raises DependencyFault: leave the messages,
        they come again.
        """
        finished: set[ChunkRef] = set()
        left = tuple(dict.fromkeys(refs))
        width = self._width
        while left:
            steps = self._micro_batch(left[: min(width, self._width)], deadline, lane)
            finished.update(ref for ref, step in steps.items() if step is Step.FINISHED)
            if Step.TOO_LATE in steps.values():
                width = max(1, width // 2)
            left = tuple(
                ref for ref in left if steps.get(ref, Step.GO_ON) in {Step.GO_ON, Step.TOO_LATE}
            )
        return frozenset(finished)

    @property
    def _render(self) -> RenderMails:
        return RenderMails(
            contents=self.contents, renderer=self.renderer, tokens=self.tokens, footer=self.footer
        )

    @property
    def _writes(self) -> ChunkWrites:
        return ChunkWrites(chunks=self.chunks, clock=self.clock, policy=self.policy)

    @property
    def _width(self) -> int:
        """How many full chunks a micro-batch has room for: what is read for nothing costs, too."""
        messages = min(self.limiter.limit, self.mailer.batch_size)
        return min(max(1, messages // self.chunk_size), MAX_CHUNKS)

    def _micro_batch(
        self, refs: Sequence[ChunkRef], deadline: timedelta | None, lane: Priority | None
    ) -> Mapping[ChunkRef, Step]:
        """What became of each; of those that it has no room for nothing is said."""
        loaded = self.chunks.load_all(refs)
        steps: dict[ChunkRef, Step] = {}
        ready: list[Chunk] = []
        for ref in refs:
            found = loaded.get(ref)
            if found is None:
                logger.warning("No such chunk", extra=ref.names)
                steps[ref] = Step.LEFT
                continue
            step = self._without_sending(*found) or self._before_its_wave(*found)
            if step is None:
                ready.append(found[1])
            else:
                steps[ref] = step
        if ready:
            campaign, _ = loaded[ready[-1].ref]
            if lane not in {None, campaign.priority}:
                self._to_its_lane(campaign, ready)
                return {**steps, **_all_left(ready)}
            steps |= self._attempt(campaign, ready, deadline)
        return steps

    def _to_its_lane(self, campaign: Campaign, chunks: Sequence[Chunk]) -> None:
        """It was made urgent, or is so no more: nobody of this lane is to wait for its grants."""
        if self.queue.enqueue([chunk.ref for chunk in chunks], campaign.priority):
            raise DependencyRefused("The send queue did not take the chunks.")
        logger.info(
            "Of another priority by now: passed on", extra={"campaign_id": campaign.campaign_id}
        )

    def _without_sending(self, campaign: Campaign, chunk: Chunk) -> Step | None:
        """What becomes of a chunk that is not to be sent now; None if it is."""
        if chunk.is_finished:
            # A repeated message of a chunk whose finisher may have died before its check.
            return Step.FINISHED
        if chunk.is_held(self.clock.now()) or campaign.state not in _SENT_TO_WORKERS:
            return Step.LEFT
        if campaign.state is CampaignState.CANCELLED:
            return self._write(campaign, chunk.without_dead_attempts().skip_pending(), chunk)
        if chunk.pending:
            return None
        if chunk.sending:
            return self._write(campaign, chunk.without_dead_attempts(), chunk)
        # Who is unknown is waited for, and then put back: the reconciler's to do.
        return Step.LEFT

    def _before_its_wave(self, campaign: Campaign, chunk: Chunk) -> Step | None:
        """Whatever put the message there: the reconciler enqueues it once its wave has come."""
        early = chunk.early_by(self.clock.now())
        if early <= timedelta():
            return None
        if early <= self.policy.clock_skew:
            # It has, by another clock.
            self._put_back(campaign, [chunk], early)
        elif not chunk.awaits_wave:
            try:
                self._writes.save(chunk.check_with_wave(), chunk)
            except VersionConflict:
                return Step.GO_ON
        return Step.LEFT

    def _attempt(
        self, campaign: Campaign, ready: Sequence[Chunk], deadline: timedelta | None
    ) -> Mapping[ChunkRef, Step]:
        """What becomes of those who are pending in as many chunks as there is room for."""
        if self.footer.lacks_address(campaign.category):
            # It had one when the campaign was started, or that would have failed.
            self._pause(campaign, PauseReason.POSTAL_ADDRESS, "POSTAL_ADDRESS is not set any more")
            return _all_left(ready)
        if self.is_ending():
            self._put_back(campaign, ready, timedelta())
            return _all_left(ready)
        room = min(self.limiter.limit, self.mailer.batch_size)
        parts = self._render(campaign, ready, room)
        chunks = [part.chunk for part in parts]
        grant = self._grant(campaign, parts, self._patience(deadline))
        if isinstance(grant, timedelta):
            self._put_back(campaign, chunks, grant)
            return _all_left(chunks)
        wait_until(grant.at - CLAIMED_AHEAD, self.clock)
        if self.is_ending() or self._patience(deadline) < timedelta():
            # The wait was longer than it was to be: nobody is claimed whom time might cut off.
            self._put_back(campaign, chunks, timedelta())
            return _all_left(chunks)
        parts = list(first_of(parts, grant.messages))
        attempt = self.ids.attempt_token()
        lease_ends = self.clock.monotonic() + self.policy.send_lease
        until = lease_ends if deadline is None else min(lease_ends, deadline)
        claimed = self._claim(campaign, parts, attempt, until)
        # Paused or cancelled meanwhile, or somebody else came first: look once more.
        steps = dict.fromkeys((part.chunk.ref for part in parts), Step.GO_ON)
        if not claimed:
            return steps
        outcomes = self._send(claimed, attempt, parts, grant, until)
        recorded = self._writes.record(claimed, attempt, outcomes, until)
        self._note(campaign, outcomes, recorded)
        stored = [each.stored for each in recorded]
        return {**steps, **self._follow(campaign, stored, outcomes)}

    def _patience(self, deadline: timedelta | None) -> timedelta:
        """How long a grant may be waited for; negative, so for none, where time is too short."""
        patience = self.policy.send_lease / 2
        if deadline is None:
            return patience
        attempt = self.mailer.timeout + self.policy.record_reserve
        return min(patience, deadline - self.clock.monotonic() - attempt)

    def _grant(
        self, campaign: Campaign, parts: Sequence[Part], patience: timedelta
    ) -> Grant | timedelta:
        """A place in time; one too far away is none, and says how far."""
        now = self.clock.now()
        messages = sum(len(part.mails) for part in parts)
        grant = self.limiter.request(messages, now, patience, campaign.priority)
        if isinstance(grant, Grant):
            self.metrics.limiter_wait(campaign, grant.at - now)
        return grant

    def _claim(
        self, campaign: Campaign, parts: Sequence[Part], attempt: AttemptToken, until: timedelta
    ) -> Sequence[Chunk]:
        """Read permission, then claim in one write.

        A chunk whose claim somebody else came before is not among those returned. Where nobody
        tells whether it was written, the claim is taken back, as long as there is time `until`.
        """
        addresses = [
            part.chunk.recipients[position].address for part in parts for position in part.mails
        ]
        permission = self.chunks.permission(parts[0].chunk.ref.campaign_id, addresses)
        if permission.campaign is None or permission.campaign.state is not CampaignState.SENDING:
            return ()
        lease = Lease(attempt, self.clock.now() + self.policy.send_lease)
        changes = [
            ChunkChange(
                part.chunk.claim(
                    tuple(part.mails),
                    suppressed=[
                        position
                        for position in part.mails
                        if part.chunk.recipients[position].address in permission.suppressed
                    ],
                    lease=lease,
                ),
                part.chunk,
            )
            for part in parts
        ]
        try:
            stored = self._writes.save_all(changes)
        except DependencyFault:
            self._writes.take_back([part.chunk for part in parts], attempt, until)
            raise
        for part in parts:
            if part.chunk.ref in stored:
                self._note_left_behind(campaign, part.chunk)
        return tuple(stored.values())

    def _send(
        self,
        claimed: Sequence[Chunk],
        attempt: AttemptToken,
        parts: Sequence[Part],
        grant: Grant,
        until: timedelta,
    ) -> Outcomes:
        mails = {part.chunk.ref: part.mails for part in parts}
        outcomes: dict[ChunkRef, dict[int, Outcome]] = {}
        messages: list[Message] = []
        for chunk in claimed:
            refused = outcomes.setdefault(chunk.ref, {})
            for position in chunk.claimed_by(attempt):
                mail = mails[chunk.ref][position]
                if isinstance(mail, Unrenderable):
                    refused[position] = Refused(mail.reason)
                else:
                    messages.append(mail)
        if not messages:
            return outcomes
        wait_until(grant.at, self.clock)
        in_time = self.clock.monotonic() + self.mailer.timeout < until
        now = self.clock.now()
        if in_time and grant.is_usable(now):
            results = self.mailer.send(messages, grant.left(now))
        else:
            results = [NotSent("too late for the lease or the grant", overdue=True)] * len(messages)
        for message, outcome in zip(messages, results, strict=True):
            outcomes[message.chunk][message.position] = outcome
        return outcomes

    def _note(self, campaign: Campaign, outcomes: Outcomes, recorded: Sequence[Recorded]) -> None:
        told = [outcome for each in outcomes.values() for outcome in each.values()]
        if told:
            proved = sum(each.proved for each in recorded)
            self.metrics.sends(campaign, replace(OutcomeCounts.of(told), accepted=proved))

    def _follow(
        self, campaign: Campaign, stored: Sequence[Chunk], outcomes: Outcomes
    ) -> Mapping[ChunkRef, Step]:
        """What the outcomes mean for the chunks' next try, and for the campaign."""
        steps = {chunk.ref: _step_of(chunk) for chunk in stored}
        told = [outcome for each in outcomes.values() for outcome in each.values()]
        for blocked in told:
            if isinstance(blocked, AccountBlocked):
                reason = PauseReason.QUOTA if blocked.quota else PauseReason.ACCOUNT
                self._pause(campaign, reason, blocked.reason)
                return _instead(steps, steps, Step.LEFT)
        not_sent = [each for each in told if isinstance(each, NotSent)]
        if not not_sent or Step.GO_ON not in steps.values():
            return steps
        if all(each.overdue for each in not_sent):
            if len(not_sent) < len(told):
                # The grant ran out over the others: everyday, and no reason to wait.
                return steps
            if len(stored) > 1:
                logger.info(
                    "Too many chunks for a grant: tried in fewer",
                    extra={"campaign_id": campaign.campaign_id},
                )
                return _instead(steps, steps, Step.TOO_LATE)
        if any(each.throttled for each in not_sent):
            self._slow_down(campaign)
        logger.warning(
            "Not sent: %s", not_sent[0].reason, extra={"campaign_id": campaign.campaign_id}
        )
        waiting = [ref for ref, each in outcomes.items() if _is_not_sent(each.values())]
        self._try_later(steps, waiting)
        return _instead(steps, waiting, Step.LEFT)

    def _try_later(self, steps: Mapping[ChunkRef, Step], refs: Sequence[ChunkRef]) -> None:
        loaded = self.chunks.load_all([ref for ref in refs if steps.get(ref) is Step.GO_ON])
        if not loaded:
            return
        chunks = [chunk for _, chunk in loaded.values()]
        campaign, _ = loaded[chunks[-1].ref]
        failures = max(chunk.put_backs for chunk in chunks)
        self._put_back(campaign, chunks, self.policy.backoff(failures, self.ids.fraction()))

    def _slow_down(self, campaign: Campaign) -> None:
        try:
            self.limiter.slow_down(self.clock.now())
        except DependencyFault as fault:
            logger.warning(
                "Throttled, and the pace stays: %s",
                fault,
                extra={"campaign_id": campaign.campaign_id},
            )

    def _pause(self, sent: Campaign, reason: PauseReason, why: str) -> None:
        ends_by_itself = reason is PauseReason.QUOTA
        now = self.clock.now()
        resume_at = now + self.policy.quota_pause if ends_by_itself else None
        for _ in range(_WRITE_ATTEMPTS):
            campaign = self.campaigns.get(sent.campaign_id)
            if campaign is None:
                return
            try:
                paused = self.campaigns.save(campaign.pause(now, reason, resume_at, why))
            except VersionConflict:
                continue
            except IllegalTransition:
                # Another worker paused it, or it ended.
                return
            logger.error("Paused: %s", why, extra={"campaign_id": sent.campaign_id})
            self.metrics.campaign_halted(paused)
            return
        raise DependencyRefused("The campaign kept changing and could not be paused.")

    def _put_back(self, campaign: Campaign, chunks: Sequence[Chunk], delay: timedelta) -> None:
        """Delayed messages of their own; the reconciler does not take them for abandoned."""
        due = self.clock.now() + delay + self.policy.chunk_check_interval
        put_back = {chunk.ref: chunk for chunk in chunks}
        waiting: Sequence[Chunk] = chunks
        for _ in range(_WRITE_ATTEMPTS):
            changes = [ChunkChange(chunk.check_not_before(due), chunk) for chunk in waiting]
            changes = [each for each in changes if each.is_one]
            stored = self._writes.save_all(changes)
            lost = [each.before for each in changes if each.chunk.ref not in stored]
            if not lost:
                break
            # To proof about a neighbour, or to somebody who is at it now.
            waiting = self._writes.again(lost)
            now = self.clock.now()
            for chunk in waiting:
                if chunk.is_finished or chunk.is_held(now):
                    del put_back[chunk.ref]
            waiting = [chunk for chunk in waiting if chunk.ref in put_back]
        if put_back and self.queue.enqueue(list(put_back), campaign.priority, delay):
            raise DependencyRefused("The send queue did not take the chunks.")
        for _ in put_back:
            self.metrics.retried(campaign, Retry.SEND)

    def _write(self, campaign: Campaign, chunk: Chunk, before: Chunk) -> Step:
        try:
            stored = self._writes.save(chunk, before)
        except VersionConflict:
            return Step.GO_ON
        self._note_left_behind(campaign, before)
        return _step_of(stored)

    def _note_left_behind(self, campaign: Campaign, chunk: Chunk) -> None:
        """Whom a worker died over became unknown, though no mailer said so."""
        if chunk.sending:
            self.metrics.sends(campaign, OutcomeCounts(unknown=len(chunk.sending)))


def _is_not_sent(outcomes: Collection[Outcome]) -> bool:
    return any(isinstance(each, NotSent) for each in outcomes)


def _instead(
    steps: Mapping[ChunkRef, Step], refs: Collection[ChunkRef], step: Step
) -> Mapping[ChunkRef, Step]:
    """With this step for those of `refs` that were to go on."""
    return {
        ref: step if each is Step.GO_ON and ref in refs else each for ref, each in steps.items()
    }


def _all_left(chunks: Sequence[Chunk]) -> Mapping[ChunkRef, Step]:
    return dict.fromkeys((chunk.ref for chunk in chunks), Step.LEFT)


def _step_of(chunk: Chunk) -> Step:
    return Step.FINISHED if chunk.is_finished else Step.GO_ON
