"""Endpoints: who is told of events, and of which."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import IllegalTransition, InvalidInput
from domain.identifiers import WebhookId
from domain.webhook_event import CAMPAIGN_EVENTS, RECIPIENT_EVENTS, WebhookEvent

MAX_WEBHOOKS = 20
MAX_DESCRIPTION_CHARACTERS = 200
OLD_SECRET_LIFETIME = timedelta(hours=24)
"""So long after a rotation everything is signed under the secret before it, too."""

_ORDER = {event: place for place, event in enumerate(WebhookEvent)}


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    """One endpoint.

    `revision` counts what people change, `version` the writes of the record. `failing_since` is
    when the first attempt failed after the last that did not. `disabled_reason` says why it is
    told nothing; None where it is.
    """

    webhook_id: WebhookId
    url: str
    events: tuple[WebhookEvent, ...]
    created_at: datetime
    description: str = ""
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    secret_version: int = 1
    rotated_at: datetime | None = None
    revision: int = 1
    version: int = 0

    @property
    def is_enabled(self) -> bool:
        """Whether it is told anything."""
        return self.disabled_reason is None

    def wants(self, event: WebhookEvent) -> bool:
        """Whether it asked for this; a test is for everybody."""
        return event in self.events or event is WebhookEvent.TEST

    def secret_versions(self, now: datetime) -> tuple[int, ...]:
        """Those to sign under, the present one first."""
        if self.rotated_at is None or now >= self.rotated_at + OLD_SECRET_LIFETIME:
            return (self.secret_version,)
        return (self.secret_version, self.secret_version - 1)

    def check_enabled(self, event: str) -> None:
        """Raises IllegalTransition: `event` would come to nothing."""
        if not self.is_enabled:
            raise IllegalTransition("webhook", "disabled", event)

    def edited(self) -> "WebhookEndpoint":
        """People changed it: its next revision."""
        return replace(self, revision=self.revision + 1)

    def rotate(self, now: datetime) -> "WebhookEndpoint":
        """Another secret from now on."""
        return replace(self, secret_version=self.secret_version + 1, rotated_at=now)

    def enable(self) -> "WebhookEndpoint":
        """Tell it again; whatever it failed with before is forgotten."""
        return replace(self, disabled_reason=None, failing_since=None)

    def disable(self, reason: str) -> "WebhookEndpoint":
        """Tell it nothing; `reason` is for people. The first reason stays."""
        return replace(self, disabled_reason=self.disabled_reason or reason)

    def failing(self, now: datetime) -> "WebhookEndpoint":
        """An attempt failed."""
        return replace(self, failing_since=self.failing_since or now)

    def recovered(self) -> "WebhookEndpoint":
        """An attempt succeeded."""
        return replace(self, failing_since=None)


def checked_events(events: Collection[WebhookEvent]) -> tuple[WebhookEvent, ...]:
    """Each once, in a fixed order. Raises InvalidInput naming `events`."""
    if not events:
        raise InvalidInput("events", "Name one at least; or delete the webhook, or disable it.")
    unknown = set(events).difference(CAMPAIGN_EVENTS, RECIPIENT_EVENTS)
    if unknown:
        raise InvalidInput("events", "webhook.test is sent when it is asked for, to any endpoint.")
    return tuple(sorted(set(events), key=_ORDER.__getitem__))


def checked_description(text: str) -> str:
    """For people. Raises InvalidInput naming `description`."""
    if len(text) > MAX_DESCRIPTION_CHARACTERS or not text.isprintable():
        raise InvalidInput(
            "description", f"One line, at most {MAX_DESCRIPTION_CHARACTERS} characters."
        )
    return text
