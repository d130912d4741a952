"""Look after chunks that nobody is at: abandoned ones, and those whose wave has come."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyFault, DependencyRefused, IllegalTransition, VersionConflict
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.metrics import Metrics, Retry
from domain.ports.queue import SendQueue
from domain.priority import Priority

logger = logging.getLogger(__name__)

CHUNKS_AT_ONCE = 40
"""Read in one request: a wave of a large campaign is thousands of chunks."""

_ENQUEUED_AT_ONCE = 10
_SENT_TO_WORKERS = frozenset({CampaignState.SENDING, CampaignState.CANCELLED})

_FAILED = "Could not be looked after yet"

_Loaded = tuple[Campaign, Chunk]


@dataclass(frozen=True, kw_only=True)
class ReconcileChunks:
    """Step by step for some chunks together, so that each costs little more than its one write."""

    chunks: ChunkRepository
    queue: SendQueue
    clock: Clock
    metrics: Metrics
    policy: DeliveryPolicy

    def __call__(self, refs: Sequence[ChunkRef]) -> timedelta:
        """Returns for how long the oldest of those that workers should have finished has waited.

        What fails stays due, and does not keep the others.
        """
        try:
            loaded = self.chunks.load_all(refs)
        except Exception:
            if len(refs) > 1:
                # One of them cannot be read, perhaps.
                return max(self((ref,)) for ref in refs)
            logger.exception(_FAILED, extra={"work": str(refs[0])})
            return timedelta()
        now = self.clock.now()
        waited = timedelta()
        abandoned: list[_Loaded] = []
        for ref in refs:
            if ref not in loaded:
                logger.error("A chunk in the index is gone", extra={"work": str(ref)})
                continue
            campaign, chunk = loaded[ref]
            if chunk.is_finished or chunk.next_check_at is None or chunk.next_check_at > now:
                continue
            if chunk.due_since is not None and campaign.state in _SENT_TO_WORKERS:
                waited = max(waited, now - chunk.due_since)
            with _failing_alone(ref):
                abandoned += [] if self._is_looked_after(campaign, chunk, now) else [loaded[ref]]
        for priority in Priority:
            of_it = [each for each in abandoned if each[0].priority is priority]
            for start in range(0, len(of_it), _ENQUEUED_AT_ONCE):
                self._enqueue_all(of_it[start : start + _ENQUEUED_AT_ONCE], priority)
        return waited

    def _is_looked_after(self, campaign: Campaign, chunk: Chunk, now: datetime) -> bool:
        """Whether it need not be enqueued: what there was to do is done here."""
        if chunk.lease is not None and chunk.is_held(now):
            later = chunk.lease.until + self.policy.chunk_check_interval
            self.chunks.save(chunk.check_not_before(later), chunk)
            return True
        if campaign.state not in _SENT_TO_WORKERS:
            # Paused: whoever resumes it enqueues all of it. A look is for those who cancel.
            self.chunks.save(chunk.check_at(now + self.policy.paused_check_interval), chunk)
            return True
        if campaign.state is CampaignState.SENDING and chunk.awaiting_resend:
            resend_at = (chunk.unknown_since or now) + self.policy.settling_window
            if now >= resend_at:
                self._resend(campaign, chunk, now)
                return True
            if not chunk.pending and not chunk.sending:
                self.chunks.save(chunk.check_at(resend_at), chunk)
                return True
        return False

    def _resend(self, campaign: Campaign, chunk: Chunk, now: datetime) -> None:
        """The provider had its time to tell: those of unknown outcome get a second mail."""
        positions = chunk.awaiting_resend
        self.chunks.save(chunk.resend(positions, now + self.policy.chunk_check_interval), chunk)
        logger.warning(
            "Outcome unknown, sent again: %d recipients", len(positions), extra=chunk.ref.names
        )
        self.metrics.retried(campaign, Retry.RESEND)
        if self.queue.enqueue([chunk.ref], campaign.priority):
            raise DependencyRefused("The send queue did not take the chunk.")

    def _enqueue_all(self, abandoned: Sequence[_Loaded], priority: Priority) -> None:
        """First, for a queue that refuses must be tried again with the next pass."""
        try:
            refused = set(self.queue.enqueue([chunk.ref for _, chunk in abandoned], priority))
        except DependencyFault:
            if len(abandoned) == 1:
                logger.exception(_FAILED, extra={"work": str(abandoned[0][1].ref)})
                return
            for each in abandoned:
                self._enqueue_all((each,), priority)
            return
        for campaign, chunk in abandoned:
            if chunk.ref in refused:
                logger.warning("The send queue did not take the chunk", extra=chunk.ref.names)
                continue
            with _failing_alone(chunk.ref):
                self._note_enqueued(campaign, chunk)

    def _note_enqueued(self, campaign: Campaign, chunk: Chunk) -> None:
        now, interval = self.clock.now(), self.policy.chunk_check_interval
        if chunk.awaits_wave:
            self.chunks.save(chunk.check_at(now + interval), chunk)
            logger.info("Its wave has come: chunk enqueued", extra=chunk.ref.names)
            return
        self.chunks.save(chunk.check_later(now, interval), chunk)
        self.metrics.retried(campaign, Retry.CHUNK)
        logger.info("Abandoned chunk enqueued again", extra=chunk.ref.names)


@contextmanager
def _failing_alone(ref: ChunkRef) -> Iterator[None]:
    try:
        yield
    except (VersionConflict, IllegalTransition):
        # Somebody is at work on it; it is looked at again when it is due again.
        return
    except Exception:
        # A fault, or a record that cannot be read: the others are looked after all the same.
        logger.exception(_FAILED, extra={"work": str(ref)})
