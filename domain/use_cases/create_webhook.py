"""Create an endpoint that is told of events."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.idempotency import IdempotencyRecord
from domain.identifiers import WebhookId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.webhooks import WebhookRepository
from domain.use_cases.unanswered_add import add_even_unanswered
from domain.webhook import MAX_WEBHOOKS, WebhookEndpoint, checked_description, checked_events
from domain.webhook_event import WebhookEvent
from domain.webhook_url import parsed_url


@dataclass(frozen=True, kw_only=True)
class CreateWebhook:
    """Nothing is sent to it: a test does that."""

    webhooks: WebhookRepository
    clock: Clock
    ids: Ids
    allow_private: bool

    def __call__(
        self,
        *,
        url: str,
        events: Sequence[WebhookEvent],
        description: str = "",
        record: IdempotencyRecord | None = None,
    ) -> WebhookEndpoint:
        """With a `record` it is the same at every try, and one that is there is the answer.

        Raises InvalidInput and DependencyFault.
        """
        parsed_url(url, allow_private=self.allow_private)
        fresh_id = self.ids.webhook_id()
        endpoint = WebhookEndpoint(
            webhook_id=fresh_id if record is None else WebhookId(record.named(fresh_id)),
            url=url,
            events=checked_events(events),
            description=checked_description(description),
            created_at=self.clock.now(),
        )
        stored = self.webhooks.all()
        if record is not None and record.is_repeat:
            for each in stored:
                if each.webhook_id == endpoint.webhook_id:
                    return each
        if len(stored) >= MAX_WEBHOOKS:
            raise InvalidInput("url", f"There are {MAX_WEBHOOKS} webhooks; delete one first.")
        add_even_unanswered(
            lambda: self.webhooks.add(endpoint),
            lambda: self.webhooks.get(endpoint.webhook_id) is not None,
        )
        return endpoint
