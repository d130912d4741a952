"""The route that creates a campaign: a function of its own serves it on AWS."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.path_policy import ExecutionPath
from domain.use_cases.create_campaign import Created
from entrypoints.containers.creating import Creating
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.creation_models import CampaignCreatedBody, CampaignRequestBody
from entrypoints.http.idempotency import current_record
from entrypoints.http.revisions import revision_tag, tagged


def creation_routes(container: Creating) -> APIGatewayHttpRouter:
    """Create."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/campaigns",
        summary="Create a campaign",
        description=(
            "Due within a minute, past, or without schedule_at: it starts at once (202). "
            "Later: it is scheduled (201). With local_time everybody has it when clocks where they "
            "live show schedule_at; it starts with the first zone."
        ),
        tags=["campaigns"],
        responses=tagged(
            described(
                (HTTPStatus.ACCEPTED, CampaignCreatedBody, "Immediate path"),
                (HTTPStatus.CREATED, CampaignCreatedBody, "Scheduled path, or approval awaited"),
                problems=BODY_PROBLEMS,
            )
        ),
    )
    def create_campaign(body: CampaignRequestBody) -> Response[str]:
        created = container.create_campaign()(body.request(), current_record())
        return created_answer(created)

    return router


def created_answer(created: Created) -> Response[str]:
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
