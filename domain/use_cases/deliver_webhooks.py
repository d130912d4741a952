"""Deliver what endpoints are to be told."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from domain.errors import VersionConflict
from domain.identifiers import WebhookId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.metrics import Metrics
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhook_sender import WebhookSender
from domain.ports.webhooks import WebhookRepository
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery
from domain.webhook_request import Answered, NotAnswered, WebhookAnswer, WebhookRequest
from domain.webhook_secret import WebhookSecrets

logger = logging.getLogger(__name__)

AN_ENDPOINT_AT_ONCE = 10
_GIVEN_UP_AT_ONCE = 100
DISABLED_AFTER = timedelta(days=3)
"""An endpoint that took nothing for so long, and of which one is given up, is told no more."""
_ATTEMPTS = 3
"""Races lost to people who change the endpoint."""
_GONE = "It answered 410 (Gone): it wants no more. Enable it once it does."


@dataclass(frozen=True, kw_only=True)
class DeliverWebhooks:
    """An attempt that nobody wrote down is made again: a receiver knows it by its id.

    An endpoint that fails is left alone until the next time, so that no other waits for it; and
    one that has been failing is tried with one delivery at first.
    """

    webhooks: WebhookRepository
    deliveries: WebhookDeliveryRepository
    sender: WebhookSender
    secrets: WebhookSecrets
    clock: Clock
    ids: Ids
    metrics: Metrics

    def __call__(self, time_left: timedelta | None = None) -> int:
        """All that is due, as far as the time goes; returns how many attempts were made.

        Raises DependencyFault.
        """
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        attempts = 0
        left_alone: set[WebhookId] = set()
        while deadline is None or self.clock.monotonic() < deadline:
            endpoints = {
                each.webhook_id: each
                for each in self.webhooks.all()
                if each.webhook_id not in left_alone
            }
            batch = [each for endpoint in endpoints.values() for each in self._due(endpoint)]
            if not batch:
                return attempts
            attempts += len(batch)
            now = self.clock.now()
            answers = self.sender.send(
                [self._request(endpoints[each.ref.webhook_id], each, now) for each in batch]
            )
            left_alone |= self._note(endpoints, batch, answers)
        return attempts

    def _due(self, endpoint: WebhookEndpoint) -> Sequence[WebhookDelivery]:
        now = self.clock.now()
        if not endpoint.is_enabled:
            self._give_up(endpoint, now)
            return ()
        limit = 1 if endpoint.failing_since is not None else AN_ENDPOINT_AT_ONCE
        return self._read(endpoint.webhook_id, now, limit)

    def _give_up(self, endpoint: WebhookEndpoint, now: datetime) -> None:
        """What was to go to an endpoint that is disabled by now."""
        for delivery in self._read(endpoint.webhook_id, now, _GIVEN_UP_AT_ONCE):
            self._save(delivery.give_up("The webhook was disabled."))

    def _read(self, webhook_id: WebhookId, now: datetime, limit: int) -> Sequence[WebhookDelivery]:
        """The index lags: as they are stored, without those that are not due any more."""
        found = [
            self.deliveries.get(DeliveryRef(webhook_id, event_id))
            for event_id in self.deliveries.due(webhook_id, now, limit)
        ]
        return [
            each
            for each in found
            if each is not None and each.next_attempt_at is not None and each.next_attempt_at <= now
        ]

    def _request(
        self, endpoint: WebhookEndpoint, delivery: WebhookDelivery, now: datetime
    ) -> WebhookRequest:
        headers = self.secrets.headers(
            endpoint.webhook_id,
            endpoint.secret_versions(now),
            delivery.ref.event_id,
            now,
            delivery.body,
        )
        return WebhookRequest(endpoint.url, headers, delivery.body.encode())

    def _note(
        self,
        endpoints: dict[WebhookId, WebhookEndpoint],
        batch: Sequence[WebhookDelivery],
        answers: Sequence[WebhookAnswer],
    ) -> set[WebhookId]:
        """Write down what became of each; returns the endpoints that failed."""
        failed: set[WebhookId] = set()
        succeeded: set[WebhookId] = set()
        for delivery, answer in zip(batch, answers, strict=True):
            webhook_id = delivery.ref.webhook_id
            now = self.clock.now()
            if isinstance(answer, Answered) and answer.is_success:
                succeeded.add(webhook_id)
                self._save(delivery.deliver(now, answer.status))
                continue
            failed.add(webhook_id)
            tried = self._retried(delivery, answer, now)
            if self._save(tried) and tried.state is DeliveryState.FAILED:
                self._report(tried)
            if isinstance(answer, Answered) and answer.is_gone:
                self._change(webhook_id, _disabled_as_gone)
            elif tried.state is DeliveryState.FAILED:
                self._change(webhook_id, partial(_disabled_if_dead, given_up=tried))
        for webhook_id in failed - succeeded:
            if endpoints[webhook_id].failing_since is None:
                self._change(webhook_id, lambda each: each.failing(self.clock.now()))
        for webhook_id in succeeded:
            if endpoints[webhook_id].failing_since is not None:
                self._change(webhook_id, WebhookEndpoint.recovered)
        return failed

    def _retried(
        self, delivery: WebhookDelivery, answer: WebhookAnswer, now: datetime
    ) -> WebhookDelivery:
        match answer:
            case Answered(status=status, retry_after=retry_after):
                tried = delivery.retry(
                    now,
                    status=status,
                    error=f"It answered {status}.",
                    fraction=self.ids.fraction(),
                    retry_after=retry_after,
                )
                return tried.give_up("It answered 410.") if answer.is_gone else tried
            case NotAnswered(reason=reason):
                return delivery.retry(now, status=None, error=reason, fraction=self.ids.fraction())

    def _save(self, delivery: WebhookDelivery) -> bool:
        """Whether it was the first to write what became of it."""
        try:
            self.deliveries.save(delivery)
        except VersionConflict:
            # Another attempt at the same, or a replay: what was written first stands.
            return False
        return True

    def _report(self, delivery: WebhookDelivery) -> None:
        # Not the URL: it may hold a secret.
        logger.error(
            "A webhook was given up: %s",
            delivery.error,
            extra={"webhook_id": delivery.ref.webhook_id, "event_id": delivery.ref.event_id},
        )
        self.metrics.webhook_failed(delivery.ref.webhook_id)

    def _change(
        self, webhook_id: WebhookId, change: Callable[[WebhookEndpoint], WebhookEndpoint]
    ) -> None:
        for _ in range(_ATTEMPTS):
            endpoint = self.webhooks.get(webhook_id)
            if endpoint is None or change(endpoint) == endpoint:
                return
            changed = change(endpoint)
            try:
                self.webhooks.save(changed)
            except VersionConflict:
                continue
            if endpoint.is_enabled and not changed.is_enabled:
                logger.error(
                    "A webhook was disabled: %s",
                    changed.disabled_reason,
                    extra={"webhook_id": webhook_id},
                )
            return


def _disabled_as_gone(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return endpoint.disable(_GONE)


def _disabled_if_dead(endpoint: WebhookEndpoint, given_up: WebhookDelivery) -> WebhookEndpoint:
    """Where nothing got through for as long as the delivery that is given up was tried."""
    since = endpoint.failing_since
    if since is None or given_up.last_attempt_at is None:
        return endpoint
    if given_up.last_attempt_at - since < DISABLED_AFTER:
        return endpoint
    return endpoint.disable(
        f"Nothing was delivered since {since:%Y-%m-%dT%H:%M:%SZ}; last: {given_up.error}"
    )
