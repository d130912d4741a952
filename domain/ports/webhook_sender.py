"""What takes webhooks to their receivers."""

from collections.abc import Sequence
from typing import Protocol

from domain.webhook_request import WebhookAnswer, WebhookRequest


class WebhookSender(Protocol):
    """Sends to URLs that others chose, and so to nothing but the public internet.

    A name is resolved once, every address that it has must be a public one
    (`domain.public_address`), and the connection is to one of these. No redirect is followed, and
    of the answer nothing but the status is kept.
    """

    def send(self, requests: Sequence[WebhookRequest]) -> Sequence[WebhookAnswer]:
        """What each was answered, in their order, all within half a minute; some at a time.

        Raises nothing: whatever keeps one from its receiver is its answer. What was not answered
        may have arrived.
        """
        ...
