"""Routes of campaigns."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import answer, described
from entrypoints.http.campaign_models import (
    CampaignBody,
    CampaignListBody,
    CampaignWithCountsBody,
)
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.revisions import revision_tag, tagged


def campaign_routes(container: Serving) -> APIGatewayHttpRouter:
    """List, read."""
    router = APIGatewayHttpRouter()

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
        responses=tagged(
            described(
                (HTTPStatus.OK, CampaignWithCountsBody, "The campaign"),
                problems=(HTTPStatus.NOT_FOUND,),
            )
        ),
    )
    def read_campaign(campaign_id: str) -> Response[str]:
        campaign, progress = container.read_campaign()(CampaignId(campaign_id))
        return answer(
            CampaignWithCountsBody.with_counts(campaign, progress),
            etag=revision_tag(campaign.revision),
        )

    return router
