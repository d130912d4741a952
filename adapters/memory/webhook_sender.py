"""Webhooks that go nowhere."""

from collections.abc import Callable, Sequence

from domain.webhook_request import Answered, WebhookAnswer, WebhookRequest


def _accepted(_request: WebhookRequest) -> WebhookAnswer:
    return Answered(204)


class MemoryWebhookSender:
    """Implements `domain.ports.webhook_sender.WebhookSender`; `sent` is all that left."""

    def __init__(self, answer: Callable[[WebhookRequest], WebhookAnswer] = _accepted) -> None:
        """Every receiver answers with `answer`."""
        self.answer = answer
        self.sent: list[WebhookRequest] = []

    def send(self, requests: Sequence[WebhookRequest]) -> Sequence[WebhookAnswer]:
        """At once."""
        self.sent.extend(requests)
        return [self.answer(request) for request in requests]
