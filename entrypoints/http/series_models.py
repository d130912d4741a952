"""Bodies of the routes of series."""

from dataclasses import replace
from datetime import UTC
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.campaign import CampaignCategory, UnknownPolicy
from domain.cron import MAX_CRON_CHARACTERS, Cron
from domain.identifiers import SegmentId, TemplateId
from domain.priority import Priority
from domain.series import (
    MAX_OCCURRENCES,
    CatchUp,
    Series,
    SeriesPlan,
    SeriesState,
)
from entrypoints.http.creation_models import (
    CategoryChoice,
    ExcludedSegments,
    PriorityChoice,
    UnknownPolicyChoice,
)
from entrypoints.http.models import (
    Answer,
    Moment,
    Name,
    Reference,
    Request,
    Utc,
    example_of,
    shown_by,
)

SeriesName = Annotated[
    Name,
    Field(
        description=(
            "Of its campaigns, too: with the local date at `{date}` and the time at `{time}`, or "
            "behind it."
        ),
        examples=["Weekly news {date}"],
    ),
]
CronText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CRON_CHARACTERS,
        description="Five fields: minute, hour, day of month, month, day of week.",
        examples=["0 9 * * MON"],
    ),
]
ZoneName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="By whose clocks: an IANA name.",
        examples=["Europe/Berlin"],
    ),
]
CatchUpChoice = Annotated[
    CatchUp,
    Field(
        # A name in JSON: strict mode would ask for the enum itself.
        strict=False,
        description=(
            "What becomes of occurrences that nobody could make in time: the `latest` is sent at "
            "once, as long as a campaign may be late, or `none` is. All others are missed, and "
            "listed as such."
        ),
    ),
]
EndsAt = Annotated[Moment | None, Field(description="Nothing comes after it.")]
MaxOccurrences = Annotated[
    int | None,
    Field(ge=1, le=MAX_OCCURRENCES, description="It ends once so many campaigns were made."),
]


class SeriesRequestBody(Request):
    """A campaign that comes again."""

    model_config = shown_by(
        {
            "name": "Weekly news {date}",
            "cron": "0 9 * * MON",
            "timezone": "Europe/Berlin",
            "template_id": "newsletter-template",
            "segment_id": "all-active",
        },
        {
            "name": "Advent",
            "cron": "0 8 1-24 12 *",
            "timezone": "America/New_York",
            "template_id": "promo-template",
            "segment_id": "vip-customers",
            "exclude_segment_ids": ["all-active"],
            "unknown_policy": "hold",
            "category": "marketing",
            "priority": "normal",
            "catch_up": "none",
            "ends_at": "2035-12-25T00:00:00Z",
            "max_occurrences": 24,
        },
    )

    name: SeriesName
    cron: CronText
    timezone: ZoneName
    template_id: Reference
    segment_id: Reference
    exclude_segment_ids: ExcludedSegments = []  # noqa: RUF012  pydantic copies it
    unknown_policy: UnknownPolicyChoice = UnknownPolicy.HOLD
    category: CategoryChoice = CampaignCategory.MARKETING
    priority: PriorityChoice = Priority.NORMAL
    catch_up: CatchUpChoice = CatchUp.LATEST
    ends_at: EndsAt = None
    max_occurrences: MaxOccurrences = None

    def plan(self) -> SeriesPlan:
        """For the use case. Raises InvalidInput naming `cron`."""
        return SeriesPlan(
            name=self.name,
            cron=Cron.of(self.cron),
            timezone=self.timezone,
            template_id=TemplateId(self.template_id),
            segment_id=SegmentId(self.segment_id),
            exclude_segment_ids=tuple(map(SegmentId, self.exclude_segment_ids)),
            unknown_policy=self.unknown_policy,
            category=self.category,
            priority=self.priority,
            catch_up=self.catch_up,
            ends_at=None if self.ends_at is None else self.ends_at.astimezone(UTC),
            max_occurrences=self.max_occurrences,
        )


class SeriesEditBody(Request):
    """What to change; what is left out stays as it is."""

    model_config = shown_by(
        {"cron": "30 9 * * MON"},
        {"ends_at": None},
        {
            "name": "Weekly news {date}",
            "cron": "30 9 * * MON",
            "timezone": "Europe/Vienna",
            "template_id": "newsletter-template",
            "segment_id": "all-active",
            "exclude_segment_ids": ["vip-customers"],
            "unknown_policy": "hold",
            "category": "marketing",
            "priority": "normal",
            "catch_up": "none",
            "ends_at": "2035-12-25T00:00:00Z",
            "max_occurrences": 52,
        },
        min_properties=1,
    )

    name: Annotated[SeriesName, Field(default_factory=str)]
    cron: Annotated[CronText, Field(default_factory=str)]
    timezone: Annotated[ZoneName, Field(default_factory=str)]
    template_id: Annotated[Reference, Field(default_factory=str)]
    segment_id: Annotated[Reference, Field(default_factory=str)]
    exclude_segment_ids: Annotated[ExcludedSegments, Field(default_factory=list)]
    unknown_policy: Annotated[
        UnknownPolicyChoice, Field(default_factory=lambda: UnknownPolicy.HOLD)
    ]
    category: Annotated[CategoryChoice, Field(default_factory=lambda: CampaignCategory.MARKETING)]
    priority: Annotated[PriorityChoice, Field(default_factory=lambda: Priority.NORMAL)]
    catch_up: Annotated[CatchUpChoice, Field(default_factory=lambda: CatchUp.LATEST)]
    ends_at: EndsAt = None
    max_occurrences: MaxOccurrences = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "Nothing to change: name a field")
        return self

    def edited(self, plan: SeriesPlan) -> SeriesPlan:
        """`plan` with what is given. Raises InvalidInput naming `cron`."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "cron" in given:
            given["cron"] = Cron.of(self.cron)
        if "exclude_segment_ids" in given:
            given["exclude_segment_ids"] = tuple(map(SegmentId, self.exclude_segment_ids))
        if self.ends_at is not None:
            given["ends_at"] = self.ends_at.astimezone(UTC)
        return replace(plan, **given)


class SeriesBody(Answer):
    """A series."""

    model_config = shown_by(
        {
            "series_id": "ser_01M889FD1DR9BPG5C28WTPF9HV",
            "name": "Weekly news {date}",
            "cron": "0 9 * * MON",
            "timezone": "Europe/Berlin",
            "template_id": "newsletter-template",
            "segment_id": "all-active",
            "exclude_segment_ids": [],
            "unknown_policy": "hold",
            "category": "marketing",
            "priority": "normal",
            "catch_up": "latest",
            "ends_at": None,
            "max_occurrences": None,
            "state": "active",
            "created_at": "2026-11-26T09:00:00Z",
            "next_at": "2026-12-07T08:00:00Z",
            "problem": None,
            "latest_campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "made_count": 1,
            "missed_count": 0,
        },
    )

    series_id: str
    name: str
    cron: str
    timezone: str
    template_id: str
    segment_id: str
    exclude_segment_ids: list[str]
    unknown_policy: UnknownPolicy
    category: CampaignCategory
    priority: Priority
    catch_up: CatchUp
    ends_at: Utc | None
    max_occurrences: int | None
    state: SeriesState
    created_at: Utc
    next_at: Annotated[
        Utc | None, Field(description="The next occurrence that has no campaign yet.")
    ]
    problem: Annotated[
        str | None, Field(description="Why its campaign cannot be made as things are.")
    ]
    latest_campaign_id: Annotated[
        str | None, Field(description="Of the latest occurrence that has one; mostly to come.")
    ]
    made_count: int
    missed_count: Annotated[int, Field(description="Occurrences that got no campaign.")]

    @classmethod
    def of(cls, series: Series) -> "SeriesBody":
        """From the aggregate."""
        plan = series.plan
        made = [each.campaign_id for each in series.history if each.campaign_id is not None]
        return cls(
            series_id=series.series_id,
            name=plan.name,
            cron=plan.cron.text,
            timezone=plan.timezone,
            template_id=plan.template_id,
            segment_id=plan.segment_id,
            exclude_segment_ids=list(plan.exclude_segment_ids),
            unknown_policy=plan.unknown_policy,
            category=plan.category,
            priority=plan.priority,
            catch_up=plan.catch_up,
            ends_at=plan.ends_at,
            max_occurrences=plan.max_occurrences,
            state=series.state,
            created_at=series.created_at,
            next_at=series.next_at,
            problem=series.problem,
            latest_campaign_id=made[-1] if made else None,
            made_count=series.made_count,
            missed_count=series.missed_count,
        )


class SeriesListBody(Answer):
    """A page of series, newest first."""

    model_config = shown_by(
        {"items": [example_of(SeriesBody)], "next_cursor": None},
    )

    items: list[SeriesBody]
    next_cursor: str | None
