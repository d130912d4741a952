"""What webhooks are signed under, and how (Standard Webhooks 1.0.0, "Signature scheme")."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.identifiers import WebhookEventId, WebhookId

PREFIX = "whsec_"

_LABEL = b"sentinel: webhook secrets"


@dataclass(frozen=True)
class WebhookSecrets:
    """The secret of each endpoint and version: made anew whenever it is needed, kept nowhere.

    By a key of its own, derived from the one for addresses
    (docs/decisions/0012-one-secret-two-keys.md). Methods raise DependencyFault where that cannot
    be had.
    """

    address_hash_key: Callable[[], bytes]

    def text(self, webhook_id: WebhookId, version: int) -> str:
        """As a receiver is given it."""
        return PREFIX + base64.b64encode(self._secret(webhook_id, version)).decode()

    def headers(
        self,
        webhook_id: WebhookId,
        versions: Sequence[int],
        event_id: WebhookEventId,
        at: datetime,
        body: str,
    ) -> Mapping[str, str]:
        """Of one attempt, at `at`; signed under each of the secret's `versions`."""
        seconds = int(at.timestamp())
        signed = f"{event_id}.{seconds}.{body}".encode()
        signatures = [
            hmac.new(self._secret(webhook_id, version), signed, hashlib.sha256).digest()
            for version in versions
        ]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(
                f"v1,{base64.b64encode(each).decode()}" for each in signatures
            ),
        }

    def _secret(self, webhook_id: WebhookId, version: int) -> bytes:
        key = hmac.new(self.address_hash_key(), _LABEL, hashlib.sha256).digest()
        return hmac.new(key, f"{webhook_id}/{version}".encode(), hashlib.sha256).digest()
