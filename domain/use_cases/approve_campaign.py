"""Approve a campaign: somebody has looked at it, and it may go out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.campaign import Approval, Campaign
from domain.delivery_policy import DeliveryPolicy
from domain.errors import IllegalTransition
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.ports.templates import TemplateRepository
from domain.use_cases.resume_campaign import ResumeCampaign, Resumed


@dataclass(frozen=True, kw_only=True)
class ApproveCampaign:
    """The path is decided by the time of the approval; its template is the version of then."""

    resume: ResumeCampaign
    templates: TemplateRepository
    clock: Clock
    policy: DeliveryPolicy

    def __call__(
        self,
        campaign_id: CampaignId,
        key_id: str | None,
        *,
        revisions: Collection[int] | None = None,
        tried_at: datetime | None = None,
    ) -> Resumed:
        """`key_id` is of the API key of whoever approves, None where there are no keys.

        `revisions`, `tried_at` and what is raised: as of ResumeCampaign.
        """
        return self.resume(
            campaign_id,
            approve=lambda campaign: self._approved(campaign, key_id),
            revisions=revisions,
            tried_at=tried_at,
            key_id=key_id,
        )

    def _approved(self, campaign: Campaign, key_id: str | None) -> Campaign:
        template = self.templates.get(campaign.template_id)
        if template is None:
            raise IllegalTransition(
                "campaign", campaign.state, "approve, since its template is gone"
            )
        approval = Approval(self.clock.now(), key_id, template.version)
        return campaign.approve(approval, self.policy.max_lateness)
