"""Create a campaign and set it going by one of the two paths."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.campaign import Campaign, CampaignCategory, CampaignState, PauseReason, UnknownPolicy
from domain.delivery_policy import DeliveryPolicy
from domain.errors import (
    DependencyFault,
    InvalidInput,
    NotFound,
    UnknownReference,
    VersionConflict,
)
from domain.fan_out import new_ranges
from domain.footer import Footer
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId, SegmentId, TemplateId, shown
from domain.key_space import WHOLE_KEY_SPACE
from domain.names import checked_name
from domain.path_policy import ExecutionPath, Timing, decide_timing
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.ids import Ids
from domain.ports.metrics import Metrics
from domain.ports.renderer import Renderer, Unrenderable
from domain.ports.scheduler import Scheduler
from domain.ports.segments import SegmentRepository
from domain.ports.templates import TemplateRepository
from domain.priority import Priority
from domain.recipient import Recipient
from domain.schedule import Schedule
from domain.start import Dispatch
from domain.template import Template
from domain.use_cases.audience_walk import AudienceWalk
from domain.use_cases.dispatch_start import DispatchStart
from domain.use_cases.unanswered_add import add_even_unanswered

MAX_EXCLUDED_SEGMENTS = 5
"""Each is a read for every member who is looked at."""

_PATHS_STATES = {
    ExecutionPath.IMMEDIATE: CampaignState.SENDING,
    ExecutionPath.SCHEDULED: CampaignState.SCHEDULED,
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CampaignRequest:
    """What a client asks for; times as written.

    `immediate_only`: refuse it rather than have its start wait on the start queue.
    """

    name: str
    template_id: TemplateId
    segment_id: SegmentId
    schedule_at: str | None = None
    timezone: str | None = None
    fold: int | None = None
    local_time: bool = False
    unknown_policy: UnknownPolicy = UnknownPolicy.HOLD
    category: CampaignCategory = CampaignCategory.MARKETING
    priority: Priority = Priority.NORMAL
    exclude_segment_ids: tuple[SegmentId, ...] = ()
    needs_approval: bool = False
    immediate_only: bool = False


@dataclass(frozen=True)
class Created:
    """The campaign as stored, and whether its start or its schedule could be arranged.

    With a `trigger_error` the campaign stands all the same: the reconciler goes on. `start` is the
    way that its start went; None where it was not to start, or went no way.
    """

    campaign: Campaign
    trigger_error: str | None
    start: Dispatch | None = None


@dataclass(frozen=True, kw_only=True)
class CreateCampaign:
    """Validate everything, store the campaign, then trigger it (docs/delivery.md, Create)."""

    campaigns: CampaignRepository
    templates: TemplateRepository
    segments: SegmentRepository
    contacts: ContactRepository
    renderer: Renderer
    dispatch: DispatchStart
    scheduler: Scheduler
    clock: Clock
    ids: Ids
    metrics: Metrics
    policy: DeliveryPolicy
    horizon: timedelta
    fan_out_ranges: int
    footer: Footer
    require_approval: bool = False
    """Of every campaign, whether or not its client asks for it."""

    def __call__(
        self,
        request: CampaignRequest,
        record: IdempotencyRecord | None = None,
        key_id: str | None = None,
    ) -> Created:
        """`key_id` is of the API key of whoever asks, None where there are no keys.

        Raises InvalidInput, Overloaded and DependencyRefused: then nothing was created.

        Raises DependencyUnavailable where nobody can tell: look for it before asking again, or
        ask again with the same `record`, which is written with the campaign. One that is there
        already is answered from its campaign. Raises IdempotencyKeyInUse.
        """
        if record is not None and record.is_repeat:
            campaign_id = CampaignId(record.named(self.ids.campaign_id()))
            return self._answered_again(campaign_id, key_id, immediate_only=request.immediate_only)
        now = self.clock.now()
        name = checked_name(request.name)
        timing = decide_timing(
            request.schedule_at,
            now,
            timezone=request.timezone,
            fold=request.fold,
            local_time=request.local_time,
            horizon=self.horizon,
        )
        self.check(request)
        fresh_id = self.ids.campaign_id()
        campaign_id = fresh_id if record is None else CampaignId(record.named(fresh_id))
        campaign = self.compose(replace(request, name=name), timing, campaign_id, now).as_created()
        way = self._way(campaign, key_id, immediate_only=request.immediate_only)
        self._store(campaign, record)
        self.metrics.campaign_created(campaign)
        return self.trigger(campaign, key_id, way)

    def compose(
        self, request: CampaignRequest, timing: Timing, campaign_id: CampaignId, now: datetime
    ) -> Campaign:
        """A campaign of what was asked for, not stored; paused where it is to be approved."""
        waits = request.needs_approval or self.require_approval
        return Campaign(
            campaign_id=campaign_id,
            name=request.name,
            template_id=request.template_id,
            segment_id=request.segment_id,
            state=_PATHS_STATES[timing.execution_path] if not waits else CampaignState.PAUSED,
            execution_path=timing.execution_path,
            schedule_at=timing.schedule_at,
            created_at=now,
            next_check_at=None if waits else now + self.policy.check_interval,
            pause_reason=PauseReason.APPROVAL if waits else None,
            needs_approval=waits,
            unknown_policy=request.unknown_policy,
            category=request.category,
            priority=request.priority,
            exclude_segment_ids=request.exclude_segment_ids,
            local_time=timing.local_time,
        )

    def check(self, request: CampaignRequest) -> None:
        """Its template and its segments are there, and go together.

        Raises InvalidInput naming the field, and DependencyFault.
        """
        template = self._template(request.template_id)
        self._check_footer(request.category, template)
        self._check_segments(request, template)

    def trigger(
        self, campaign: Campaign, key_id: str | None = None, way: Dispatch | None = None
    ) -> Created:
        """Start one that is stored, or make its schedule; where that fails the reconciler does.

        It starts the `way` that was chosen, or is chosen here. One that awaits approval is left as
        it is.
        """
        if campaign.awaits_approval:
            return Created(campaign, None)
        try:
            if campaign.execution_path is ExecutionPath.IMMEDIATE:
                return self._start(campaign, way or self.dispatch.choose(key_id))
            campaign = self._schedule(campaign)
        except DependencyFault as fault:
            logger.exception(
                "Campaign stored, but not triggered; the reconciler goes on",
                extra={"campaign_id": campaign.campaign_id, "path": campaign.execution_path},
            )
            return Created(campaign, str(fault))
        return Created(campaign, None)

    def _way(
        self, campaign: Campaign, key_id: str | None, *, immediate_only: bool
    ) -> Dispatch | None:
        """Which way it is to start; None where it is to wait.

        Before it is stored: one that is refused is not created. Raises Overloaded, InvalidInput.
        """
        if campaign.state is CampaignState.SENDING:
            return self.dispatch.choose(key_id, immediate_only=immediate_only)
        if immediate_only:
            detail = (
                "The campaign awaits approval: leave immediate_only out."
                if campaign.awaits_approval
                else "The campaign is for later: leave immediate_only out, or start it now."
            )
            raise InvalidInput("immediate_only", detail)
        return None

    def _answered_again(
        self, campaign_id: CampaignId, key_id: str | None, *, immediate_only: bool
    ) -> Created:
        """The campaign of an earlier try that ended before it could answer.

        Whether that could trigger it nobody knows: it is done again, where nothing came of it.
        One that is `immediate_only` was admitted then, and is not queued now.
        """
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound("campaign", campaign_id)
        if campaign.awaits_first_start:
            return self.trigger(campaign, key_id, Dispatch.DIRECT if immediate_only else None)
        return Created(campaign, None)

    def _store(self, campaign: Campaign, record: IdempotencyRecord | None) -> None:
        ranges = new_ranges(campaign.campaign_id, self.fan_out_ranges)
        # A second one would mail twice.
        add_even_unanswered(
            lambda: self.campaigns.add(campaign, ranges, record),
            lambda: self.campaigns.get(campaign.campaign_id) is not None,
        )

    def _template(self, template_id: TemplateId) -> Template:
        template = self.templates.get(template_id)
        if template is None:
            raise UnknownReference(
                "template_id", f"No template {shown(template_id)}; create it first."
            )
        return template

    def _check_footer(self, category: CampaignCategory, template: Template) -> None:
        try:
            names = self.renderer.variables(template.content)
        except InvalidInput as error:
            raise _broken(error) from error
        self.footer.check(category, names)

    def _check_segments(self, request: CampaignRequest, template: Template) -> None:
        """The segments exist, and the template renders for one of the audience."""
        excluded = request.exclude_segment_ids
        if len(excluded) > MAX_EXCLUDED_SEGMENTS:
            raise InvalidInput(
                "exclude_segment_ids", f"At most {MAX_EXCLUDED_SEGMENTS} segments to exclude."
            )
        walk = AudienceWalk(self.segments, self.contacts)
        audience, _ = walk.audience(request.segment_id, excluded)
        lower, upper = WHOLE_KEY_SPACE
        page = walk.page(
            audience,
            lower=lower,
            upper=upper,
            after=None,
            limit=1,
            today=self.clock.now().date(),
            reads=1,
        )
        for contact in page.contacts:
            sample = self.footer.merged(
                Recipient(contact.contact_id, contact.address, contact.fields),
                self.footer.unsubscribe_url(),
            )
            try:
                (mail,) = self.renderer.render(template.content, (sample,))
            except InvalidInput as error:
                raise _broken(error) from error
            if isinstance(mail, Unrenderable):
                raise InvalidInput(
                    "template_id",
                    f"The template cannot be rendered for a contact of the segment: {mail.reason}.",
                )

    def _start(self, campaign: Campaign, way: Dispatch) -> Created:
        way = self.dispatch(campaign.campaign_id, way)
        logger.info(
            "⚡ Immediate execution", extra={"campaign_id": campaign.campaign_id, "start": way}
        )
        return Created(campaign, None, way)

    def _schedule(self, campaign: Campaign) -> Campaign:
        self.scheduler.put(
            Schedule(campaign.campaign_id, campaign.schedule_version, campaign.schedule_at)
        )
        logger.info(
            "📅 Scheduled execution",
            extra={
                "campaign_id": campaign.campaign_id,
                "schedule_at": campaign.schedule_at.isoformat(),
            },
        )
        try:
            # Until this is written the reconciler would make the schedule again: harmless.
            return self.campaigns.save(replace(campaign, next_check_at=campaign.schedule_at))
        except (VersionConflict, DependencyFault):
            logger.warning(
                "The reconciler will look at the schedule once more",
                extra={"campaign_id": campaign.campaign_id},
            )
            return campaign


def _broken(error: InvalidInput) -> InvalidInput:
    return InvalidInput("template_id", f"The template is broken: {error}")
