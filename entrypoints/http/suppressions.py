"""Routes of the suppression list."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.address import normalise_address
from domain.errors import NotFound
from domain.identifiers import SuppressionId
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.idempotency import API_KEY_ID
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.suppression_models import (
    SuppressionBody,
    SuppressionListBody,
    SuppressionLookupBody,
    SuppressionRequestBody,
)


def suppression_routes(container: Serving) -> APIGatewayHttpRouter:
    """List, look up, add, remove: no address is ever in a path, which logs and proxies keep."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/suppressions",
        summary="List who is not mailed, by id",
        tags=["suppressions"],
        responses=described((HTTPStatus.OK, SuppressionListBody, "A page")),
    )
    def list_suppressions(limit: Limit = 50, cursor: Cursor = None) -> Response[str]:
        page = container.family.suppressions().page(limit, cursor)
        return answer(
            SuppressionListBody(
                items=[SuppressionBody.of(each) for each in page.entries], next_cursor=page.cursor
            )
        )

    @router.post(
        "/v1/suppressions",
        summary="Suppress an address",
        description=(
            "From now on, in campaigns that are under way too. What holds back as much already "
            "stays as it is, with its reason: the answer is what is on the list then. Whoever was "
            "suppressed elsewhere brings the reason and the time along."
        ),
        tags=["suppressions"],
        responses=described((HTTPStatus.OK, SuppressionBody, "The entry"), problems=BODY_PROBLEMS),
    )
    def add_suppression(body: SuppressionRequestBody) -> Response[str]:
        entry = container.add_suppression()(
            body.email, body.scope, body.note, body.reason, body.since
        )
        return answer(SuppressionBody.of(entry))

    @router.post(
        "/v1/suppressions/lookup",
        summary="Find the entry of an address",
        tags=["suppressions"],
        responses=described(
            (HTTPStatus.OK, SuppressionBody, "The entry"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND),
        ),
    )
    def look_up_suppression(body: SuppressionLookupBody) -> Response[str]:
        entry = container.family.suppressions().entry(normalise_address(body.email))
        if entry is None:
            raise NotFound("suppression", "of that address")
        return answer(SuppressionBody.of(entry))

    @router.delete(
        "/v1/suppressions/<suppression_id>",
        summary="Take an address off the list",
        description=(
            "It may be mailed again: the log says which API key asked for that. One that has "
            "`unsubscribed` leaves an entry for that: what readers ask for outlasts the rest."
        ),
        tags=["suppressions"],
        responses={
            **described(problems=(HTTPStatus.NOT_FOUND,)),
            HTTPStatus.NO_CONTENT: {"description": "That entry is off the list"},
        },
    )
    def remove_suppression(suppression_id: str) -> Response[str]:
        container.remove_suppression()(
            SuppressionId(suppression_id), router.context.get(API_KEY_ID)
        )
        return Response(status_code=HTTPStatus.NO_CONTENT, body="")

    return router
