"""Tokens that only Sentinel can make: what each link of a mail proves itself by."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_TOKEN_CHARACTERS = 512
"""Twice what a token takes; a longer one is not even looked at."""

_VERSION = b"\x01"
_MAC_BYTES = 16
"""Half of HMAC-SHA-256, as short as RFC 2104, section 5, lets it be: the link stays short."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True)
class SignedTokens:
    """Tokens of one purpose, told from those of any other by its `label`.

    They are signed under a key of their own, derived from the one for addresses
    (docs/decisions/0012-one-secret-two-keys.md).
    """

    address_hash_key: Callable[[], bytes]
    label: bytes

    def signed(self, payload: bytes) -> str:
        """For a link. Raises DependencyFault where the key cannot be had."""
        key = hmac.digest(self.address_hash_key(), self.label, "sha256")
        mac = hmac.digest(key, _VERSION + payload, "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(_VERSION + mac + payload).decode().rstrip("=")

    def payload_of(self, token: str) -> str | None:
        """What `token` was made of; None if Sentinel did not make it. Raises DependencyFault."""
        payload = _claimed_payload(token)
        genuine = hmac.compare_digest(self.signed(payload), token if token.isascii() else "")
        return payload.decode("ascii", "replace") if genuine else None


def _claimed_payload(token: str) -> bytes:
    """What it claims to be for; empty where it cannot be read."""
    if len(token) > MAX_TOKEN_CHARACTERS or not _TOKEN.fullmatch(token):
        return b""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return b""
    return raw[len(_VERSION) + _MAC_BYTES :]
