"""Bodies of the route that lists occurrences."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.campaign import Campaign, CampaignState
from domain.series import Occurrence, SeriesPlan
from domain.use_cases.list_occurrences import OccurrenceList
from entrypoints.http.models import Answer, Utc, example_of, shown_by


class ComingBody(Answer):
    """An occurrence to come; `local_time` is as clocks in the series's zone show it."""

    model_config = shown_by(
        {"occurrence_at": "2026-12-07T08:00:00Z", "local_time": "2026-12-07T09:00:00+01:00"},
    )

    occurrence_at: Utc
    local_time: str

    @classmethod
    def of_moment(cls, moment: datetime, plan: SeriesPlan) -> "ComingBody":
        """In UTC and in the zone."""
        return cls(occurrence_at=moment, local_time=_local(moment, plan))


class SettledBody(Answer):
    """An occurrence that has its campaign, or was `missed`, which says why."""

    model_config = shown_by(
        {
            "occurrence_at": "2026-11-30T08:00:00Z",
            "local_time": "2026-11-30T09:00:00+01:00",
            "campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "campaign_state": "scheduled",
            "schedule_at": "2026-11-30T08:00:00Z",
            "missed": None,
        },
    )

    occurrence_at: Utc
    local_time: str
    campaign_id: str | None
    campaign_state: CampaignState | None
    schedule_at: Annotated[Utc | None, Field(description="When its campaign goes out, or did.")]
    missed: str | None

    @classmethod
    def of(
        cls, occurrence: Occurrence, campaign: Campaign | None, plan: SeriesPlan
    ) -> "SettledBody":
        """With its campaign as it is now."""
        return cls(
            occurrence_at=occurrence.at,
            local_time=_local(occurrence.at, plan),
            campaign_id=occurrence.campaign_id,
            campaign_state=None if campaign is None else campaign.state,
            schedule_at=None if campaign is None else campaign.schedule_at,
            missed=occurrence.missed,
        )


class OccurrencesBody(Answer):
    """`coming`, earliest first, have no campaign yet; `settled`, newest first, are the latest."""

    model_config = shown_by(
        {"coming": [example_of(ComingBody)], "settled": [example_of(SettledBody)]},
    )

    coming: list[ComingBody]
    settled: list[SettledBody]

    @classmethod
    def of(cls, listed: OccurrenceList) -> "OccurrencesBody":
        """From the use case's answer."""
        plan = listed.series.plan
        return cls(
            coming=[ComingBody.of_moment(each, plan) for each in listed.coming],
            settled=[SettledBody.of(each, campaign, plan) for each, campaign in listed.settled],
        )


def _local(moment: datetime, plan: SeriesPlan) -> str:
    return moment.astimezone(plan.zone).isoformat()
