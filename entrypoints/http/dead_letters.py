"""Routes of dead letters."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.dead_letter import DeadLetterSource
from entrypoints.containers.serving_dead_letters import ServingDeadLetters
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.dead_letter_models import (
    DeadLetterBody,
    DeadLetterListBody,
    DeadLetterReplayBody,
    ReplayedListBody,
)
from entrypoints.http.paging import Limit

_TAGS = ["operations"]


def dead_letter_routes(container: ServingDeadLetters) -> APIGatewayHttpRouter:
    """List, replay, discard."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/dead-letters",
        summary="List what was given up, with what to do",
        description=(
            "The oldest of each source first; none is consumed. There is no cursor. A look takes "
            "a second and more, and sees about a thousand of a source; two at the same time may "
            "each miss what the other one sees."
        ),
        tags=_TAGS,
        responses=described((HTTPStatus.OK, DeadLetterListBody, "The first ones")),
    )
    def list_dead_letters(
        source: Annotated[
            DeadLetterSource | None, Query(description="Only those that it gave up.")
        ] = None,
        limit: Limit = 50,
    ) -> Response[str]:
        return answer(DeadLetterListBody.of(container.explain_dead_letters().first(limit, source)))

    @router.post(
        "/v1/dead-letters/replay",
        summary="Have the work of all dead letters done after all, some at a time",
        description=(
            "As one by one, the oldest of each source first. One that cannot be replayed stays, "
            "and keeps none of the others, unless a service does not answer: that ends it."
        ),
        tags=_TAGS,
        responses=described(
            (HTTPStatus.ACCEPTED, ReplayedListBody, "What became of some of them"),
            problems=(*BODY_PROBLEMS, HTTPStatus.CONFLICT),
        ),
    )
    def replay_dead_letters(body: DeadLetterReplayBody) -> Response[str]:
        replays = container.replay_dead_letters().first(body.source)
        return answer(ReplayedListBody.of(replays), HTTPStatus.ACCEPTED)

    @router.post(
        "/v1/dead-letters/<dead_letter_id>/replay",
        summary="Have the work of a dead letter done after all",
        description=(
            "Its work is asked for once more, then it is gone. Replaying too much mails nobody "
            "twice. One that is not Sentinel's is never replayed (409)."
        ),
        tags=_TAGS,
        responses=described(
            (HTTPStatus.ACCEPTED, DeadLetterBody, "What was asked for"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        ),
    )
    def replay_dead_letter(dead_letter_id: str) -> Response[str]:
        letter = container.replay_dead_letters().one(dead_letter_id)
        return answer(DeadLetterBody.of(letter), HTTPStatus.ACCEPTED)

    @router.delete(
        "/v1/dead-letters/<dead_letter_id>",
        summary="Throw a dead letter away",
        description=(
            "Its work is not concerned: what is to be done stands in the records. What the "
            "provider reported does not: that is better replayed."
        ),
        tags=_TAGS,
        responses={
            **described(problems=(HTTPStatus.NOT_FOUND,)),
            HTTPStatus.NO_CONTENT: {"description": "It is gone"},
        },
    )
    def discard_dead_letter(dead_letter_id: str) -> Response[str]:
        container.discard_dead_letter()(dead_letter_id)
        return Response(status_code=HTTPStatus.NO_CONTENT, body="")

    return router
