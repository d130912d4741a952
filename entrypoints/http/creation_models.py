"""Bodies of the route that creates a campaign."""

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.campaign import CampaignCategory, CampaignState, UnknownPolicy
from domain.identifiers import SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.priority import Priority
from domain.start import Dispatch
from domain.use_cases.create_campaign import MAX_EXCLUDED_SEGMENTS, CampaignRequest, Created
from entrypoints.http.campaign_models import ApprovalStatus, approval_status, late_warning
from entrypoints.http.models import (
    Answer,
    Fold,
    Name,
    Reference,
    Request,
    Timezone,
    Utc,
    WrittenTime,
    shown_by,
)

ExcludedSegments = Annotated[
    list[Reference],
    Field(
        max_length=MAX_EXCLUDED_SEGMENTS,
        description="Who is in one of these gets none of it.",
    ),
]
UnknownPolicyChoice = Annotated[
    UnknownPolicy,
    Field(
        # A name in JSON: strict mode would ask for the enum itself.
        strict=False,
        description=(
            "What becomes of a mail of which nobody knows whether it was sent: `hold` it until "
            "the provider tells or somebody decides, or `resend` it once, at the risk of a "
            "second mail."
        ),
    ),
]
CategoryChoice = Annotated[
    CampaignCategory,
    Field(
        strict=False,
        description=(
            "`marketing`: its template merges `unsubscribe_url` and `postal_address`, and who "
            "unsubscribed is left out; `transactional`: what people need to know, such as of "
            "an order."
        ),
    ),
]


PriorityChoice = Annotated[
    Priority,
    Field(
        strict=False,
        description=(
            "`urgent`: it waits behind no campaign that is not, and has most of the send rate "
            "beside one."
        ),
    ),
]


class CampaignRequestBody(Request):
    """A campaign to create."""

    model_config = shown_by(
        {
            "name": "Flash Sale",
            "template_id": "promo-template",
            "segment_id": "vip-customers",
        },
        {
            "name": "Weekly Newsletter",
            "template_id": "newsletter-template",
            "segment_id": "all-active",
            "exclude_segment_ids": ["vip-customers"],
            "schedule_at": "2027-03-01T09:00:00",
            "timezone": "Europe/Berlin",
            "fold": 0,
            "unknown_policy": "resend",
            "category": "marketing",
            "priority": "normal",
            "approval": "required",
            "immediate_only": False,
        },
        {
            "name": "Good morning",
            "template_id": "newsletter-template",
            "segment_id": "all-active",
            "schedule_at": "2027-03-01T09:00:00",
            "timezone": "Europe/Berlin",
            "local_time": True,
        },
    )

    name: Name
    template_id: Reference
    segment_id: Reference
    exclude_segment_ids: ExcludedSegments = []  # noqa: RUF012  pydantic copies it
    schedule_at: WrittenTime = None
    timezone: Timezone = None
    fold: Fold = None
    local_time: Annotated[
        bool,
        Field(
            description=(
                "Each recipient has it when clocks where they live show `schedule_at`: right after "
                "the change where they go forward over it, at the first of two moments where they "
                "go back. Where it has passed already, at once."
            ),
        ),
    ] = False
    unknown_policy: UnknownPolicyChoice = UnknownPolicy.HOLD
    category: CategoryChoice = CampaignCategory.MARKETING
    priority: PriorityChoice = Priority.NORMAL
    approval: Annotated[
        Literal["required"] | None,
        Field(
            description=(
                "`required`: it waits, paused, until somebody approves it. A deployment may "
                "require it of all."
            )
        ),
    ] = None
    immediate_only: Annotated[
        bool,
        Field(
            description=(
                "Where it would be queued, because too many start at once, it is refused with 429 "
                "and a Retry-After instead. It is for a campaign that starts at once, and nothing "
                "but how it starts."
            )
        ),
    ] = False

    def request(self) -> CampaignRequest:
        """For the use case."""
        return CampaignRequest(
            name=self.name,
            template_id=TemplateId(self.template_id),
            segment_id=SegmentId(self.segment_id),
            exclude_segment_ids=tuple(map(SegmentId, self.exclude_segment_ids)),
            schedule_at=self.schedule_at,
            timezone=self.timezone,
            fold=self.fold,
            local_time=self.local_time,
            unknown_policy=self.unknown_policy,
            category=self.category,
            priority=self.priority,
            needs_approval=self.approval is not None,
            immediate_only=self.immediate_only,
        )


class CampaignCloneBody(CampaignRequestBody):
    """What is to be other than in the original; what is left out is as there.

    Without a time it has that of the original, if that is to come; else it starts at once.
    """

    model_config = shown_by(
        {},
        {
            "name": "Flash Sale, for all",
            "template_id": "newsletter-template",
            "segment_id": "all-active",
            "exclude_segment_ids": ["vip-customers"],
            "schedule_at": "2027-03-01T09:00:00",
            "timezone": "Europe/Berlin",
            "fold": 0,
            "local_time": False,
            "unknown_policy": "hold",
            "category": "marketing",
            "priority": "normal",
            "approval": "required",
            "immediate_only": False,
        },
    )

    name: Annotated[Name, Field(default_factory=str)]
    template_id: Annotated[Reference, Field(default_factory=str)]
    segment_id: Annotated[Reference, Field(default_factory=str)]

    def changes(self) -> dict[str, Any]:
        """For the use case."""
        return {
            name: value
            for name, value in vars(self.request()).items()
            if (name if name != "needs_approval" else "approval") in self.model_fields_set
        }


class CampaignCreatedBody(Answer):
    """What became of it: `triggered` on the immediate path, `auto_scheduler` on the scheduled.

    False, with a `trigger_error`: the campaign is stored, and started or scheduled without
    further doing as soon as that works. `start` is the way that its start went: `direct`, or
    `queued` where many start at once: then it starts within moments. Of one in local time
    `schedule_at` is that of the first zone; a `warning` says where it has passed already.
    """

    model_config = shown_by(
        {
            "campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "name": "Flash Sale",
            "state": "sending",
            "schedule_at": "2026-11-19T09:00:00Z",
            "execution_path": "immediate",
            "priority": "urgent",
            "triggered": True,
            "start": "direct",
        },
        {
            "campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "name": "Weekly Newsletter",
            "state": "scheduled",
            "schedule_at": "2027-03-01T08:00:00Z",
            "execution_path": "scheduled",
            "priority": "normal",
            "auto_scheduler": True,
        },
        {
            "campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "name": "Weekly Newsletter",
            "state": "paused",
            "schedule_at": "2027-03-01T08:00:00Z",
            "execution_path": "scheduled",
            "priority": "normal",
            "approval": "required",
        },
    )

    campaign_id: str
    name: str
    state: CampaignState
    schedule_at: Utc
    execution_path: ExecutionPath
    priority: Priority
    triggered: bool | None = None
    start: Dispatch | None = None
    auto_scheduler: bool | None = None
    trigger_error: str | None = None
    warning: str | None = None
    approval: ApprovalStatus | None = None

    @classmethod
    def of(cls, created: Created) -> "CampaignCreatedBody":
        """From the use case's answer."""
        campaign = created.campaign
        arranged = None if campaign.awaits_approval else created.trigger_error is None
        immediate = campaign.execution_path is ExecutionPath.IMMEDIATE
        return cls(
            campaign_id=campaign.campaign_id,
            name=campaign.name,
            state=campaign.state,
            schedule_at=campaign.schedule_at,
            execution_path=campaign.execution_path,
            priority=campaign.priority,
            triggered=arranged if immediate else None,
            start=created.start,
            auto_scheduler=None if immediate else arranged,
            trigger_error=created.trigger_error,
            warning=late_warning(campaign, campaign.created_at),
            approval=approval_status(campaign),
        )
