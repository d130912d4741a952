"""The route that settles unknown outcomes: one of those that can set a campaign going."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from domain.errors import InvalidInput
from domain.identifiers import CampaignId, ContactId
from domain.use_cases.settle_unknown import MAX_CONTACTS, UnknownAction
from entrypoints.containers.settling import Settling
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.models import Answer, Reference, Request, shown_by


class SettleRequestBody(Request):
    """What to do with those of unknown outcome: all, from `cursor` on, or some."""

    model_config = shown_by(
        {"action": "give_up"},
        {"action": "resend", "contact_ids": ["con_01M889FD1DR9BPG5C28WTPF9HV"]},
        {"action": "resend", "cursor": "MC4xMi4w"},
    )

    action: Annotated[
        UnknownAction,
        Field(
            # A name in JSON: strict mode would ask for the enum itself.
            strict=False,
            description=(
                "`resend`: mail them once more, at the risk of a second mail; `give_up`: count "
                "them as failed."
            ),
        ),
    ]
    contact_ids: Annotated[
        list[Reference] | None,
        Field(min_length=1, max_length=MAX_CONTACTS, description="Only these; all if left out."),
    ] = None
    cursor: Annotated[
        str | None, Field(max_length=512, description="The next_cursor of the answer before.")
    ] = None


class SettledBody(Answer):
    """How many were settled now, and how many stay unknown, since they were re-sent before.

    With a `next_cursor` there may be more: send it with the same action.
    """

    model_config = shown_by(
        {"settled": 2, "left": 1, "next_cursor": None},
    )

    settled: int
    left: int
    next_cursor: str | None


def settling_routes(container: Settling) -> APIGatewayHttpRouter:
    """Settle."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/campaigns/<campaign_id>/unknown",
        summary="Settle unknown outcomes by hand",
        description=(
            "Nobody is re-sent twice. A re-send takes a campaign that is sending, paused or sent; "
            "one that is sent goes on sending until it is done. Whoever was settled before is "
            "not settled again, so it may be repeated."
        ),
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.OK, SettledBody, "What was settled"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        ),
    )
    def settle_unknown(campaign_id: str, body: SettleRequestBody) -> Response[str]:
        if body.contact_ids is not None and body.cursor is not None:
            raise InvalidInput("cursor", "Not together with contact_ids: leave out one of them.")
        settled = container.settle_unknown()(
            CampaignId(campaign_id),
            body.action,
            contact_ids=None
            if body.contact_ids is None
            else [ContactId(each) for each in body.contact_ids],
            cursor=body.cursor,
        )
        return answer(
            SettledBody(settled=settled.settled, left=settled.left, next_cursor=settled.cursor)
        )

    return router
