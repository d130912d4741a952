"""Deliveries: one event to one endpoint, tried until it is taken or given up."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.identifiers import WebhookEventId, WebhookId
from domain.webhook_event import Occurrence, WebhookEvent

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""What is waited after each failed attempt, as Standard Webhooks proposes: 75 hours in all."""
JITTER = 0.2
"""Of a wait, to either side."""
LONGEST_RETRY_AFTER = timedelta(hours=1)
"""How far a receiver's own Retry-After is followed."""
KEPT = timedelta(days=30)
"""How long a delivery can be looked at and replayed after its last attempt."""


class DeliveryState(StrEnum):
    """Where a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up; a person may replay it."""


@dataclass(frozen=True)
class DeliveryRef:
    """Names a delivery: of one event there is one to each endpoint."""

    webhook_id: WebhookId
    event_id: WebhookEventId


@dataclass(frozen=True, kw_only=True)
class WebhookDelivery:
    """One event to one endpoint. `next_attempt_at` is None where there is none to come.

    `attempts` counts those since it was written or replayed. `status` is what the last one was
    answered with, `error` why it was none, or no good one.
    """

    ref: DeliveryRef
    event: WebhookEvent
    body: str
    occurred_at: datetime
    state: DeliveryState
    next_attempt_at: datetime | None = None
    attempts: int = 0
    last_attempt_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    version: int = 0

    @property
    def expires_at(self) -> datetime:
        """It is kept no longer."""
        times = (self.occurred_at, self.last_attempt_at, self.next_attempt_at)
        return max(each for each in times if each is not None) + KEPT

    @property
    def is_exhausted(self) -> bool:
        """Whether no attempt is left."""
        return self.attempts > len(RETRIES)

    def deliver(self, now: datetime, status: int) -> "WebhookDelivery":
        """The receiver took it."""
        return replace(
            self._attempted(now, status, None),
            state=DeliveryState.DELIVERED,
            next_attempt_at=None,
        )

    def retry(
        self,
        now: datetime,
        *,
        status: int | None,
        error: str,
        fraction: float,
        retry_after: timedelta | None = None,
    ) -> "WebhookDelivery":
        """The receiver did not: again later, or given up after the last of `RETRIES`.

        `fraction`, from 0 to below 1, spreads the retries of those who failed together.
        """
        tried = self._attempted(now, status, error)
        if tried.is_exhausted:
            return replace(tried, state=DeliveryState.FAILED, next_attempt_at=None)
        wait = RETRIES[tried.attempts - 1] * (1 - JITTER + 2 * JITTER * fraction)
        if retry_after is not None:
            wait = max(wait, min(retry_after, LONGEST_RETRY_AFTER))
        return replace(tried, next_attempt_at=now + wait)

    def give_up(self, error: str) -> "WebhookDelivery":
        """Not to be tried, or not any more."""
        return replace(self, state=DeliveryState.FAILED, next_attempt_at=None, error=error)

    def replay(self, now: datetime) -> "WebhookDelivery":
        """From the beginning, at once."""
        return replace(self, state=DeliveryState.PENDING, next_attempt_at=now, attempts=0)

    def _attempted(self, now: datetime, status: int | None, error: str | None) -> "WebhookDelivery":
        return replace(
            self, attempts=self.attempts + 1, last_attempt_at=now, status=status, error=error
        )


def new_delivery(webhook_id: WebhookId, told: Occurrence, now: datetime) -> WebhookDelivery:
    """To be tried at once."""
    return WebhookDelivery(
        ref=DeliveryRef(webhook_id, told.event_id),
        event=told.event,
        body=told.body,
        occurred_at=told.at,
        state=DeliveryState.PENDING,
        next_attempt_at=now,
    )
