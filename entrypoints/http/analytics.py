"""Routes of analytics."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.use_cases.read_path_analytics import MAX_DAYS, USUAL_DAYS, Period
from entrypoints.containers.serving_analytics import ServingAnalytics
from entrypoints.http.analytics_models import PathAnalyticsBody
from entrypoints.http.answers import answer, described


def analytics_routes(container: ServingAnalytics) -> APIGatewayHttpRouter:
    """Read."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/analytics/paths",
        summary="Compare the two paths",
        description=(
            "Counts, start latency, lateness, throughput, outcomes and estimated cost of the "
            f"campaigns of each path, over at most {MAX_DAYS} days."
        ),
        tags=["analytics"],
        responses=described((HTTPStatus.OK, PathAnalyticsBody, "Both paths of each period")),
    )
    def read_path_analytics(
        since: Annotated[
            str | None,
            Query(
                max_length=10,
                description=f"The first UTC day; {USUAL_DAYS} days are read where it is left out.",
                examples=["2026-11-01"],
            ),
        ] = None,
        until: Annotated[
            str | None,
            Query(
                max_length=10,
                description="The last UTC day, within it; today where it is left out.",
                examples=["2026-11-30"],
            ),
        ] = None,
        period: Annotated[
            Period, Query(description="Each day by itself, or all days as one.")
        ] = Period.TOTAL,
    ) -> Response[str]:
        return answer(
            PathAnalyticsBody.of(
                container.read_path_analytics()(since=since, until=until, period=period)
            )
        )

    return router
