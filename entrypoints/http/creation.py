"""The routes that create a campaign: a function of its own serves them on AWS."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.identifiers import CampaignId
from domain.path_policy import ExecutionPath
from domain.use_cases.create_campaign import Created
from entrypoints.containers.cloning import Cloning
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.creation_models import (
    CampaignCloneBody,
    CampaignCreatedBody,
    CampaignRequestBody,
)
from entrypoints.http.idempotency import API_KEY_ID, current_record
from entrypoints.http.revisions import revision_tag, tagged


def creation_routes(container: Cloning) -> APIGatewayHttpRouter:
    """Create, clone."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/campaigns",
        summary="Create a campaign",
        description=(
            "Due within a minute, past, or without schedule_at: it starts at once (202). "
            "Later: it is scheduled (201). With local_time everybody has it when clocks where they "
            "live show schedule_at; it starts with the first zone. When many start at once, some "
            "are queued, and start within moments: start says which way it went."
        ),
        tags=["campaigns"],
        responses=tagged(
            described(
                (HTTPStatus.ACCEPTED, CampaignCreatedBody, "Immediate path"),
                (HTTPStatus.CREATED, CampaignCreatedBody, "Scheduled path, or approval awaited"),
                problems=(*BODY_PROBLEMS, HTTPStatus.TOO_MANY_REQUESTS),
            )
        ),
    )
    def create_campaign(body: CampaignRequestBody) -> Response[str]:
        created = container.create_campaign()(
            body.request(), current_record(), router.context.get(API_KEY_ID)
        )
        return _answered(created)

    @router.post(
        "/v1/campaigns/<campaign_id>/clone",
        summary="Clone a campaign",
        description=(
            "Another one, as this one is but for what the body says, from any state. It is checked "
            "and answered as on creation: without a time that is to come it starts at once."
        ),
        tags=["campaigns"],
        responses=tagged(
            described(
                (HTTPStatus.ACCEPTED, CampaignCreatedBody, "Immediate path"),
                (HTTPStatus.CREATED, CampaignCreatedBody, "Scheduled path, or approval awaited"),
                problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS),
            )
        ),
    )
    def clone_campaign(campaign_id: str, body: CampaignCloneBody) -> Response[str]:
        return _answered(
            container.clone_campaign()(
                CampaignId(campaign_id),
                body.changes(),
                current_record(),
                router.context.get(API_KEY_ID),
            )
        )

    return router


def _answered(created: Created) -> Response[str]:
    """202 where it goes out at once, and 201 where it waits, for its time or for an approval."""
    campaign = created.campaign
    is_immediate = campaign.execution_path is ExecutionPath.IMMEDIATE
    return answer(
        CampaignCreatedBody.of(created),
        HTTPStatus.ACCEPTED
        if is_immediate and not campaign.awaits_approval
        else HTTPStatus.CREATED,
        location=f"/v1/campaigns/{campaign.campaign_id}",
        etag=revision_tag(campaign.revision),
        exclude_none=True,
    )
