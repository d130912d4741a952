"""Bodies of the routes of what people do with a campaign once it is there."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.campaign import Campaign, CampaignState
from domain.errors import InvalidInput
from domain.priority import Priority
from domain.start import Dispatch
from domain.use_cases.edit_campaign import CampaignEdit, Edited, NewTime
from domain.use_cases.resume_campaign import Resumed
from entrypoints.http.campaign_models import CampaignBody, late_warning
from entrypoints.http.creation_models import PriorityChoice
from entrypoints.http.models import Fold, Name, Request, Timezone, WrittenTime, example_of, shown_by


class CampaignEditBody(Request):
    """What to change: name, time, priority, or several. What is left out stays as it is."""

    model_config = shown_by(
        {"name": "Flash Sale, once more"},
        {"priority": "urgent"},
        {"schedule_at": "2027-03-01T09:00:00", "timezone": "Europe/Berlin", "fold": 0},
        {"schedule_at": "2027-03-01T09:00:00", "timezone": "Europe/Berlin", "local_time": True},
        min_properties=1,
    )

    name: Annotated[Name, Field(default_factory=str)]
    priority: Annotated[PriorityChoice, Field(default_factory=lambda: Priority.NORMAL)]
    schedule_at: WrittenTime = None
    timezone: Timezone = None
    fold: Fold = None
    local_time: Annotated[
        bool | None,
        Field(description="As on creation; as it is if left out, and so is the timezone with it."),
    ] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not (self._moves_it or {"name", "priority"} & self.model_fields_set):
            raise PydanticCustomError(
                "nothing_to_change",
                "Nothing to change: give it a name, a schedule_at or a priority",
            )
        return self

    @property
    def _moves_it(self) -> bool:
        """A null is a time only as its `schedule_at`: then it is now."""
        others = (self.timezone, self.fold, self.local_time)
        return "schedule_at" in self.model_fields_set or any(each is not None for each in others)

    def edit(self) -> CampaignEdit:
        """For the use case. Raises InvalidInput."""
        given = self.model_fields_set
        if self.local_time is False and "schedule_at" not in given:
            # The use case would take it for now.
            raise InvalidInput("local_time", "It needs a schedule_at; add one, or leave it out.")
        new_time = NewTime(
            schedule_at=self.schedule_at,
            timezone=self.timezone,
            fold=self.fold,
            local_time=self.local_time,
        )
        return CampaignEdit(
            name=self.name if "name" in given else None,
            priority=self.priority if "priority" in given else None,
            new_time=new_time if self._moves_it else None,
        )


class CampaignTriggeredBody(CampaignBody):
    """A campaign that goes on: `triggered` at once, or `auto_scheduler` at its time.

    False, with a `trigger_error`: it goes on without further doing as soon as that works. Both
    null: nothing of that was to be arranged. `start` is the way that its start went: `direct`, or
    `queued` where many start at once.
    """

    model_config = shown_by(
        {
            **example_of(CampaignBody),
            "triggered": True,
            "start": "direct",
            "auto_scheduler": None,
            "trigger_error": None,
            "warning": None,
        },
    )

    triggered: bool | None = None
    start: Dispatch | None = None
    auto_scheduler: bool | None = None
    trigger_error: str | None = None
    warning: str | None = None

    @classmethod
    def of_resumed(cls, resumed: Resumed) -> "CampaignTriggeredBody":
        """From the use case's answer."""
        return cls._triggered(resumed.campaign, resumed.trigger_error, resumed.start)

    @classmethod
    def of_edited(cls, edited: Edited) -> "CampaignTriggeredBody":
        """From the use case's answer."""
        if not edited.is_moved:
            return cls(**CampaignBody.of(edited.campaign).model_dump())
        body = cls._triggered(edited.campaign, edited.trigger_error, edited.start)
        moved_at = edited.campaign.moved_at or edited.campaign.created_at
        return body.model_copy(update={"warning": late_warning(edited.campaign, moved_at)})

    @classmethod
    def _triggered(
        cls, campaign: Campaign, error: str | None, start: Dispatch | None
    ) -> "CampaignTriggeredBody":
        arranged = error is None
        return cls(
            **CampaignBody.of(campaign).model_dump(),
            triggered=arranged if campaign.state is CampaignState.SENDING else None,
            start=start,
            auto_scheduler=arranged if campaign.state is CampaignState.SCHEDULED else None,
            trigger_error=error,
        )
