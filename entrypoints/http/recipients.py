"""The route that lists a campaign's recipients."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.identifiers import CampaignId, ContactId
from domain.recipient import RecipientState
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import answer, described
from entrypoints.http.paging import NAMED, Cursor, Limit
from entrypoints.http.recipient_models import RecipientBody, RecipientListBody


def recipient_routes(container: Serving) -> APIGatewayHttpRouter:
    """List."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/campaigns/<campaign_id>/recipients",
        summary="List who got it, who did not, and why",
        description=(
            "Everybody fanned out so far, for as long as that is kept. Only so much is gone "
            "through for one page: it may hold few or none and still have a next_cursor."
        ),
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.OK, RecipientListBody, "A page"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def list_recipients(
        campaign_id: str,
        state: Annotated[RecipientState | None, Query(description="Only those in it.")] = None,
        contact_id: Annotated[
            str | None,
            Query(pattern=NAMED, description="Only this contact."),
        ] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response[str]:
        page = container.list_recipients()(
            CampaignId(campaign_id),
            state=state,
            contact_id=None if contact_id is None else ContactId(contact_id),
            limit=limit,
            cursor=cursor,
        )
        return answer(
            RecipientListBody(
                items=[RecipientBody.of(*each) for each in page.lines], next_cursor=page.cursor
            )
        )

    return router
