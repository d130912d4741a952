"""Routes of webhooks."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import NotFound
from domain.identifiers import WebhookEventId, WebhookId
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import DeliveryState
from entrypoints.containers.serving_webhooks import ServingWebhooks
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.idempotency import current_record, earlier_try
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.revisions import IfMatch, revision_tag, revisions_of, tagged
from entrypoints.http.webhook_models import (
    DeliveryBody,
    DeliveryListBody,
    ReplayBody,
    ReplayedBody,
    WebhookBody,
    WebhookEditBody,
    WebhookListBody,
    WebhookRequestBody,
    WebhookWithSecretBody,
)

_TAGS = ["webhooks"]
_NOT_FOUND = (HTTPStatus.NOT_FOUND,)
_CHANGING = (
    *BODY_PROBLEMS,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
)
_SENDING = (*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


def webhook_routes(container: ServingWebhooks) -> APIGatewayHttpRouter:  # noqa: C901  one function a route
    """Create, list, read, edit, delete; what was told, and telling it again."""
    router = APIGatewayHttpRouter()

    def stored(webhook_id: str) -> WebhookEndpoint:
        endpoint: WebhookEndpoint | None = container.family.webhooks().get(WebhookId(webhook_id))
        if endpoint is None:
            raise NotFound("webhook", webhook_id)
        return endpoint

    def secretly(endpoint: WebhookEndpoint, status: HTTPStatus) -> Response[str]:
        secret = container.webhook_secrets().text(endpoint.webhook_id, endpoint.secret_version)
        told = answer(
            WebhookWithSecretBody.with_secret(endpoint, secret),
            status,
            location=(
                f"/v1/webhooks/{endpoint.webhook_id}" if status is HTTPStatus.CREATED else None
            ),
            etag=revision_tag(endpoint.revision),
        )
        told.headers["Cache-Control"] = "no-store"
        return told

    @router.post(
        "/v1/webhooks",
        summary="Have a URL told of events",
        description=(
            "Each event is a POST, signed as Standard Webhooks has it (docs/webhooks.md). The "
            "secret is in this answer, and in no other but that to a rotation."
        ),
        tags=_TAGS,
        responses=tagged(
            described(
                (HTTPStatus.CREATED, WebhookWithSecretBody, "The webhook"), problems=BODY_PROBLEMS
            )
        ),
    )
    def create_webhook(body: WebhookRequestBody) -> Response[str]:
        endpoint = container.create_webhook()(
            url=body.url,
            events=body.events,
            description=body.description,
            record=current_record(),
        )
        return secretly(endpoint, HTTPStatus.CREATED)

    @router.get(
        "/v1/webhooks",
        summary="List webhooks",
        description="There are twenty at the most.",
        tags=_TAGS,
        responses=described((HTTPStatus.OK, WebhookListBody, "All of them")),
    )
    def list_webhooks() -> Response[str]:
        return answer(
            WebhookListBody(
                items=[WebhookBody.of(each) for each in container.family.webhooks().all()]
            )
        )

    @router.get(
        "/v1/webhooks/<webhook_id>",
        summary="Read a webhook",
        tags=_TAGS,
        responses=tagged(
            described((HTTPStatus.OK, WebhookBody, "The webhook"), problems=_NOT_FOUND)
        ),
    )
    def read_webhook(webhook_id: str) -> Response[str]:
        endpoint = stored(webhook_id)
        return answer(WebhookBody.of(endpoint), etag=revision_tag(endpoint.revision))

    @router.patch(
        "/v1/webhooks/<webhook_id>",
        summary="Change a webhook, or turn it off and on",
        description=(
            "What waits goes to the new URL. What happens while it is disabled is kept as "
            "`failed`, to be replayed."
        ),
        tags=_TAGS,
        responses=tagged(
            described((HTTPStatus.OK, WebhookBody, "The webhook"), problems=_CHANGING)
        ),
    )
    def edit_webhook(
        webhook_id: str, body: WebhookEditBody, if_match: IfMatch = None
    ) -> Response[str]:
        endpoint = container.edit_webhook()(
            WebhookId(webhook_id), body.edit(), revisions_of(if_match)
        )
        return answer(WebhookBody.of(endpoint), etag=revision_tag(endpoint.revision))

    @router.delete(
        "/v1/webhooks/<webhook_id>",
        summary="Delete a webhook",
        description="What waits for it is not sent any more.",
        tags=_TAGS,
        responses={
            **described(problems=_NOT_FOUND),
            HTTPStatus.NO_CONTENT: {"description": "It is gone"},
        },
    )
    def delete_webhook(webhook_id: str) -> Response[str]:
        if not container.family.webhooks().remove(WebhookId(webhook_id)):
            raise NotFound("webhook", webhook_id)
        return Response(status_code=HTTPStatus.NO_CONTENT, body="")

    @router.post(
        "/v1/webhooks/<webhook_id>/rotate-secret",
        summary="Have another secret",
        description="For 24 hours everything is signed under the old one, too.",
        tags=_TAGS,
        responses=tagged(
            described(
                (HTTPStatus.OK, WebhookWithSecretBody, "The webhook"),
                problems=_CHANGING,
            )
        ),
    )
    def rotate_webhook_secret(webhook_id: str, if_match: IfMatch = None) -> Response[str]:
        endpoint = container.rotate_webhook_secret()(
            WebhookId(webhook_id), revisions=revisions_of(if_match), tried_at=earlier_try()
        )
        return secretly(endpoint, HTTPStatus.OK)

    @router.post(
        "/v1/webhooks/<webhook_id>/test",
        summary="Send a test event",
        description="Within a minute, as every event; read the delivery to see what came of it.",
        tags=_TAGS,
        responses=described((HTTPStatus.ACCEPTED, DeliveryBody, "The delivery"), problems=_SENDING),
    )
    def send_test_webhook(webhook_id: str) -> Response[str]:
        delivery = container.send_test_webhook()(WebhookId(webhook_id), current_record())
        return answer(DeliveryBody.of(delivery), HTTPStatus.ACCEPTED)

    @router.get(
        "/v1/webhooks/<webhook_id>/deliveries",
        summary="List what a webhook was told, newest events first",
        description="Deliveries are kept for 30 days after their last attempt.",
        tags=_TAGS,
        responses=described((HTTPStatus.OK, DeliveryListBody, "A page"), problems=_NOT_FOUND),
    )
    def list_webhook_deliveries(
        webhook_id: str,
        state: Annotated[DeliveryState | None, Query(description="Only those in it.")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response[str]:
        endpoint = stored(webhook_id)
        states = tuple(DeliveryState) if state is None else (state,)
        page = container.family.webhook_deliveries().page(
            endpoint.webhook_id, states, limit, cursor
        )
        return answer(
            DeliveryListBody(
                items=[DeliveryBody.of(each) for each in page.deliveries], next_cursor=page.cursor
            )
        )

    @router.post(
        "/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replay",
        summary="Send one delivery again",
        description="Under the same `webhook-id`, with as many attempts as a new one.",
        tags=_TAGS,
        responses=described((HTTPStatus.ACCEPTED, DeliveryBody, "The delivery"), problems=_SENDING),
    )
    def replay_webhook_delivery(webhook_id: str, delivery_id: str) -> Response[str]:
        delivery = container.replay_webhooks().one(
            WebhookId(webhook_id), WebhookEventId(delivery_id)
        )
        return answer(DeliveryBody.of(delivery), HTTPStatus.ACCEPTED)

    @router.post(
        "/v1/webhooks/<webhook_id>/replay",
        summary="Send all deliveries of a time again",
        description="Under the same `webhook-id`s; what is on its way is left to it.",
        tags=_TAGS,
        responses=described(
            (HTTPStatus.ACCEPTED, ReplayedBody, "They are on their way"), problems=_SENDING
        ),
    )
    def replay_webhook(webhook_id: str, body: ReplayBody, cursor: Cursor = None) -> Response[str]:
        replayed = container.replay_webhooks().since(
            WebhookId(webhook_id),
            body.since,
            body.until,
            states=body.states,
            cursor=cursor,
        )
        return answer(ReplayedBody.of(replayed), HTTPStatus.ACCEPTED)

    return router
