"""Idempotency keys: a request that is sent again is answered, and not carried out, again."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.errors import InvalidInput

HEADER = "Idempotency-Key"
RETENTION = timedelta(hours=24)
LEASE = timedelta(seconds=45)
"""Longer than a request may take: API Gateway waits for 30 seconds, and no function runs longer."""

KEY_PATTERN = "^[ -~]{1,255}$"
"""What a client may send, as JSON Schema writes it."""

_KEY = re.compile(KEY_PATTERN.strip("^$"))


def checked_key(text: str) -> str:
    """A client's key. Raises InvalidInput naming the header."""
    if not _KEY.fullmatch(text):
        raise InvalidInput(HEADER, "1 to 255 printable ASCII characters, best a random UUID.")
    return text


def key_digest(key: str, scope: Sequence[str]) -> str:
    """What a key is kept under: one client's, for one method and path; SHA-256, in hexadecimal."""
    return hashlib.sha256(json.dumps([*scope, key]).encode()).hexdigest()


def fingerprint_of(query: str, body: bytes) -> str:
    """By which another request under the same key is known; SHA-256, in hexadecimal."""
    return hashlib.sha256(json.dumps(query).encode() + body).hexdigest()


@dataclass(frozen=True)
class KeptAnswer:
    """The first answer to a request, as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, kw_only=True)
class IdempotencyRecord:
    """A request under a key: in progress while its lease lasts, then answered or to be tried again.

    `ulid` names what the request creates, and `began_at` dates it, the same at every try.
    `is_repeat`: an earlier try ended in nobody knows what, and its effect may be there already.
    `is_undone`: the last try certainly did nothing. `version` counts the writes; 0 is not stored.
    """

    digest: str
    fingerprint: str
    ulid: str
    began_at: datetime
    lease_until: datetime
    is_repeat: bool = False
    is_undone: bool = False
    answer: KeptAnswer | None = field(default=None, repr=False)
    version: int = 0

    @classmethod
    def begin(cls, digest: str, fingerprint: str, ulid: str, now: datetime) -> "IdempotencyRecord":
        """The first try."""
        return cls(
            digest=digest,
            fingerprint=fingerprint,
            ulid=ulid,
            began_at=now,
            lease_until=now + LEASE,
        )

    @property
    def expires_at(self) -> datetime:
        """From then on the key is free again."""
        return self.began_at + RETENTION

    @property
    def tried_at(self) -> datetime | None:
        """When an earlier try began whose effect may be there already; None for a first one."""
        return self.began_at if self.is_repeat else None

    def has_expired(self, now: datetime) -> bool:
        """Whether the key is free again; the record may outlast that in the store."""
        return self.expires_at <= now

    def is_held(self, now: datetime) -> bool:
        """Whether somebody is at it."""
        return self.answer is None and now < self.lease_until

    def named(self, fresh_id: str) -> str:
        """`fresh_id` with the ULID of this record: the same at every try."""
        prefix, _, _ = fresh_id.partition("_")
        return f"{prefix}_{self.ulid}"

    def try_again(self, now: datetime) -> "IdempotencyRecord":
        """A try after one that left no answer. Save it: of two who try again one may go on."""
        return replace(
            self,
            began_at=now if self.is_undone else self.began_at,
            lease_until=now + LEASE,
            is_repeat=not self.is_undone,
            is_undone=False,
        )

    def release(self, now: datetime, *, undone: bool) -> "IdempotencyRecord":
        """The end of a try without an answer to keep; the next one need not wait."""
        return replace(self, lease_until=now, is_undone=undone)

    def complete(self, answer: KeptAnswer) -> "IdempotencyRecord":
        """The end of a try whose answer is every later request's."""
        return replace(self, answer=answer)

    def stored(self) -> "IdempotencyRecord":
        """As it is once it has been written."""
        return replace(self, version=self.version + 1)
