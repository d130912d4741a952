"""Bodies of the routes of campaigns."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from domain.campaign import Campaign, CampaignCategory, CampaignState, PauseReason, UnknownPolicy
from domain.campaign_history import StateChange
from domain.fan_out import DeliveryProgress
from domain.path_policy import ExecutionPath
from domain.priority import Priority
from entrypoints.http.models import Answer, Utc, example_of, shown_by

LocalMoment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat),
    WithJsonSchema({"type": "string", "examples": ["2026-12-01T09:00:00"]}, mode="serialization"),
]


ApprovalStatus = Literal["required", "approved"]


def approval_status(campaign: Campaign) -> ApprovalStatus | None:
    """None of one that needs none."""
    if not campaign.needs_approval:
        return None
    return "required" if campaign.approved is None else "approved"


class WaveBody(Answer):
    """So many recipients have their time at one moment; where it has passed, they had it at once.

    As far as they are fanned out.
    """

    model_config = shown_by(
        {"at": "2026-11-26T08:00:00Z", "recipients": 512},
    )

    at: Utc
    recipients: int


class CampaignBody(Answer):
    """A campaign."""

    model_config = shown_by(
        {
            "campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "name": "Weekly Newsletter",
            "template_id": "newsletter-template",
            "segment_id": "all-subscribers",
            "exclude_segment_ids": ["vip-customers"],
            "state": "sending",
            "execution_path": "scheduled",
            "schedule_at": "2026-11-26T08:00:00Z",
            "created_at": "2026-11-19T09:00:00Z",
            "started_at": "2026-11-26T08:00:01.250Z",
            "ended_at": None,
            "pause_reason": None,
            "resume_at": None,
            "failure_reason": None,
            "unknown_policy": "hold",
            "category": "marketing",
            "priority": "normal",
            "local_time": False,
            "local_schedule_at": None,
            "timezone": None,
            "series_id": None,
            "occurrence_at": None,
            "approval": "approved",
            "approved_at": "2026-11-20T10:30:00Z",
            "approved_by": "01M889FD1DR9BPG5C28WTPF9HV",
            "approved_template_version": 3,
        },
    )

    campaign_id: str
    name: str
    template_id: str
    segment_id: str
    exclude_segment_ids: list[str]
    state: CampaignState
    execution_path: ExecutionPath
    schedule_at: Utc
    created_at: Utc
    started_at: Utc | None
    ended_at: Utc | None
    pause_reason: PauseReason | None
    resume_at: Utc | None
    failure_reason: str | None
    unknown_policy: UnknownPolicy
    category: CampaignCategory
    priority: Priority
    local_time: Annotated[
        bool,
        # Of the aggregate, and of what was made of it.
        BeforeValidator(bool),
        Field(description="Whether recipients have it where they live, none before schedule_at."),
    ]
    local_schedule_at: Annotated[
        LocalMoment | None, Field(description="What clocks show there, then.")
    ]
    timezone: Annotated[
        str | None, Field(description="That of those of whom nobody knows where they live.")
    ]
    series_id: Annotated[str | None, Field(description="Of which series it is, if it is of one.")]
    occurrence_at: Annotated[
        Utc | None, Field(description="Of which of its occurrences, wherever it was moved.")
    ]

    approval: Annotated[ApprovalStatus | None, Field(description="`required`: it waits for that.")]
    approved_at: Utc | None
    approved_by: Annotated[
        str | None, Field(description="The id of the API key, where there are keys.")
    ]
    approved_template_version: Annotated[
        int | None, Field(description="What is sent, whatever becomes of the template.")
    ]

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignBody":
        """From the aggregate."""
        approved = campaign.approved
        return cls.model_validate(
            {
                **{
                    name: getattr(campaign, name)
                    for name in CampaignBody.model_fields
                    if not name.startswith("approv")
                },
                "approval": approval_status(campaign),
                "approved_at": approved and approved.at,
                "approved_by": approved and approved.key_id,
                "approved_template_version": approved and approved.template_version,
            }
        )


class CountsBody(Answer):
    """Recipients by state, chunk by chunk as they finish; `recipients` are all fanned out.

    `delivered`, `bounced` and `complained` are of those `sent`, as far as the provider told.
    """

    model_config = shown_by(
        {
            "recipients": 10_000,
            "pending": 2_500,
            "sent": 7_430,
            "failed": 12,
            "unknown": 3,
            "suppressed": 55,
            "skipped": 0,
            "delivered": 7_012,
            "bounced": 9,
            "complained": 1,
        },
    )

    recipients: int
    pending: int
    sent: int
    failed: int
    unknown: int
    suppressed: int
    skipped: int
    delivered: int
    bounced: int
    complained: int


class FanOutBody(Answer):
    """How far the segment is turned into recipients: in ranges of it, a large one in several.

    Nobody counts the segment before: `share` is of its key space, over which members are spread
    evenly. Members who are not mailed, or gone, make `recipients` fewer than the share says.
    """

    model_config = shown_by(
        {"recipients": 210_000, "ranges": 16, "ranges_complete": 3, "share": 0.21},
    )

    recipients: int
    ranges: int
    ranges_complete: int
    share: Annotated[float, Field(ge=0, le=1)]

    @classmethod
    def of(cls, progress: DeliveryProgress) -> "FanOutBody":
        """From how far it is."""
        return cls(
            recipients=progress.recipients,
            ranges=len(progress.ranges),
            ranges_complete=progress.complete_ranges,
            share=round(progress.share, 3),
        )


class ChangeBody(Answer):
    """A change of its state. `number` counts them from 1; `reason` is of a pause or a failure."""

    model_config = shown_by(
        {
            "number": 2,
            "event": "campaign.started",
            "state": "sending",
            "at": "2026-11-26T08:00:01.250Z",
            "reason": None,
        },
    )

    number: int
    event: Annotated[str, Field(examples=["campaign.started"])]
    state: CampaignState
    at: Utc
    reason: str | None

    @classmethod
    def of(cls, change: StateChange) -> "ChangeBody":
        """From the value."""
        return cls(
            number=change.number,
            event=f"campaign.{change.kind}",
            state=change.state,
            at=change.at,
            reason=change.reason,
        )


class CampaignWithCountsBody(CampaignBody):
    """A campaign with its live counts, and the latest changes of its state, oldest first."""

    model_config = shown_by(
        {
            **example_of(CampaignBody),
            "counts": example_of(CountsBody),
            "not_sent_reason": "no connection to the SMTP server mail.example.com:587: "
            "ConnectionRefusedError",
            "fan_out": {"recipients": 10_000, "ranges": 1, "ranges_complete": 1, "share": 1.0},
            "history": [example_of(ChangeBody)],
            "waves": [],
        },
    )

    counts: CountsBody
    not_sent_reason: Annotated[
        str | None,
        Field(
            description="Of a campaign under way: why mails that are pending were not taken when "
            "they were last tried, as a few of them tell. Unless it is `paused` they are tried "
            "again."
        ),
    ]
    fan_out: FanOutBody
    history: list[ChangeBody]
    waves: Annotated[
        list[WaveBody], Field(description="Of a campaign in local time; of others none.")
    ]

    @classmethod
    def with_counts(
        cls, campaign: Campaign, progress: DeliveryProgress, not_sent_reason: str | None
    ) -> "CampaignWithCountsBody":
        """From the aggregate, how far it is, and what holds it up."""
        tally = progress.tally
        counts = CountsBody(
            recipients=progress.recipients,
            pending=progress.pending,
            sent=tally.sent,
            failed=tally.failed,
            unknown=tally.unknown,
            suppressed=tally.suppressed,
            skipped=tally.skipped,
            delivered=tally.delivered,
            bounced=tally.bounced,
            complained=tally.complained,
        )
        return cls(
            **CampaignBody.of(campaign).model_dump(),
            counts=counts,
            not_sent_reason=not_sent_reason,
            fan_out=FanOutBody.of(progress),
            history=[ChangeBody.of(each) for each in campaign.history],
            waves=[WaveBody.model_validate(each, from_attributes=True) for each in progress.waves],
        )


class CampaignListBody(Answer):
    """A page of campaigns, newest first."""

    model_config = shown_by(
        {"items": [example_of(CampaignBody)], "next_cursor": None},
    )

    items: list[CampaignBody]
    next_cursor: str | None


def late_warning(campaign: Campaign, asked_at: datetime) -> str | None:
    """What is to be known of a campaign whose local time has passed where it is later already."""
    if campaign.local_time is None or campaign.local_time.earliest >= asked_at:
        return None
    return (
        "In some zones this time has passed already: whoever lives there has it at once. "
        "Over 26 hours ahead it reaches everybody at it."
    )
