"""Start a campaign: turn its segment into chunks and put them on the send queue."""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.audience import Audience
from domain.campaign import Campaign, CampaignState, UnknownPolicy
from domain.chunk import MAX_RECIPIENTS, Chunk, ChunkRef
from domain.contact import Contact
from domain.delivery_policy import DeliveryPolicy
from domain.errors import (
    DependencyFault,
    DependencyRefused,
    InvalidInput,
    UnknownReference,
    VersionConflict,
)
from domain.fan_out import (
    CHUNKS_A_STEP,
    MAX_CHUNKS_A_STEP,
    PARALLEL_STARTS,
    SPLIT_ABOVE,
    WAVE_MEMBERS,
    FanOutRange,
    Wave,
    fitting,
)
from domain.footer import Footer
from domain.identifiers import CampaignId
from domain.key_space import member_key
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.contents import ContentRepository
from domain.ports.fan_out import FanOutRepository
from domain.ports.ids import Ids
from domain.ports.invoker import Invoker
from domain.ports.metrics import Metrics
from domain.ports.queue import SendQueue
from domain.ports.renderer import Renderer
from domain.ports.segments import SegmentRepository
from domain.ports.templates import TemplateRepository
from domain.priority import Priority
from domain.recipient import Recipient, Resend
from domain.start import StartRequest
from domain.template import Template
from domain.use_cases.audience_walk import AudienceWalk
from domain.use_cases.finish_campaign import FinishCampaign

logger = logging.getLogger(__name__)

_ENQUEUED_AT_ONCE = 500
"""Chunks between two writes of the range: a few seconds' work."""

_RACES_LOST = 10
"""By one start: then others are at it, or somebody keeps writing what it is at."""


class _Overtaken(Exception):
    """Another starter holds the range, or the campaign is no longer sending."""


@dataclass(frozen=True)
class _Step:
    """The range after it, the chunks whose wave is to come, and about how many are left."""

    advanced: FanOutRange
    waiting: frozenset[ChunkRef]
    members_left: int


@dataclass(frozen=True, kw_only=True)
class StartCampaign:
    """Claim each range and fan it out (docs/delivery.md, Start). Idempotent: repeat it at will."""

    campaigns: CampaignRepository
    contents: ContentRepository
    fan_out: FanOutRepository
    templates: TemplateRepository
    segments: SegmentRepository
    contacts: ContactRepository
    renderer: Renderer
    queue: SendQueue
    invoker: Invoker
    clock: Clock
    ids: Ids
    metrics: Metrics
    policy: DeliveryPolicy
    finish: FinishCampaign
    footer: Footer
    chunk_size: int = MAX_RECIPIENTS
    chunks_a_step: int = CHUNKS_A_STEP
    max_chunks_a_step: int = MAX_CHUNKS_A_STEP
    split_above: int = SPLIT_ABOVE
    parallel: int = PARALLEL_STARTS

    def __call__(self, request: StartRequest, time_left: timedelta | None = None) -> None:
        """Fan out what is not fanned out yet; leave quietly where there is nothing to do.

        With `time_left` it stops before that has passed and invokes start again. Raises
        DependencyFault: whoever triggered it may repeat it, and the reconciler will.
        """
        campaign_id = request.campaign_id
        logger.info("Start by %s", request.trigger, extra={"campaign_id": campaign_id})
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        try:
            self._start(campaign_id, deadline)
        except (VersionConflict, _Overtaken):
            logger.info("Another start is at it", extra={"campaign_id": campaign_id})
        except DependencyFault as fault:
            logger.warning("Start broken off: %s", fault, extra={"campaign_id": campaign_id})
            raise

    def _start(self, campaign_id: CampaignId, deadline: timedelta | None) -> None:
        campaign = self._claimable(campaign_id)
        if campaign is None or not self._can_start(campaign):
            return
        audience = self._audience(campaign)
        if audience is not None and self._fan_out_free(campaign, audience, deadline):
            self.finish(campaign_id)

    def _fan_out_free(
        self, campaign: Campaign, audience: Audience, deadline: timedelta | None
    ) -> bool:
        """One free range after the other; whether there is none left for this start."""
        campaign_id = campaign.campaign_id
        has_claimed, lost, step_took = False, 0, timedelta()
        while free := self._free(campaign_id):
            if has_claimed or lost:
                # Ranges take their time, and others write the campaign meanwhile.
                campaign = self.campaigns.get(campaign_id) or campaign
                if not campaign.is_due(self.clock.now()):
                    return False
            if has_claimed and self._is_over(deadline, step_took):
                self.invoker.start(campaign_id)
                return False
            try:
                campaign, held = self._claim(campaign, free)
                has_claimed = True
                held, step_took = self._fan_out(campaign, held, audience, deadline)
            except (VersionConflict, _Overtaken):
                logger.info(
                    "Another start is at it",
                    extra={"campaign_id": campaign_id, "range": free[0].number},
                )
                lost += 1
                if lost == _RACES_LOST:
                    # Whatever is free the reconciler starts.
                    return False
            else:
                if held.is_whole and not held.has_work_left:
                    return True
        return True

    def _free(self, campaign_id: CampaignId) -> Sequence[FanOutRange]:
        """The ranges that nobody is at, as many as there is room for at once."""
        now = self.clock.now()
        progress = self.fan_out.progress(campaign_id)
        return progress.free(now)[: max(0, self.parallel - progress.held(now))]

    def _invite(self, campaign_id: CampaignId) -> None:
        """Have one more start come; without it this one goes on alone.

        One at each range that is claimed, and not as many as there is room for: who comes sees who
        is there, so that there are never more, and one that did not come is made up for.
        """
        try:
            self.invoker.start(campaign_id)
        except DependencyFault as fault:
            logger.warning("Nobody else to fan out: %s", fault, extra={"campaign_id": campaign_id})

    def _claimable(self, campaign_id: CampaignId) -> Campaign | None:
        """The campaign if a start may work on it; one that is too late expires here."""
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            logger.warning("No such campaign", extra={"campaign_id": campaign_id})
            return None
        now = self.clock.now()
        early = campaign.schedule_at - now
        if (
            campaign.state is CampaignState.SCHEDULED
            and timedelta() < early <= self.policy.clock_skew
        ):
            self.clock.sleep(early)
            now = self.clock.now()
        if not campaign.is_due(now):
            return None
        if campaign.is_too_late(now, self.policy.max_lateness):
            expired = self.campaigns.save(campaign.expire(now))
            logger.error("Expired: no start in time", extra={"campaign_id": campaign_id})
            self.metrics.campaign_halted(expired)
            return None
        return campaign

    def _can_start(self, campaign: Campaign) -> bool:
        """Whether there is something to send, to somebody; if not, the campaign fails here."""
        if self.contents.get(campaign.campaign_id) is not None:
            return True
        template = self._template(campaign)
        if template is None:
            self._fail(campaign, "template gone")
            return False
        try:
            names = self.renderer.variables(template.content)
        except InvalidInput as error:
            self._fail(campaign, f"template broken: {error}")
            return False
        try:
            # It may have been edited since the campaign was created.
            self.footer.check(campaign.category, names)
        except InvalidInput as error:
            self._fail(campaign, f"template: {error.detail}")
            return False
        return True

    def _template(self, campaign: Campaign) -> Template | None:
        """As it is now, or was when somebody approved of it."""
        if campaign.approved is None:
            return self.templates.get(campaign.template_id)
        return self.templates.version(campaign.template_id, campaign.approved.template_version)

    def _fix_content(self, campaign: Campaign) -> frozenset[str]:
        """Before the first chunk and under a claim; returns the names it merges.

        A start that lost its claim fixes nothing: the one that comes in its stead, perhaps days
        later, takes the template as it is then.
        """
        content = self.contents.get(campaign.campaign_id)
        try:
            if content is None:
                template = self._template(campaign)
                if template is None:
                    # The next start fails the campaign, and says why.
                    raise DependencyRefused("The template is gone since the start began.")
                names = self.renderer.variables(template.content)
                self.footer.check(campaign.category, names)
                content = self.contents.add_if_absent(campaign.campaign_id, template.content)
            return self.renderer.variables(content)
        except InvalidInput as error:
            # The next start fails the campaign, unless the content is damaged for good.
            raise DependencyRefused(f"The content cannot be sent: {error}") from error

    def _audience(self, campaign: Campaign) -> Audience | None:
        """Whom it is for; None where that cannot be told any more."""
        try:
            audience, _ = self._walk.audience(campaign.segment_id, campaign.exclude_segment_ids)
        except InvalidInput as error:
            gone = isinstance(error, UnknownReference)
            self._fail(campaign, "segment gone" if gone else f"segment: {error.detail}")
            return None
        return audience

    @property
    def _walk(self) -> AudienceWalk:
        return AudienceWalk(self.segments, self.contacts)

    def _fail(self, campaign: Campaign, reason: str) -> None:
        """Nothing can be sent; the campaign says why."""
        failed = self.campaigns.save(campaign.fail(self.clock.now(), reason))
        logger.error("Cannot start: %s", reason, extra={"campaign_id": campaign.campaign_id})
        self.metrics.campaign_halted(failed)

    def _claim(
        self, campaign: Campaign, free: Sequence[FanOutRange]
    ) -> tuple[Campaign, FanOutRange]:
        """The first of them; both as stored. Raises VersionConflict.

        The first start writes the campaign, too. The others find it `sending`, and do not stand
        in each other's way there.
        """
        now = self.clock.now()
        claimed = free[0].claim(self.ids.lease_token(), now + self.policy.fan_out_lease)
        if campaign.awaits_first_start:
            held, campaign = self.fan_out.claim(
                claimed, campaign.start(now, now + self.policy.check_interval)
            )
            self.metrics.campaign_started(campaign)
        else:
            held = self.fan_out.append(claimed, ())
        if len(free) > 1:
            self._invite(campaign.campaign_id)
        return campaign, held

    def _fan_out(
        self,
        campaign: Campaign,
        held: FanOutRange,
        audience: Audience,
        deadline: timedelta | None,
    ) -> tuple[FanOutRange, timedelta]:
        """Fan out a claimed range, as far as the time goes.

        Returns it as it is given back, and how long the last step took: so long may the next take,
        which where many segments are asked is longer than what is kept of the time for the end.
        """
        step_took = timedelta()
        try:
            names = self._fix_content(campaign)
            held = self._enqueue(campaign, held, deadline)
            while held.is_enqueued and not held.is_complete:
                # At least one step a run, however little time there is: it must end some day.
                began = self.clock.monotonic()
                step = self._step(campaign, held, audience, names)
                held = step.advanced
                held = self._enqueue(campaign, held, deadline, step.waiting)
                held = self._split(held, step.members_left)
                step_took = self.clock.monotonic() - began
                if self._is_over(deadline, step_took):
                    break
        except (DependencyFault, VersionConflict, _Overtaken):
            # Whoever goes on with it need not wait for the lease, where it is still this one.
            with suppress(DependencyFault, VersionConflict):
                self.fan_out.save(held.release())
            raise
        return self.fan_out.save(held.release()), step_took

    def _step(
        self, campaign: Campaign, held: FanOutRange, audience: Audience, names: frozenset[str]
    ) -> "_Step":
        """Turn the next members into chunks, fenced.

        A chunk is of one wave. Who is in it is fixed with the cursor: nobody who moves to another
        zone meanwhile is in two waves, or in none.
        """
        window = self.chunk_size * self.chunks_a_step
        page = self._walk.page(
            audience,
            lower=held.lower,
            upper=held.upper,
            after=held.cursor,
            limit=window if campaign.local_time is None else window * WAVE_MEMBERS,
            # The same day for all of them, however long it takes.
            today=(campaign.started_at or self.clock.now()).date(),
        )
        # An address that nobody confirmed may be somebody else's, who never asked for it.
        members = [contact for contact in page.contacts if not contact.is_unconfirmed]
        now = self.clock.now()
        times = [_time_of(contact, campaign) for contact in members]
        # Whose time has passed already has it at once.
        waves = [None if at is None or at <= now else at for at in times]
        fit = fitting(waves, self.chunk_size, self.max_chunks_a_step)
        by_wave: dict[datetime | None, list[Recipient]] = {}
        for contact, wave in zip(members[:fit], waves[:fit], strict=True):
            by_wave.setdefault(wave, []).append(_recipient(contact, names))
        chunks = self._chunks(campaign, held, by_wave, now)
        advanced = self.fan_out.append(
            held.advance(
                cursor=page.cursor if fit == len(members) else _key(members[fit - 1]),
                chunks=len(chunks),
                recipients=fit,
                lease_until=now + self.policy.fan_out_lease,
                waves=[Wave(at, 1) for at in times[:fit] if at is not None],
            ),
            chunks,
        )
        looked_at = page.looked_at if fit == len(members) else fit
        return _Step(
            advanced,
            frozenset(each.ref for each in chunks if each.not_before is not None),
            advanced.members_left(looked_at, held.cursor),
        )

    def _split(self, held: FanOutRange, members_left: int) -> FanOutRange:
        """Leave the most of a large segment to others.

        Once, and not in parts of parts: so the numbers of the new ranges are nobody else's.
        """
        if not held.is_whole or members_left <= self.split_above:
            return held
        less, others = held.split()
        if not others:
            return held
        less = self.fan_out.split(less, others)
        logger.info(
            "Split: about %d members are left",
            members_left,
            extra={"campaign_id": held.campaign_id, "ranges": 1 + len(others)},
        )
        if self.parallel > 1:
            self._invite(held.campaign_id)
        return less

    def _chunks(
        self,
        campaign: Campaign,
        held: FanOutRange,
        by_wave: Mapping[datetime | None, Sequence[Recipient]],
        now: datetime,
    ) -> Sequence[Chunk]:
        resends = campaign.unknown_policy is UnknownPolicy.RESEND
        parts = [
            (wave, tuple(recipients[start : start + self.chunk_size]))
            for wave, recipients in by_wave.items()
            for start in range(0, len(recipients), self.chunk_size)
        ]
        return [
            Chunk.new(
                ChunkRef(held.campaign_id, held.number, held.chunk_count + index),
                recipients,
                now + self.policy.chunk_check_interval,
                now,
                Resend.AHEAD if resends else Resend.NONE,
                not_before=wave,
            )
            for index, (wave, recipients) in enumerate(parts)
        ]

    def _enqueue(
        self,
        campaign: Campaign,
        held: FanOutRange,
        deadline: timedelta | None,
        waiting: Collection[ChunkRef] = frozenset(),
    ) -> FanOutRange:
        """Put what is written on the queue, as far as the time goes, but for those `waiting`.

        The next write of the range says so. After a pause that is everything, of a large segment
        for minutes: what is done is written down on the way. Whose wave is to come the workers
        leave to the reconciler.
        """
        while chunks := held.not_enqueued(_ENQUEUED_AT_ONCE):
            self._put_on_queue(
                [chunk for chunk in chunks if chunk not in waiting], campaign.priority
            )
            held = held.enqueued(len(chunks))
            if held.is_enqueued:
                break
            current = self.campaigns.get(held.campaign_id)
            if current is None or current.state is not CampaignState.SENDING:
                raise _Overtaken
            campaign = current
            held = self.fan_out.save(held.renew(self.clock.now() + self.policy.fan_out_lease))
            if self._is_over(deadline):
                break
        return held

    def _put_on_queue(self, chunks: Sequence[ChunkRef], priority: Priority) -> None:
        missing = chunks
        for _attempt in range(2):
            if not missing:
                return
            missing = self.queue.enqueue(missing, priority)
        if missing:
            raise DependencyRefused("The send queue did not take every chunk.")

    def _is_over(self, deadline: timedelta | None, next_takes: timedelta = timedelta()) -> bool:
        return deadline is not None and self.clock.monotonic() + next_takes >= deadline


def _time_of(contact: Contact, campaign: Campaign) -> datetime | None:
    """When it is the campaign's time where the contact lives; None where it has one for all."""
    local_time = campaign.local_time
    return None if local_time is None else local_time.instant(contact.time_zone)


def _recipient(contact: Contact, names: frozenset[str]) -> Recipient:
    fields = {name: value for name, value in contact.fields.items() if name in names}
    return Recipient(contact.contact_id, contact.address, fields)


def _key(contact: Contact) -> str:
    return member_key(contact.contact_id)
