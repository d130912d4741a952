"""What the local server's signed URLs end in: what they allow, until when, and that it is so."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime

from domain.stored_file import Permission

_MAX_TOKEN_CHARACTERS = 4_096
_TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_MAC_BYTES = 32


@dataclass(frozen=True)
class FileTokens:
    """Tokens by HMAC-SHA-256 (RFC 2104) under one key: whoever has it knows its own."""

    key: bytes

    def token(self, permission: Permission, expires_at: datetime) -> str:
        """For a URL."""
        allowed = [
            permission.method,
            permission.name,
            permission.disposition,
            expires_at.isoformat(),
        ]
        payload = json.dumps(allowed).encode()
        return base64.urlsafe_b64encode(self._mac(payload) + payload).decode().rstrip("=")

    def permission(self, token: str, now: datetime) -> Permission | None:
        """What `token` allows; None where it was not made under this key, or has expired."""
        if len(token) > _MAX_TOKEN_CHARACTERS or not _TOKEN.fullmatch(token):
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except binascii.Error:
            return None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload)):
            return None
        method, name, disposition, expires_at = json.loads(payload)
        if now >= datetime.fromisoformat(expires_at):
            return None
        return Permission(method, name, disposition)

    def _mac(self, payload: bytes) -> bytes:
        return hmac.new(self.key, payload, hashlib.sha256).digest()
