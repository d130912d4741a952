"""Routes that tell of series."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import NotFound
from domain.identifiers import SeriesId
from domain.series import MAX_HISTORY
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import answer, described
from entrypoints.http.occurrence_models import OccurrencesBody
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.revisions import revision_tag, tagged
from entrypoints.http.series_models import SeriesBody, SeriesListBody


def series_routes(container: Serving) -> APIGatewayHttpRouter:
    """List, read."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/series",
        summary="List series, newest first",
        tags=["series"],
        responses=described((HTTPStatus.OK, SeriesListBody, "A page")),
    )
    def list_series(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
        page = container.family.series().page(limit, cursor)
        return answer(
            SeriesListBody(
                items=[SeriesBody.of(each) for each in page.series], next_cursor=page.cursor
            )
        )

    @router.get(
        "/v1/series/<series_id>",
        summary="Read a series",
        tags=["series"],
        responses=tagged(
            described((HTTPStatus.OK, SeriesBody, "The series"), problems=(HTTPStatus.NOT_FOUND,))
        ),
    )
    def read_series(series_id: str) -> Response[str]:
        series = container.family.series().get(SeriesId(series_id))
        if series is None:
            raise NotFound("series", series_id)
        return answer(SeriesBody.of(series), etag=revision_tag(series.revision))

    @router.get(
        "/v1/series/<series_id>/occurrences",
        summary="List the occurrences of a series",
        description="Those to come, computed, and what became of the latest.",
        tags=["series"],
        responses=described(
            (HTTPStatus.OK, OccurrencesBody, "Both"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def list_occurrences(
        series_id: str,
        limit: Annotated[
            int, Query(ge=1, le=MAX_HISTORY, description="How many of each at most.")
        ] = 10,
    ) -> Response[str]:
        return answer(OccurrencesBody.of(container.list_occurrences()(SeriesId(series_id), limit)))

    return router
