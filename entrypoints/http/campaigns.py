"""Routes of campaigns."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.campaign import CampaignState
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.use_cases.create_campaign import CampaignRequest
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.models import (
    CampaignBody,
    CampaignCreatedBody,
    CampaignListBody,
    CampaignRequestBody,
    CampaignWithCountsBody,
)
from entrypoints.http.paging import Cursor, Limit


def campaign_routes(container: Serving) -> APIGatewayHttpRouter:
    """Create, list, read."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/campaigns",
        summary="Create a campaign",
        description=(
            "Due within a minute, past, or without schedule_at: it starts at once (202). "
            "Later: it is scheduled (201)."
        ),
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.ACCEPTED, CampaignCreatedBody, "Immediate path"),
            (HTTPStatus.CREATED, CampaignCreatedBody, "Scheduled path"),
            problems=BODY_PROBLEMS,
        ),
    )
    def create_campaign(body: CampaignRequestBody) -> Response[str]:
        created = container.create_campaign()(
            CampaignRequest(
                name=body.name,
                template_id=TemplateId(body.template_id),
                segment_id=SegmentId(body.segment_id),
                schedule_at=body.schedule_at,
                timezone=body.timezone,
                fold=body.fold,
            )
        )
        immediate = created.campaign.execution_path is ExecutionPath.IMMEDIATE
        return answer(
            CampaignCreatedBody.of(created),
            HTTPStatus.ACCEPTED if immediate else HTTPStatus.CREATED,
            location=f"/v1/campaigns/{created.campaign.campaign_id}",
            exclude_none=True,
        )

    @router.get(
        "/v1/campaigns",
        summary="List campaigns, newest first",
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.OK, CampaignListBody, "A page"),
        ),
    )
    def list_campaigns(
        state: Annotated[CampaignState | None, Query(description="Only those in it.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response[str]:
        page = container.family.campaigns().page(state, limit, cursor)
        return answer(
            CampaignListBody(
                items=[CampaignBody.of(each) for each in page.campaigns], next_cursor=page.cursor
            )
        )

    @router.get(
        "/v1/campaigns/<campaign_id>",
        summary="Read a campaign with its live counts",
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.OK, CampaignWithCountsBody, "The campaign"),
            problems=(HTTPStatus.NOT_FOUND,),
        ),
    )
    def read_campaign(campaign_id: str) -> Response[str]:
        campaign, progress = container.read_campaign()(CampaignId(campaign_id))
        return answer(CampaignWithCountsBody.with_counts(campaign, progress))

    return router
