"""Routes of campaigns."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.campaign import CampaignCategory, CampaignState
from domain.campaign_filter import CampaignFilter
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.use_cases.list_campaigns import MAX_LOOKED_AT
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import answer, described
from entrypoints.http.campaign_models import (
    CampaignBody,
    CampaignListBody,
    CampaignWithCountsBody,
)
from entrypoints.http.models import moment_of
from entrypoints.http.paging import NAMED, Cursor, Limit
from entrypoints.http.revisions import revision_tag, tagged


def campaign_routes(container: Serving) -> APIGatewayHttpRouter:
    """List, read."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/campaigns",
        summary="List campaigns, newest first",
        description=(
            "What fits all filters. State and time are looked up. Of the other filters a page "
            f"looks at {MAX_LOOKED_AT} campaigns at most: it may be short, or empty, and still "
            "have a next_cursor, which reads on with the same filters."
        ),
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.OK, CampaignListBody, "A page"),
        ),
    )
    def list_campaigns(  # noqa: PLR0913, PLR0917  one a filter
        state: Annotated[CampaignState | None, Query(description="Only those in it.")] = None,
        created_after: Annotated[
            str | None,
            Query(
                max_length=64,
                description="Only those of this time and later (RFC 3339).",
                examples=["2026-11-01T00:00:00Z"],
            ),
        ] = None,
        created_before: Annotated[
            str | None,
            Query(
                max_length=64,
                description="Only those of before this time (RFC 3339).",
                examples=["2026-12-01T00:00:00Z"],
            ),
        ] = None,
        segment_id: Annotated[
            str | None, Query(pattern=NAMED, description="Only those to this segment.")
        ] = None,
        template_id: Annotated[
            str | None, Query(pattern=NAMED, description="Only those of this template.")
        ] = None,
        execution_path: Annotated[
            ExecutionPath | None, Query(description="Only those that went this path.")
        ] = None,
        category: Annotated[
            CampaignCategory | None, Query(description="Only those of this category.")
        ] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response[str]:
        wanted = CampaignFilter(
            state=state,
            created_after=moment_of("created_after", created_after),
            created_before=moment_of("created_before", created_before),
            segment_id=None if segment_id is None else SegmentId(segment_id),
            template_id=None if template_id is None else TemplateId(template_id),
            execution_path=execution_path,
            category=category,
        )
        page = container.list_campaigns()(wanted, limit, cursor)
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
        reason = container.explain_pending()(campaign, progress)
        return answer(
            CampaignWithCountsBody.with_counts(campaign, progress, reason),
            etag=revision_tag(campaign.revision),
        )

    return router
