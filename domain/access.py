"""Who may use the API: keys, of which only hashes are kept, and what each is for."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_KEY = re.compile(r"snt_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")


class Scope(StrEnum):
    """What a key is for: reading, writing, approving or exporting one part of the API."""

    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CAMPAIGNS_APPROVE = "campaigns:approve"
    """Letting out what awaits approval, and nothing else."""
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    AUDIENCE_READ = "audience:read"
    AUDIENCE_WRITE = "audience:write"
    AUDIENCE_EXPORT = "audience:export"
    """All contacts in one file."""
    WEBHOOKS_READ = "webhooks:read"
    """URLs among the rest, which may hold secrets of their receivers."""
    WEBHOOKS_WRITE = "webhooks:write"
    """Whoever has it learns of every campaign, at a place of their choice."""
    OPERATIONS_READ = "operations:read"
    """What the deployment gave up."""
    OPERATIONS_WRITE = "operations:write"
    """Having it done after all, or throwing it away."""


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept: `digest` is of the secret, which only its client has.

    `key_id` may be logged. Without `expires_at` it is good until it is revoked.
    """

    key_id: str
    digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        """Whether it is no longer good."""
        return self.expires_at is not None and self.expires_at <= now


def key_text(key_id: str, secret: str) -> str:
    """A key as its client holds it: 8 characters of id, 43 of secret."""
    text = f"snt_{key_id}_{secret}"
    if not _KEY.fullmatch(text):
        raise ValueError("An id is 8 lower-case letters and digits, a secret 43 of base64url.")
    return text


def digest_of(secret: str) -> str:
    """SHA-256, in hexadecimal.

    A password would need a slow hash, for people choose what can be guessed; a secret of 256
    random bits cannot be.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def presented_key(keys: Sequence[ApiKey], text: str, now: datetime) -> ApiKey | None:
    """The key of `keys` that `text` is; None where it is none, or one that has expired."""
    parts = _KEY.fullmatch(text)
    if parts is None:
        return None
    key_id, secret = parts.groups()
    for key in keys:
        if key.key_id == key_id and hmac.compare_digest(key.digest, digest_of(secret)):
            return None if key.has_expired(now) else key
    return None
