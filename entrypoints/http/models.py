"""Request and response bodies."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.contact import Contact
from domain.fan_out import DeliveryProgress
from domain.names import MAX_NAME_CHARACTERS
from domain.path_policy import ExecutionPath
from domain.segment import Segment
from domain.template import Template
from domain.unicode_text import is_unicode_text
from domain.use_cases.add_members import MAX_MEMBERS
from domain.use_cases.create_campaign import Created


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`; a fraction, where there is one, in milliseconds."""
    moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


Utc = Annotated[
    datetime,
    PlainSerializer(utc_text),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARACTERS)]
Reference = Annotated[str, Field(min_length=1, max_length=64)]


class _Request(BaseModel):
    """Unknown fields are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class CampaignRequestBody(_Request):
    """A campaign to create."""

    name: Name
    template_id: Reference
    segment_id: Reference
    schedule_at: Annotated[
        str | None,
        Field(
            max_length=64,
            description="RFC 3339 with offset, or a local time with `timezone`; now if left out.",
            examples=["2026-11-19T09:00:00Z"],
        ),
    ] = None
    timezone: Annotated[
        str | None,
        Field(max_length=64, description="IANA name for a local time.", examples=["Europe/Berlin"]),
    ] = None
    fold: Annotated[
        int | None,
        Field(
            ge=0,
            le=1,
            description="Which of two moments, when clocks go back: 0 the earlier, 1 the later.",
        ),
    ] = None


class CampaignCreatedBody(_Answer):
    """What became of it: `triggered` on the immediate path, `auto_scheduler` on the scheduled.

    False, with a `trigger_error`: the campaign is stored, and started or scheduled without
    further doing as soon as that works.
    """

    campaign_id: str
    name: str
    state: CampaignState
    schedule_at: Utc
    execution_path: ExecutionPath
    triggered: bool | None = None
    auto_scheduler: bool | None = None
    trigger_error: str | None = None

    @classmethod
    def of(cls, created: Created) -> "CampaignCreatedBody":
        """From the use case's answer."""
        campaign = created.campaign
        arranged = created.trigger_error is None
        immediate = campaign.execution_path is ExecutionPath.IMMEDIATE
        return cls(
            campaign_id=campaign.campaign_id,
            name=campaign.name,
            state=campaign.state,
            schedule_at=campaign.schedule_at,
            execution_path=campaign.execution_path,
            triggered=arranged if immediate else None,
            auto_scheduler=None if immediate else arranged,
            trigger_error=created.trigger_error,
        )


class CampaignBody(_Answer):
    """A campaign."""

    campaign_id: str
    name: str
    template_id: str
    segment_id: str
    state: CampaignState
    execution_path: ExecutionPath
    schedule_at: Utc
    created_at: Utc
    started_at: Utc | None
    ended_at: Utc | None
    pause_reason: PauseReason | None
    failure_reason: str | None

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignBody":
        """From the aggregate."""
        return cls.model_validate(campaign, from_attributes=True)


class CountsBody(_Answer):
    """Recipients by state, chunk by chunk as they finish; `recipients` are all fanned out."""

    recipients: int
    pending: int
    sent: int
    failed: int
    unknown: int
    suppressed: int
    skipped: int


class CampaignWithCountsBody(CampaignBody):
    """A campaign with its live counts."""

    counts: CountsBody

    @classmethod
    def with_counts(
        cls, campaign: Campaign, progress: DeliveryProgress
    ) -> "CampaignWithCountsBody":
        """From the aggregate and how far it is."""
        tally = progress.tally
        counts = CountsBody(
            recipients=progress.recipients,
            pending=progress.pending,
            sent=tally.sent,
            failed=tally.failed,
            unknown=tally.unknown,
            suppressed=tally.suppressed,
            skipped=tally.skipped,
        )
        return cls(**CampaignBody.of(campaign).model_dump(), counts=counts)


class CampaignListBody(_Answer):
    """A page of campaigns, newest first."""

    items: list[CampaignBody]
    next_cursor: str | None


class TemplateRequestBody(_Request):
    """A template to create; without an id it is given one."""

    template_id: Reference | None = None
    name: Name
    subject: str
    html: str
    text: str


class TemplateBody(_Answer):
    """A template."""

    template_id: str
    name: str
    subject: str
    html: str
    text: str
    created_at: Utc

    @classmethod
    def of(cls, template: Template) -> "TemplateBody":
        """From the entity."""
        return cls(
            template_id=template.template_id,
            name=template.name,
            subject=template.content.subject,
            html=template.content.html,
            text=template.content.text,
            created_at=template.created_at,
        )


class TemplateSummaryBody(_Answer):
    """A template without its bodies: a page of them stays small."""

    template_id: str
    name: str
    subject: str
    created_at: Utc

    @classmethod
    def of(cls, template: Template) -> "TemplateSummaryBody":
        """From the entity."""
        return cls(
            template_id=template.template_id,
            name=template.name,
            subject=template.content.subject,
            created_at=template.created_at,
        )


class TemplateListBody(_Answer):
    """A page of templates by id."""

    items: list[TemplateSummaryBody]
    next_cursor: str | None


class SegmentRequestBody(_Request):
    """A static segment to create; without an id it is given one."""

    segment_id: Reference | None = None
    name: Name


class SegmentBody(_Answer):
    """A segment."""

    segment_id: str
    name: str
    created_at: Utc

    @classmethod
    def of(cls, segment: Segment) -> "SegmentBody":
        """From the entity."""
        return cls.model_validate(segment, from_attributes=True)


class SegmentListBody(_Answer):
    """A page of segments by id."""

    items: list[SegmentBody]
    next_cursor: str | None


class MembersRequestBody(_Request):
    """Contacts to put into a segment."""

    contact_ids: Annotated[list[Reference], Field(min_length=1, max_length=MAX_MEMBERS)]


def _field_value(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise PydanticCustomError("field_value", "It must be text, a number, true or false")
    if isinstance(value, str) and not is_unicode_text(value):
        raise PydanticCustomError("string_unicode", "It is no text")
    return value


def _field_names(fields: object) -> object:
    if isinstance(fields, dict) and not all(is_unicode_text(str(name)) for name in fields):
        raise PydanticCustomError("string_unicode", "A name is no text")
    return fields


FieldValueBody = Annotated[str | int | float | bool, BeforeValidator(_field_value)]


class ContactRequestBody(_Request):
    """A contact to create, or to give new fields if the address is known."""

    email: Annotated[str, Field(max_length=320)]
    fields: Annotated[dict[str, FieldValueBody], BeforeValidator(_field_names)] = {}


class ContactBody(_Answer):
    """A contact."""

    contact_id: str
    email: str
    fields: dict[str, str | int | float | bool]

    @classmethod
    def of(cls, contact: Contact) -> "ContactBody":
        """From the entity."""
        return cls(
            contact_id=contact.contact_id, email=contact.address, fields=dict(contact.fields)
        )
