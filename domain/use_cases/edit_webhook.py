"""Change an endpoint: where it is, what it is told, whether it is, and its secret."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import NotFound, StaleRevision, VersionConflict
from domain.identifiers import WebhookId
from domain.ports.clock import Clock
from domain.ports.webhooks import WebhookRepository
from domain.webhook import WebhookEndpoint, checked_description, checked_events
from domain.webhook_event import WebhookEvent
from domain.webhook_url import parsed_url

_ATTEMPTS = 5
"""Races lost to deliveries, which note that it fails; people asked for this all the same."""
_BY_A_PERSON = "Disabled by a person."


@dataclass(frozen=True, kw_only=True)
class WebhookEdit:
    """What is to be changed; None leaves it as it is."""

    url: str | None = None
    events: Sequence[WebhookEvent] | None = None
    description: str | None = None
    enabled: bool | None = None

    def __call__(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """The endpoint after it. Raises InvalidInput."""
        changed = endpoint
        if self.url is not None:
            changed = replace(changed, url=self.url)
        if self.events is not None:
            changed = replace(changed, events=checked_events(self.events))
        if self.description is not None:
            changed = replace(changed, description=checked_description(self.description))
        if self.enabled is not None:
            changed = changed.enable() if self.enabled else changed.disable(_BY_A_PERSON)
        return changed


@dataclass(frozen=True, kw_only=True)
class EditWebhook:
    """What waits for it goes where it is then. What changes nothing is no edit."""

    webhooks: WebhookRepository
    allow_private: bool

    def __call__(
        self, webhook_id: WebhookId, edit: WebhookEdit, revisions: Collection[int] | None = None
    ) -> WebhookEndpoint:
        """Only one of `revisions`, if given.

        Raises InvalidInput, NotFound, StaleRevision, VersionConflict and DependencyFault.
        """
        if edit.url is not None:
            parsed_url(edit.url, allow_private=self.allow_private)
        return _change(self.webhooks, webhook_id, edit, revisions)


@dataclass(frozen=True, kw_only=True)
class RotateWebhookSecret:
    """The old secret signs beside the new one for a day (`domain.webhook`)."""

    webhooks: WebhookRepository
    clock: Clock

    def __call__(
        self,
        webhook_id: WebhookId,
        *,
        revisions: Collection[int] | None = None,
        tried_at: datetime | None = None,
    ) -> WebhookEndpoint:
        """`tried_at` is when the same was tried, with nobody knows what effect.

        One that was rotated since then is answered as it is. Raises NotFound, StaleRevision,
        VersionConflict and DependencyFault.
        """
        if tried_at is not None:
            endpoint = self.webhooks.get(webhook_id)
            if endpoint and endpoint.rotated_at and endpoint.rotated_at >= tried_at:
                return endpoint
        return _change(
            self.webhooks,
            webhook_id,
            lambda endpoint: endpoint.rotate(self.clock.now()),
            revisions,
        )


def _change(
    webhooks: WebhookRepository,
    webhook_id: WebhookId,
    change: Callable[[WebhookEndpoint], WebhookEndpoint],
    revisions: Collection[int] | None,
) -> WebhookEndpoint:
    for _ in range(_ATTEMPTS):
        endpoint = webhooks.get(webhook_id)
        if endpoint is None:
            raise NotFound("webhook", webhook_id)
        if revisions is not None and endpoint.revision not in revisions:
            raise StaleRevision("webhook", endpoint.revision)
        changed = change(endpoint)
        if changed == endpoint:
            return endpoint
        try:
            return webhooks.save(changed.edited())
        except VersionConflict:
            continue
    raise VersionConflict("The webhook kept changing.")
