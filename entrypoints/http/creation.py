"""The route that creates a campaign: a function of its own serves it on AWS."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.identifiers import SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.use_cases.create_campaign import CampaignRequest
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
                (HTTPStatus.CREATED, CampaignCreatedBody, "Scheduled path"),
                problems=BODY_PROBLEMS,
            )
        ),
    )
    def create_campaign(body: CampaignRequestBody) -> Response[str]:
        created = container.create_campaign()(
            CampaignRequest(
                name=body.name,
                template_id=TemplateId(body.template_id),
                segment_id=SegmentId(body.segment_id),
                exclude_segment_ids=tuple(map(SegmentId, body.exclude_segment_ids)),
                schedule_at=body.schedule_at,
                timezone=body.timezone,
                fold=body.fold,
                local_time=body.local_time,
                unknown_policy=body.unknown_policy,
                category=body.category,
            ),
            current_record(),
        )
        immediate = created.campaign.execution_path is ExecutionPath.IMMEDIATE
        return answer(
            CampaignCreatedBody.of(created),
            HTTPStatus.ACCEPTED if immediate else HTTPStatus.CREATED,
            location=f"/v1/campaigns/{created.campaign.campaign_id}",
            etag=revision_tag(created.campaign.revision),
            exclude_none=True,
        )

    return router
