"""Bodies of the routes of webhooks."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.use_cases.edit_webhook import WebhookEdit
from domain.use_cases.replay_webhooks import REPLAYED_AT_ONCE, Replayed
from domain.webhook import MAX_DESCRIPTION_CHARACTERS, WebhookEndpoint
from domain.webhook_delivery import DeliveryState, WebhookDelivery
from domain.webhook_event import CAMPAIGN_EVENTS, WebhookEvent
from domain.webhook_url import MAX_URL_CHARACTERS
from entrypoints.http.models import Answer, Moment, Request, Utc, example_of, shown_by

_URL = "https://hooks.example.com/sentinel"

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_URL_CHARACTERS,
        description="https, port 443 or 8443, of a host on the public internet.",
        examples=[_URL],
    ),
]
Event = Annotated[WebhookEvent, Field(strict=False)]
Events = Annotated[
    list[Event],
    Field(
        min_length=1,
        max_length=len(WebhookEvent),
        description="What to be told of. Outcomes of recipients only where they are named here.",
    ),
]
Description = Annotated[
    str, Field(max_length=MAX_DESCRIPTION_CHARACTERS, description="For people.")
]


class WebhookRequestBody(Request):
    """A new webhook."""

    model_config = shown_by(
        {"url": _URL, "events": ["campaign.sent", "recipient.bounced"], "description": "Ours"}
    )

    url: Url
    events: Annotated[Events, Field(default_factory=lambda: [*CAMPAIGN_EVENTS])]
    description: Description = ""


class WebhookEditBody(Request):
    """What is to be changed of it."""

    model_config = shown_by(
        {"enabled": True},
        {"url": _URL, "events": ["campaign.sent"], "description": "Ours"},
        min_properties=1,
    )

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: Annotated[
        bool | None, Field(description="Whether it is told anything; true turns it on again.")
    ] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise PydanticCustomError(
                "nothing_to_change",
                "Nothing to change: give it a url, events, a description, or enabled",
            )
        return self

    def edit(self) -> WebhookEdit:
        """For the use case."""
        return WebhookEdit(
            url=self.url,
            events=self.events,
            description=self.description,
            enabled=self.enabled,
        )


class WebhookBody(Answer):
    """A webhook, without its secret. `disabled_reason` says why it is told nothing."""

    model_config = shown_by(
        {
            "webhook_id": "whk_01M889FD1DR9BPG5C28WTPF9HV",
            "url": _URL,
            "events": ["campaign.sent", "recipient.bounced"],
            "description": "Ours",
            "enabled": True,
            "disabled_reason": None,
            "failing_since": None,
            "created_at": "2026-11-19T09:00:00Z",
            "rotated_at": None,
        },
    )

    webhook_id: str
    url: str
    events: list[WebhookEvent]
    description: str
    enabled: bool
    disabled_reason: str | None
    failing_since: Utc | None
    created_at: Utc
    rotated_at: Utc | None

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> "WebhookBody":
        """From the entity."""
        return cls(**_told(endpoint))


class WebhookWithSecretBody(WebhookBody):
    """A webhook with its secret, which is shown now and never again: keep it to yourself."""

    model_config = shown_by(
        {
            **example_of(WebhookBody),
            "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        },
    )

    secret: Annotated[str, Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]

    @classmethod
    def with_secret(cls, endpoint: WebhookEndpoint, secret: str) -> "WebhookWithSecretBody":
        """From the entity."""
        return cls(**_told(endpoint), secret=secret)


class WebhookListBody(Answer):
    """All webhooks, the oldest first."""

    model_config = shown_by(
        {"items": [example_of(WebhookBody)]},
    )

    items: list[WebhookBody]


class DeliveryBody(Answer):
    """One event to this webhook. `delivery_id` is the `webhook-id` of each of its attempts."""

    model_config = shown_by(
        {
            "delivery_id": "evt_72a83b59e4c69726193652c9805a6358",
            "event": "webhook.test",
            "occurred_at": "2026-11-19T09:00:00Z",
            "state": "delivered",
            "attempts": 1,
            "last_attempt_at": "2026-11-19T09:00:02Z",
            "next_attempt_at": None,
            "status": 204,
            "error": None,
            "body": '{"type":"webhook.test","timestamp":"2026-11-19T09:00:00.000Z","data":{}}',
        },
    )

    delivery_id: str
    event: WebhookEvent
    occurred_at: Utc
    state: DeliveryState
    attempts: int
    last_attempt_at: Utc | None
    next_attempt_at: Utc | None
    status: Annotated[int | None, Field(description="What the last attempt was answered with.")]
    error: Annotated[str | None, Field(description="Why the last attempt failed.")]
    body: Annotated[str, Field(description="As it is signed and sent.")]

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "DeliveryBody":
        """From the entity."""
        return cls(
            delivery_id=delivery.ref.event_id,
            event=delivery.event,
            occurred_at=delivery.occurred_at,
            state=delivery.state,
            attempts=delivery.attempts,
            last_attempt_at=delivery.last_attempt_at,
            next_attempt_at=delivery.next_attempt_at,
            status=delivery.status,
            error=delivery.error,
            body=delivery.body,
        )


class DeliveryListBody(Answer):
    """A page of deliveries, the newest events first."""

    model_config = shown_by(
        {"items": [example_of(DeliveryBody)], "next_cursor": None},
    )

    items: list[DeliveryBody]
    next_cursor: str | None


class ReplayBody(Request):
    """What to send again: events that occurred from `since`, before `until`."""

    model_config = shown_by(
        {"since": "2026-11-19T09:00:00Z", "until": "2026-11-20T09:00:00Z", "state": "failed"}
    )

    since: Moment
    until: Moment | None = None
    state: Annotated[
        Literal["delivered", "failed"] | None, Field(description="Only those in it; null is both.")
    ] = None

    @property
    def states(self) -> tuple[DeliveryState, ...]:
        """What is on its way is left to it."""
        if self.state is None:
            return (DeliveryState.DELIVERED, DeliveryState.FAILED)
        return (DeliveryState(self.state),)


class ReplayedBody(Answer):
    """How many are on their way again; ask again with `next_cursor` until there is none."""

    model_config = shown_by(
        {"replayed": 12, "next_cursor": None},
    )

    replayed: Annotated[int, Field(description=f"At most {REPLAYED_AT_ONCE} a request.")]
    next_cursor: str | None

    @classmethod
    def of(cls, replayed: Replayed) -> "ReplayedBody":
        """From the use case's answer."""
        return cls(replayed=replayed.count, next_cursor=replayed.cursor)


def _told(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {
        "webhook_id": endpoint.webhook_id,
        "url": endpoint.url,
        "events": list(endpoint.events),
        "description": endpoint.description,
        "enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "created_at": endpoint.created_at,
        "rotated_at": endpoint.rotated_at,
    }
