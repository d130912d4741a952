"""Routes that change series: the function that creates campaigns serves them on AWS."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.identifiers import SeriesId
from domain.series import Series
from domain.use_cases.steer_series import Steering
from entrypoints.containers.recurring import Recurring
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.idempotency import current_record, earlier_try
from entrypoints.http.revisions import IfMatch, revision_tag, revisions_of, tagged
from entrypoints.http.series_models import (
    SeriesBody,
    SeriesEditBody,
    SeriesRequestBody,
)

_TAGS = ["series"]
_CHANGE_PROBLEMS = (
    *BODY_PROBLEMS,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
)


def _told(series: Series, status: HTTPStatus = HTTPStatus.OK) -> Response[str]:
    return answer(
        SeriesBody.of(series),
        status,
        location=f"/v1/series/{series.series_id}" if status is HTTPStatus.CREATED else None,
        etag=revision_tag(series.revision),
    )


def series_change_routes(container: Recurring) -> APIGatewayHttpRouter:
    """Create, edit, pause, resume, end."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/series",
        summary="Create a series: a campaign that comes again",
        description=(
            "Each occurrence of its cron has one campaign, the next of which is always there "
            "beforehand, to be looked at, edited, moved, paused or cancelled as every campaign."
        ),
        tags=_TAGS,
        responses=tagged(
            described((HTTPStatus.CREATED, SeriesBody, "The series"), problems=BODY_PROBLEMS)
        ),
    )
    def create_series(body: SeriesRequestBody) -> Response[str]:
        created = container.create_series()(body.plan(), record=current_record())
        return _told(created, HTTPStatus.CREATED)

    @router.patch(
        "/v1/series/<series_id>",
        summary="Edit a series",
        description=(
            "It holds for what comes. A campaign that waits as it was made is cancelled, and made "
            "anew; one that people have changed stays as it is."
        ),
        tags=_TAGS,
        responses=tagged(
            described((HTTPStatus.OK, SeriesBody, "The series"), problems=_CHANGE_PROBLEMS)
        ),
    )
    def edit_series(
        series_id: str, body: SeriesEditBody, if_match: IfMatch = None
    ) -> Response[str]:
        return _told(
            container.edit_series()(
                SeriesId(series_id), body.edited, revisions=revisions_of(if_match)
            )
        )

    def steered(series_id: str, steering: Steering, if_match: str | None) -> Response[str]:
        return _told(
            container.steer_series()(
                SeriesId(series_id),
                steering,
                revisions=revisions_of(if_match),
                tried_at=earlier_try(),
            )
        )

    responses = tagged(
        described((HTTPStatus.OK, SeriesBody, "The series"), problems=_CHANGE_PROBLEMS)
    )

    @router.post(
        "/v1/series/<series_id>/pause",
        summary="Pause a series",
        description=(
            "Nothing comes until it is resumed, nor is it made up for. A campaign that waits as it "
            "was made is cancelled; one that people have changed is paused."
        ),
        tags=_TAGS,
        responses=responses,
    )
    def pause_series(series_id: str, if_match: IfMatch = None) -> Response[str]:
        return steered(series_id, Steering.PAUSE, if_match)

    @router.post(
        "/v1/series/<series_id>/resume",
        summary="Resume a paused series",
        description="It goes on with the next occurrence from now on.",
        tags=_TAGS,
        responses=responses,
    )
    def resume_series(series_id: str, if_match: IfMatch = None) -> Response[str]:
        return steered(series_id, Steering.RESUME, if_match)

    @router.post(
        "/v1/series/<series_id>/end",
        summary="End a series",
        description="As pausing it, for good. What it was is still told.",
        tags=_TAGS,
        responses=responses,
    )
    def end_series(series_id: str, if_match: IfMatch = None) -> Response[str]:
        return steered(series_id, Steering.END, if_match)

    return router
