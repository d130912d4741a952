"""Routes that find a person everywhere: history, export, erasure."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.identifiers import ContactId
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import answer, described
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.person_models import (
    ContactExportBody,
    DeliveryBody,
    DeliveryListBody,
    ErasureBody,
)

_SECONDS_TO_THE_NEXT_TRY = "5"


def person_routes(container: Serving) -> APIGatewayHttpRouter:
    """List deliveries, export, erase."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/v1/contacts/<contact_id>/deliveries",
        summary="List the mails of a contact",
        description=(
            "Of so many campaigns as `limit` says, newest first, as far as they are kept: a page "
            "may hold few or none and still have a next_cursor."
        ),
        tags=["contacts"],
        responses=described(
            (HTTPStatus.OK, DeliveryListBody, "A page"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def list_deliveries(contact_id: str, limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
        page = container.list_deliveries()(ContactId(contact_id), limit, cursor)
        return answer(
            DeliveryListBody(
                items=[DeliveryBody.of(each) for each in page.deliveries], next_cursor=page.cursor
            )
        )

    @router.get(
        "/v1/contacts/<contact_id>/export",
        summary="Export everything that is held about a person",
        description="With a next_cursor there may be more deliveries; the rest comes each time.",
        tags=["contacts"],
        responses=described(
            (HTTPStatus.OK, ContactExportBody, "What is held"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def export_contact(contact_id: str, cursor: Cursor = None) -> Response[str]:
        export = container.export_contact()(ContactId(contact_id), cursor)
        return answer(ContactExportBody.of(export))

    @router.delete(
        "/v1/contacts/<contact_id>",
        summary="Erase a person everywhere",
        description=(
            "The contact is gone at once, and gets no more mail. Where the rest takes longer, or a "
            "mail is under way, the answer is 202, and what is left is done within minutes, or at "
            "once when the request is sent again. What holds mail back from the address stays, "
            "without the address."
        ),
        tags=["contacts"],
        responses={
            **described(
                (HTTPStatus.ACCEPTED, ErasureBody, "Not done yet: it goes on"),
                problems=(HTTPStatus.NOT_FOUND,),
            ),
            HTTPStatus.NO_CONTENT: {"description": "Nothing is left"},
        },
    )
    def erase_contact(contact_id: str) -> Response[str]:
        if container.erase_contact()(ContactId(contact_id)):
            return Response(status_code=HTTPStatus.NO_CONTENT, body="")
        under_way = answer(ErasureBody.of(ContactId(contact_id)), HTTPStatus.ACCEPTED)
        under_way.headers["Retry-After"] = _SECONDS_TO_THE_NEXT_TRY
        return under_way

    return router
