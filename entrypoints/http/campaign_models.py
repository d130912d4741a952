"""Bodies of the routes of campaigns."""

from typing import Annotated

from pydantic import Field

from domain.campaign import Campaign, CampaignCategory, CampaignState, PauseReason, UnknownPolicy
from domain.campaign_history import StateChange
from domain.fan_out import DeliveryProgress
from domain.path_policy import ExecutionPath
from entrypoints.http.models import Answer, Utc


class CampaignBody(Answer):
    """A campaign."""

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

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignBody":
        """From the aggregate."""
        return cls.model_validate(campaign, from_attributes=True)


class CountsBody(Answer):
    """Recipients by state, chunk by chunk as they finish; `recipients` are all fanned out.

    `delivered`, `bounced` and `complained` are of those `sent`, as far as the provider told.
    """

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


class ChangeBody(Answer):
    """A change of its state. `number` counts them from 1; `reason` is of a pause or a failure."""

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

    counts: CountsBody
    history: list[ChangeBody]

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
            delivered=tally.delivered,
            bounced=tally.bounced,
            complained=tally.complained,
        )
        return cls(
            **CampaignBody.of(campaign).model_dump(),
            counts=counts,
            history=[ChangeBody.of(each) for each in campaign.history],
        )


class CampaignListBody(Answer):
    """A page of campaigns, newest first."""

    items: list[CampaignBody]
    next_cursor: str | None
