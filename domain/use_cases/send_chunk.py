"""Send one chunk: claim, mail, record, one micro-batch after the other."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto

from domain.campaign import Campaign, CampaignCategory, CampaignState, PauseReason
from domain.chunk import Chunk, ChunkRef, Lease
from domain.delivery_policy import DeliveryPolicy
from domain.errors import (
    DependencyFault,
    DependencyRefused,
    IllegalTransition,
    InvalidInput,
    VersionConflict,
)
from domain.grants import Grant
from domain.identifiers import AttemptToken
from domain.message import Message
from domain.outcome import AccountBlocked, NotSent, Outcome, OutcomeCounts, Refused
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contents import ContentRepository
from domain.ports.ids import Ids
from domain.ports.mailer import Mailer
from domain.ports.metrics import Metrics, Retry
from domain.ports.queue import SendQueue
from domain.ports.rate_limiter import RateLimiter
from domain.ports.renderer import Renderer, Unrenderable
from domain.unsubscribe import Footer, Mailing, UnsubscribeTokens

logger = logging.getLogger(__name__)

_SENT_TO_WORKERS = frozenset({CampaignState.SENDING, CampaignState.CANCELLED})
_WRITE_ATTEMPTS = 5
"""Lost races in a row before a write is left to others."""
_FIRST_WAIT = timedelta(milliseconds=100)
_LONGEST_WAIT = timedelta(seconds=5)


class Step(Enum):
    """What became of a chunk."""

    FINISHED = auto()
    """Every recipient is in a counted state."""
    GO_ON = auto()
    """More of it is pending."""
    LEFT = auto()
    """Nothing to do, or somebody else's to do."""


@dataclass(frozen=True, kw_only=True)
class SendChunk:
    """Steps 1 to 8 of Send in docs/delivery.md, for one message of the queue."""

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

    def __post_init__(self) -> None:
        """Raises ValueError where no call could ever be made: a lease has to outlast one."""
        if self.mailer.timeout >= self.policy.send_lease:
            raise ValueError(
                f"send_lease: {self.policy.send_lease} does not outlast the mailer's timeout,"
                f" {self.mailer.timeout}; make it longer."
            )

    def __call__(self, ref: ChunkRef, deadline: timedelta | None = None) -> bool:
        """Send what is pending; returns whether the chunk is finished.

        The message is then dealt with. By `deadline`, of the monotonic clock, every attempt is
        recorded; what must wait longer is put back. Raises DependencyFault: leave the message, it
        comes again.
        """
        while True:
            step = self._micro_batch(ref, deadline)
            if step is not Step.GO_ON:
                return step is Step.FINISHED

    def _micro_batch(self, ref: ChunkRef, deadline: timedelta | None) -> Step:
        loaded = self.chunks.load(ref)
        if loaded is None:
            logger.warning("No such chunk", extra=ref.names)
            return Step.LEFT
        campaign, chunk = loaded
        return (
            self._without_sending(campaign, chunk)
            or self._before_its_wave(campaign, chunk)
            or self._attempt(campaign, chunk, deadline)
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
            self._put_back(campaign, chunk, early)
        elif not chunk.awaits_wave:
            try:
                self._save(chunk.check_with_wave(), chunk)
            except VersionConflict:
                return Step.GO_ON
        return Step.LEFT

    def _attempt(self, campaign: Campaign, chunk: Chunk, deadline: timedelta | None) -> Step:
        if self.footer.lacks_address(campaign.category):
            # It had one when the campaign was started, or that would have failed.
            self._pause(chunk.ref, PauseReason.POSTAL_ADDRESS, "POSTAL_ADDRESS is not set any more")
            return Step.LEFT
        positions = chunk.pending[: self.limiter.limit]
        mails = self._render(campaign, chunk, positions)
        grant = self._grant(campaign, chunk, len(positions), self._patience(deadline))
        if grant is None:
            return Step.LEFT
        positions = positions[: grant.messages]
        if self._patience(deadline) < timedelta():
            # The wait was longer than it was to be: nobody is claimed whom time might cut off.
            self._put_back(campaign, chunk, timedelta())
            return Step.LEFT
        attempt = self.ids.attempt_token()
        claimed, lease_ends = self._claim(chunk, positions, attempt)
        if claimed is None:
            # Paused or cancelled meanwhile, or somebody else came first: look once more.
            return Step.GO_ON
        self._note_left_behind(campaign, chunk)
        if claimed.is_finished:
            return Step.FINISHED
        until = lease_ends if deadline is None else min(lease_ends, deadline)
        outcomes = self._send(claimed.claimed_by(attempt), mails, grant, until)
        before, stored = self._record(claimed, attempt, outcomes, until)
        if outcomes:
            counts = OutcomeCounts.of(outcomes.values())
            # Whom the provider told of first, its event has counted.
            proved = len(set(stored.sent) - set(before.sent))
            self.metrics.sends(campaign, replace(counts, accepted=proved))
        return self._follow(chunk.ref, _step_of(stored), tuple(outcomes.values()))

    def _render(
        self, campaign: Campaign, chunk: Chunk, positions: Sequence[int]
    ) -> dict[int, Message | Unrenderable]:
        content = self.contents.get(chunk.ref.campaign_id)
        if content is None:
            # The snapshot is written before the first chunk, so the store is damaged.
            raise DependencyRefused("The campaign's content snapshot is gone.")
        urls = [self._unsubscribe_url(chunk, position) for position in positions]
        try:
            mails = self.renderer.render(
                content,
                [
                    self.footer.merged(chunk.recipients[position], url)
                    for position, url in zip(positions, urls, strict=True)
                ],
            )
        except InvalidInput as error:
            raise DependencyRefused(
                f"The campaign's content snapshot is damaged: {error}"
            ) from error
        is_marketing = campaign.category is CampaignCategory.MARKETING
        return {
            position: mail
            if isinstance(mail, Unrenderable)
            else Message(
                chunk=chunk.ref,
                position=position,
                to=chunk.recipients[position].address,
                subject=mail.subject,
                html=mail.html,
                text=mail.text,
                unsubscribe_url=url if is_marketing else None,
                sender=content.sender,
                reply_to=content.reply_to,
            )
            for position, url, mail in zip(positions, urls, mails, strict=True)
        }

    def _unsubscribe_url(self, chunk: Chunk, position: int) -> str:
        contact_id = chunk.recipients[position].contact_id
        return self.footer.unsubscribe_url(
            self.tokens.token(Mailing(chunk.ref, position, contact_id))
        )

    def _patience(self, deadline: timedelta | None) -> timedelta:
        """How long a grant may be waited for; negative, so for none, where time is too short."""
        patience = self.policy.send_lease / 2
        if deadline is None:
            return patience
        attempt = self.mailer.timeout + self.policy.record_reserve
        return min(patience, deadline - self.clock.monotonic() - attempt)

    def _grant(
        self, campaign: Campaign, chunk: Chunk, messages: int, patience: timedelta
    ) -> Grant | None:
        """Wait for a place in time; too far away, the chunk goes back on the queue unclaimed."""
        now = self.clock.now()
        grant = self.limiter.request(messages, now, patience)
        if isinstance(grant, timedelta):
            self._put_back(campaign, chunk, grant)
            return None
        self.metrics.limiter_wait(campaign, grant.at - now)
        # A sleep is measured by another clock than the grant: it can end just before it.
        while (wait := grant.at - self.clock.now()) > timedelta():
            self.clock.sleep(wait)
        return grant

    def _claim(
        self, chunk: Chunk, positions: Sequence[int], attempt: AttemptToken
    ) -> tuple[Chunk | None, timedelta]:
        """Read permission, then claim in one write; also when the lease ends, monotonic."""
        lease_ends = self.clock.monotonic() + self.policy.send_lease
        permission = self.chunks.permission(
            chunk.ref.campaign_id, [chunk.recipients[position].address for position in positions]
        )
        campaign = permission.campaign
        if campaign is None or campaign.state is not CampaignState.SENDING:
            return None, lease_ends
        suppressed = [
            position
            for position in positions
            if chunk.recipients[position].address in permission.suppressed
        ]
        lease = Lease(attempt, self.clock.now() + self.policy.send_lease)
        try:
            claimed = chunk.claim(positions, suppressed=suppressed, lease=lease)
            return self._save(claimed, chunk), lease_ends
        except VersionConflict:
            return None, lease_ends

    def _send(
        self,
        positions: Sequence[int],
        mails: dict[int, Message | Unrenderable],
        grant: Grant,
        until: timedelta,
    ) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        messages: list[Message] = []
        for position in positions:
            mail = mails[position]
            if isinstance(mail, Unrenderable):
                outcomes[position] = Refused(mail.reason)
                continue
            messages.append(mail)
        if not messages:
            return outcomes
        in_time = self.clock.monotonic() + self.mailer.timeout < until
        now = self.clock.now()
        if in_time and grant.is_usable(now):
            results = self.mailer.send(messages, grant.left(now))
        else:
            results = [NotSent("too late for the lease or the grant", overdue=True)] * len(messages)
        for message, outcome in zip(messages, results, strict=True):
            outcomes[message.position] = outcome
        return outcomes

    def _record(
        self,
        claimed: Chunk,
        attempt: AttemptToken,
        outcomes: dict[int, Outcome],
        until: timedelta,
    ) -> tuple[Chunk, Chunk]:
        """The chunk before and after every outcome; after a lost race, what still fits.

        A fault is waited out `until` the lease or the time is over: what is not written then shows
        as unknown.
        """
        before = claimed
        wait = _FIRST_WAIT
        while True:
            try:
                stored = self._write_outcomes(before, attempt, outcomes)
                if stored is not None:
                    return before, stored
                before = self._again(before)
            except DependencyFault:
                if self.clock.monotonic() + wait >= until:
                    logger.exception(
                        "Outcomes not recorded: they will show as unknown",
                        extra=claimed.ref.names,
                    )
                    raise
                self.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    def _write_outcomes(
        self, before: Chunk, attempt: AttemptToken, outcomes: dict[int, Outcome]
    ) -> Chunk | None:
        """The chunk with the outcomes in it; None where somebody else wrote it first."""
        after = before.record(attempt, outcomes)
        if after == before:
            return before
        try:
            return self._save(after, before)
        except VersionConflict:
            return None

    def _again(self, chunk: Chunk) -> Chunk:
        loaded = self.chunks.load(chunk.ref)
        if loaded is None:
            raise DependencyRefused("The chunk is gone.")
        return loaded[1]

    def _follow(self, ref: ChunkRef, step: Step, outcomes: Sequence[Outcome]) -> Step:
        """What the outcomes mean for the chunk's next try, and for the campaign."""
        blocked = [each for each in outcomes if isinstance(each, AccountBlocked)]
        if blocked:
            reason = PauseReason.QUOTA if blocked[0].quota else PauseReason.ACCOUNT
            self._pause(ref, reason, blocked[0].reason)
            return step if step is Step.FINISHED else Step.LEFT
        not_sent = [each for each in outcomes if isinstance(each, NotSent)]
        if step is not Step.GO_ON or not not_sent:
            return step
        if any(each.throttled for each in not_sent):
            self._slow_down(ref)
        loaded = self.chunks.load(ref)
        if loaded is None:
            return Step.LEFT
        campaign, chunk = loaded
        if all(each.overdue for each in not_sent) and len(not_sent) < len(outcomes):
            # The grant ran out over the others: everyday, and no reason to wait.
            delay = timedelta()
        else:
            delay = self.policy.backoff(chunk.put_backs, self.ids.fraction())
            logger.warning("Not sent: %s", not_sent[0].reason, extra=ref.names)
        self._put_back(campaign, chunk, delay)
        return Step.LEFT

    def _slow_down(self, ref: ChunkRef) -> None:
        try:
            self.limiter.slow_down(self.clock.now())
        except DependencyFault as fault:
            logger.warning("Throttled, and the pace stays: %s", fault, extra=ref.names)

    def _pause(self, ref: ChunkRef, reason: PauseReason, why: str) -> None:
        ends_by_itself = reason is PauseReason.QUOTA
        now = self.clock.now()
        resume_at = now + self.policy.quota_pause if ends_by_itself else None
        for _ in range(_WRITE_ATTEMPTS):
            campaign = self.campaigns.get(ref.campaign_id)
            if campaign is None:
                return
            try:
                paused = self.campaigns.save(campaign.pause(now, reason, resume_at))
            except VersionConflict:
                continue
            except IllegalTransition:
                # Another worker paused it, or it ended.
                return
            logger.error("Paused: %s", why, extra=ref.names)
            self.metrics.campaign_halted(paused)
            return
        raise DependencyRefused("The campaign kept changing and could not be paused.")

    def _put_back(self, campaign: Campaign, chunk: Chunk, delay: timedelta) -> None:
        """A delayed message of its own; the reconciler does not take it for abandoned."""
        due = self.clock.now() + delay + self.policy.chunk_check_interval
        for _ in range(_WRITE_ATTEMPTS):
            later = chunk.check_not_before(due)
            if later is chunk:
                break
            try:
                self._save(later, chunk)
                break
            except VersionConflict:
                # To proof about a neighbour, or to somebody who is at it now.
                chunk = self._again(chunk)
                if chunk.is_finished or chunk.is_held(self.clock.now()):
                    return
        if self.queue.enqueue([chunk.ref], delay):
            raise DependencyRefused("The send queue did not take the chunk.")
        self.metrics.retried(campaign, Retry.SEND)

    def _write(self, campaign: Campaign, chunk: Chunk, before: Chunk) -> Step:
        try:
            stored = self._save(chunk, before)
        except VersionConflict:
            return Step.GO_ON
        self._note_left_behind(campaign, before)
        return _step_of(stored)

    def _save(self, chunk: Chunk, before: Chunk) -> Chunk:
        chunk = chunk.since(before, self.clock.now())
        if chunk.awaiting_resend and not chunk.pending and not chunk.sending:
            # Nothing to do until then: the reconciler need not look.
            chunk = chunk.check_at(self.clock.now() + self.policy.settling_window)
        return self.chunks.save(chunk, before)

    def _note_left_behind(self, campaign: Campaign, chunk: Chunk) -> None:
        """Whom a worker died over became unknown, though no mailer said so."""
        if chunk.sending:
            self.metrics.sends(campaign, OutcomeCounts(unknown=len(chunk.sending)))


def _step_of(chunk: Chunk) -> Step:
    return Step.FINISHED if chunk.is_finished else Step.GO_ON
