"""How workers write chunks: in one write as many as there are, dated, and waited for."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from domain.chunk import Chunk, ChunkRef
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyFault, DependencyRefused
from domain.identifiers import AttemptToken
from domain.outcome import NotSent, Outcome
from domain.ports.chunks import ChunkChange, ChunkRepository
from domain.ports.clock import Clock

logger = logging.getLogger(__name__)

_FIRST_WAIT = timedelta(milliseconds=100)
_LONGEST_WAIT = timedelta(seconds=5)

NOT_CONFIRMED = "nobody told whether it was claimed"

Outcomes = Mapping[ChunkRef, Mapping[int, Outcome]]
"""By chunk and position."""


@dataclass(frozen=True)
class Recorded:
    """A chunk before and after its outcomes were written."""

    before: Chunk
    stored: Chunk

    @property
    def proved(self) -> int:
        """Whose acceptance this write was the first to tell; events tell it, too."""
        return len(set(self.stored.sent) - set(self.before.sent))


@dataclass(frozen=True, kw_only=True)
class ChunkWrites:
    """Over the repository."""

    chunks: ChunkRepository
    clock: Clock
    policy: DeliveryPolicy

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """As the repository's. Raises VersionConflict and DependencyFault."""
        return self.chunks.save(self._dated(chunk, before), before)

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """As the repository's: those that were the first to write. Raises DependencyFault."""
        if not changes:
            return {}
        return self.chunks.save_all(
            [ChunkChange(self._dated(each.chunk, each.before), each.before) for each in changes]
        )

    def again(self, chunks: Sequence[Chunk]) -> Sequence[Chunk]:
        """As they are now. Raises DependencyFault, also where one is gone."""
        if not chunks:
            return ()
        loaded = self.chunks.load_all([chunk.ref for chunk in chunks])
        if len(loaded) < len(chunks):
            raise DependencyRefused("A chunk is gone.")
        return [chunk for _, chunk in loaded.values()]

    def record(
        self,
        claimed: Sequence[Chunk],
        attempt: AttemptToken,
        outcomes: Outcomes,
        until: timedelta,
        *,
        as_stored: bool = True,
    ) -> Sequence[Recorded]:
        """Every outcome; after a lost race, what still fits. `as_stored`: or `claimed` is older.

        A fault is waited out `until` the leases or the time are over: what is not written then
        shows as unknown. Raises DependencyFault.
        """
        recorded: list[Recorded] = []
        waiting = claimed
        wait = _FIRST_WAIT
        while waiting:
            try:
                if not as_stored:
                    waiting = self.again(waiting)
                written = self._write_outcomes(waiting, attempt, outcomes)
                recorded += written
                refs = {each.stored.ref for each in written}
                waiting = [chunk for chunk in waiting if chunk.ref not in refs]
                as_stored = False
            except DependencyFault:
                if self.clock.monotonic() + wait >= until:
                    logger.exception(
                        "Outcomes not recorded: they will show as unknown",
                        extra={"campaign_id": waiting[0].ref.campaign_id},
                    )
                    raise
                self.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        return recorded

    def take_back(self, chunks: Sequence[Chunk], attempt: AttemptToken, until: timedelta) -> None:
        """Whatever `attempt` has claimed of them: nobody of it was mailed.

        `chunks` are as they were before. What is not taken back `until` then shows as unknown.
        """
        outcome = NotSent(NOT_CONFIRMED, overdue=True)
        outcomes = {chunk.ref: dict.fromkeys(chunk.pending, outcome) for chunk in chunks}
        with suppress(DependencyFault):
            self.record(chunks, attempt, outcomes, until, as_stored=False)

    def _write_outcomes(
        self, chunks: Sequence[Chunk], attempt: AttemptToken, outcomes: Outcomes
    ) -> Sequence[Recorded]:
        """Those with the outcomes in them; not those that somebody else wrote first."""
        changes = [
            ChunkChange(chunk.record(attempt, outcomes[chunk.ref]), chunk) for chunk in chunks
        ]
        unchanged = [Recorded(each.before, each.before) for each in changes if not each.is_one]
        stored = self.save_all([each for each in changes if each.is_one])
        return unchanged + [
            Recorded(each.before, stored[each.chunk.ref])
            for each in changes
            if each.chunk.ref in stored
        ]

    def _dated(self, chunk: Chunk, before: Chunk) -> Chunk:
        chunk = chunk.since(before, self.clock.now())
        if chunk.awaiting_resend and not chunk.pending and not chunk.sending:
            # Nothing to do until then: the reconciler need not look.
            chunk = chunk.check_at(self.clock.now() + self.policy.settling_window)
        return chunk
