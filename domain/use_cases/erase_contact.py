"""Erase a person everywhere (GDPR, article 17)."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.campaign import Campaign
from domain.erasure import ABANDONED_AFTER, Erasure
from domain.errors import NotFound, VersionConflict
from domain.fan_out import FanOutRange
from domain.identifiers import ContactId
from domain.key_space import member_key
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.fan_out import FanOutRepository
from domain.ports.segments import SegmentRepository
from domain.ports.suppressions import SuppressionRepository
from domain.recipient import RecipientState
from domain.use_cases.delivery_walk import Delivery, DeliveryWalk
from domain.use_cases.export_contact import static_segments_with
from domain.use_cases.finish_campaign import FinishCampaign

logger = logging.getLogger(__name__)

CAMPAIGNS_A_STEP = 10
MAX_DURATION = timedelta(seconds=15)
"""What is left then is for the next try: a gateway waits for 30 seconds at the most."""
_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class EraseContact:
    """First the contact, so that nothing new is made of it; then what was made of it before."""

    contacts: ContactRepository
    segments: SegmentRepository
    suppressions: SuppressionRepository
    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository
    clock: Clock
    finish: FinishCampaign

    def __call__(self, contact_id: ContactId, time_left: timedelta = MAX_DURATION) -> bool:
        """Whether that is all; if not, do it again, or leave it to the reconciler.

        It goes on where it was. Raises NotFound where there is neither the contact nor an erasure
        that was begun, and DependencyFault.
        """
        deadline = self.clock.monotonic() + time_left
        erasure = self._begun(contact_id)
        for segment_id in static_segments_with(self.segments, contact_id):
            self.segments.remove_member(segment_id, contact_id)
        while True:
            page = self.campaigns.page(None, CAMPAIGNS_A_STEP, erasure.cursor)
            done = [self._erase_from(campaign, contact_id) for campaign in page.campaigns]
            if not all(done):
                return False
            if page.cursor is None:
                break
            erasure = self._noted(replace(erasure, cursor=page.cursor))
            if self.clock.monotonic() >= deadline:
                return False
        # The list of campaigns may have missed the newest one when the first page was read.
        newest = self.campaigns.page(None, CAMPAIGNS_A_STEP, None)
        if not all(self._erase_from(campaign, contact_id) for campaign in newest.campaigns):
            return False
        # Last, for what was told until now may have put the address on the list.
        self.suppressions.forget(erasure.suppression_id)
        self.contacts.end_erasure(contact_id)
        logger.info("Erased", extra={"contact_id": contact_id})
        return True

    def _begun(self, contact_id: ContactId) -> Erasure:
        """Ours: the reconciler leaves it alone for a while."""
        due_at = self.clock.now() + ABANDONED_AFTER
        erasure = self.contacts.begin_erasure(contact_id, due_at)
        if erasure is None:
            raise NotFound("contact", contact_id)
        return erasure if erasure.next_check_at == due_at else self._noted(erasure)

    def _noted(self, erasure: Erasure) -> Erasure:
        noted = replace(erasure, next_check_at=self.clock.now() + ABANDONED_AFTER)
        self.contacts.note_erasure(noted)
        return noted

    def _erase_from(self, campaign: Campaign, contact_id: ContactId) -> bool:
        """Whether the person is no longer in the campaign, nor can be."""
        walk = DeliveryWalk(self.campaigns, self.chunks, self.fan_out)
        for _ in range(_ATTEMPTS):
            ranges = self.fan_out.progress(campaign.campaign_id).ranges
            try:
                if not campaign.is_final:
                    self._fence(ranges, contact_id)
                found = walk.delivery(campaign, ranges, contact_id)
                return found is None or found.recipient.is_erased or self._redact(found)
            except VersionConflict:
                continue
        return False

    def _fence(self, ranges: tuple[FanOutRange, ...], contact_id: ContactId) -> None:
        """Whoever has read the contact and not written it yet loses its step. By version."""
        key = member_key(contact_id)
        for each in ranges:
            passed = each.cursor is not None and each.cursor >= key
            if each.lower <= key < each.upper and not each.is_complete and not passed:
                self.fan_out.save(each.release())

    def _redact(self, found: Delivery) -> bool:
        now = self.clock.now()
        before = found.chunk
        chunk = before if before.is_held(now) else before.without_dead_attempts()
        if chunk.progress[found.position].state is RecipientState.SENDING:
            # Being mailed at this moment: what comes of it must not be written after us.
            return False
        erased = chunk.erase(found.position).since(before, now)
        stored = self.chunks.erase(erased, before)
        if stored.is_finished and not before.is_finished:
            self._finish(found.campaign)
        return True

    def _finish(self, campaign: Campaign) -> None:
        self.finish.or_leave(campaign.campaign_id)
