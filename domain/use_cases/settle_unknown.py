"""Settle by hand what became of recipients of unknown outcome."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.delivery_policy import DeliveryPolicy
from domain.errors import (
    DependencyFault,
    IllegalTransition,
    InvalidInput,
    NotFound,
    VersionConflict,
)
from domain.fan_out import FanOutRange
from domain.identifiers import CampaignId, ContactId
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository
from domain.ports.metrics import Metrics, Retry
from domain.ports.queue import SendQueue
from domain.recipient import RecipientEvent
from domain.use_cases.chunk_walk import ChunkGone, Place, chunk_with, chunks_from
from domain.use_cases.finish_campaign import FinishCampaign

logger = logging.getLogger(__name__)

GIVEN_UP = "given up"
MAX_CHUNKS_A_CALL = 100
"""Looked at in one call; its answer says where to go on."""
LONGEST_CALL = timedelta(seconds=10)
"""After which a call begins with no other chunk, likewise: somebody waits for the answer."""
MAX_CONTACTS = 25
"""Named in one call: each is searched for."""

_ATTEMPTS = 5
"""Races lost to workers, events or another person."""
_MAY_RESEND = frozenset({CampaignState.SENDING, CampaignState.PAUSED, CampaignState.SENT})


class UnknownAction(StrEnum):
    """What a person decides of those whose outcome nobody knows."""

    RESEND = "resend"
    """Mail them once more, at the risk of a second mail."""
    GIVE_UP = "give_up"
    """Count them as failed."""


@dataclass(frozen=True)
class Settled:
    """How many were settled, and how many stay unknown: they were mailed once more before.

    With a `cursor` there may be more.
    """

    settled: int
    left: int
    cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class SettleUnknown:
    """Chunk by chunk, each by its version; what was settled before is not settled again."""

    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository
    queue: SendQueue
    clock: Clock
    metrics: Metrics
    policy: DeliveryPolicy
    finish: FinishCampaign

    def __call__(
        self,
        campaign_id: CampaignId,
        action: UnknownAction,
        *,
        contact_ids: Sequence[ContactId] | None = None,
        cursor: str | None = None,
    ) -> Settled:
        """Everybody unknown, from `cursor` on, or those of `contact_ids` only.

        Raises NotFound, InvalidInput, IllegalTransition, VersionConflict and DependencyFault;
        then some may be settled, and the same call settles the others.
        """
        settled = self._settled(campaign_id, action, contact_ids, cursor)
        # Also where nothing was left to settle: the call before may have ended before this.
        self._have_looked_at(campaign_id)
        return settled

    def _settled(
        self,
        campaign_id: CampaignId,
        action: UnknownAction,
        contact_ids: Sequence[ContactId] | None,
        cursor: str | None,
    ) -> Settled:
        place = Place.of(cursor)
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound("campaign", campaign_id)
        if action is UnknownAction.RESEND:
            _check_may_resend(campaign)
        progress = self.fan_out.progress(campaign_id)
        if contact_ids is not None:
            named = self._holding(progress.ranges, contact_ids)
            return self._settle_all(named, action, frozenset(contact_ids), None)
        if progress.is_finished and progress.tally.unknown == 0:
            return Settled(0, 0)
        deadline = self.clock.monotonic() + LONGEST_CALL
        refs = chunks_from(progress.ranges, place)
        return self._settle_all(refs, action, None, deadline)

    def _have_looked_at(self, campaign_id: CampaignId) -> None:
        """Whose line of analytics may be final by now gets another."""
        for _ in range(_ATTEMPTS):
            campaign = self.campaigns.get(campaign_id)
            if campaign is None or not campaign.is_final or campaign.next_check_at is not None:
                return
            with suppress(VersionConflict):
                self.campaigns.save(campaign.check_again(self.clock.now()))
                return

    def _holding(
        self, ranges: Sequence[FanOutRange], contact_ids: Sequence[ContactId]
    ) -> Sequence[ChunkRef]:
        """The chunks that these contacts are in, found before anything is changed."""
        known: dict[ChunkRef, Chunk] = {}

        def load(refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, Chunk]:
            missing = [ref for ref in refs if ref not in known]
            for ref, (_, chunk) in self.chunks.load_all(missing).items():
                known[ref] = chunk
            return {ref: known[ref] for ref in refs if ref in known}

        refs: dict[ChunkRef, None] = {}
        for index, contact_id in enumerate(contact_ids):
            try:
                chunk = chunk_with(ranges, contact_id, load)
            except ChunkGone:
                chunk = None
            if chunk is None:
                raise InvalidInput(
                    f"contact_ids/{index}",
                    "No recipient of this campaign, or one that is no longer kept: remove it.",
                )
            refs[chunk.ref] = None
        return tuple(refs)

    def _settle_all(
        self,
        refs: Iterable[ChunkRef],
        action: UnknownAction,
        contact_ids: Collection[ContactId] | None,
        deadline: timedelta | None,
    ) -> Settled:
        settled = left = 0
        for number, ref in enumerate(refs):
            is_late = deadline is not None and self.clock.monotonic() >= deadline
            if number == MAX_CHUNKS_A_CALL or (is_late and number > 0):
                return Settled(settled, left, Place.at(ref).cursor)
            chunk_settled, chunk_left = self._settle(ref, action, contact_ids)
            settled += chunk_settled
            left += chunk_left
        return Settled(settled, left)

    def _settle(
        self, ref: ChunkRef, action: UnknownAction, contact_ids: Collection[ContactId] | None
    ) -> tuple[int, int]:
        """One chunk as it is now; how many of it were settled, how many left."""
        for _ in range(_ATTEMPTS):
            loaded = self.chunks.load(ref)
            if loaded is None:
                # No longer kept: there is nobody to settle.
                return 0, 0
            campaign, chunk = loaded
            positions = [
                position
                for position in chunk.unknown
                if contact_ids is None or chunk.recipients[position].contact_id in contact_ids
            ]
            if not positions:
                return 0, 0
            try:
                if action is UnknownAction.GIVE_UP:
                    return self._give_up(chunk, positions)
                return self._resend(campaign, chunk, positions)
            except VersionConflict:
                # A worker, an event, a cancel or another person was first: decide again.
                continue
        raise VersionConflict("The chunk kept changing.")

    def _give_up(self, chunk: Chunk, positions: Sequence[int]) -> tuple[int, int]:
        given_up = chunk.give_up(positions, GIVEN_UP).since(chunk, self.clock.now())
        stored = self.chunks.save(given_up, chunk)
        logger.info(
            "Outcome unknown, given up by hand: %d recipients",
            len(positions),
            extra=chunk.ref.names,
        )
        if stored.is_finished and not chunk.is_finished:
            self.finish.or_leave(chunk.ref.campaign_id)
        return len(positions), 0

    def _resend(self, campaign: Campaign, chunk: Chunk, unknown: Sequence[int]) -> tuple[int, int]:
        _check_may_resend(campaign)
        positions = [each for each in unknown if chunk.progress[each].may_be_resent]
        left = len(unknown) - len(positions)
        if not positions:
            return 0, left
        now = self.clock.now()
        resent = chunk.resend(positions, now + self.policy.chunk_check_interval)
        campaign = self._store(campaign, resent.since(chunk, now), chunk)
        logger.warning(
            "Outcome unknown, sent again by hand: %d recipients",
            len(positions),
            extra=chunk.ref.names,
        )
        self.metrics.retried(campaign, Retry.RESEND)
        if campaign.state is CampaignState.SENDING:
            self._enqueue(campaign, chunk.ref)
        return len(positions), left

    def _store(self, campaign: Campaign, chunk: Chunk, before: Chunk) -> Campaign:
        """The campaign as stored.

        A chunk that counts as finished is opened together with its campaign, even where the
        campaign does not change: a check that read the campaign before, and counts the chunk,
        then loses its race. One that is unfinished before and after is counted by no check.
        """
        now = self.clock.now()
        if campaign.state is CampaignState.SENT:
            campaign = campaign.reopen(now, now + self.policy.check_interval)
        elif not before.is_finished:
            self.chunks.save(chunk, before)
            return campaign
        return self.chunks.reopen(chunk, before, campaign)[1]

    def _enqueue(self, campaign: Campaign, ref: ChunkRef) -> None:
        try:
            is_refused = bool(self.queue.enqueue([ref], campaign.priority))
        except DependencyFault as fault:
            logger.warning("The send queue failed: %s", fault, extra=ref.names)
            is_refused = True
        if is_refused:
            logger.warning("Not on the send queue; the reconciler enqueues it", extra=ref.names)


def _check_may_resend(campaign: Campaign) -> None:
    if campaign.state not in _MAY_RESEND:
        raise IllegalTransition("campaign", campaign.state, RecipientEvent.RESEND)
