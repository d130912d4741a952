"""Clone a campaign: another one that is as it is, but for what is said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.campaign import Campaign
from domain.errors import NotFound
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.use_cases.create_campaign import CampaignRequest, CreateCampaign, Created


@dataclass(frozen=True, kw_only=True)
class CloneCampaign:
    """From any state. All that creation checks is checked."""

    campaigns: CampaignRepository
    create: CreateCampaign
    clock: Clock

    def __call__(
        self,
        campaign_id: CampaignId,
        changes: Mapping[str, Any],  # Any: the values of CampaignRequest's fields
        record: IdempotencyRecord | None = None,
        key_id: str | None = None,
    ) -> Created:
        """`changes` are fields of a CampaignRequest. Raises NotFound, and what CreateCampaign does.

        Without a time it has that of the original, if that is to come; else it is for now.
        """
        original = self.campaigns.get(campaign_id)
        if original is None:
            raise NotFound("campaign", campaign_id)
        request = _request_of(original)
        if not _gives_a_time(changes) and _is_to_come(original, self.clock.now()):
            request = _timed(request, original)
        return self.create(replace(request, **changes), record, key_id)


def _request_of(original: Campaign) -> CampaignRequest:
    return CampaignRequest(
        name=original.name,
        template_id=original.template_id,
        segment_id=original.segment_id,
        unknown_policy=original.unknown_policy,
        category=original.category,
        priority=original.priority,
        exclude_segment_ids=original.exclude_segment_ids,
        needs_approval=original.needs_approval,
    )


def _gives_a_time(changes: Mapping[str, Any]) -> bool:
    """A null is one only as `schedule_at`: then it is now. That it is not in local time is none."""
    return (
        "schedule_at" in changes
        or changes.get("timezone") is not None
        or changes.get("fold") is not None
        or changes.get("local_time") is True
    )


def _is_to_come(original: Campaign, now: datetime) -> bool:
    """In local time as creation sees it: by the zone of whoever has none, not by the first."""
    local = original.local_time
    return (original.schedule_at if local is None else local.instant()) > now


def _timed(request: CampaignRequest, original: Campaign) -> CampaignRequest:
    local = original.local_time
    if local is None:
        return replace(request, schedule_at=original.schedule_at.isoformat())
    return replace(
        request, schedule_at=local.at.isoformat(), timezone=local.time_zone, local_time=True
    )
