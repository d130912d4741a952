"""Issue a key for the API."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.access import ApiKey, Scope, digest_of, key_text
from domain.errors import InvalidInput
from domain.ports.api_keys import ApiKeys
from domain.ports.clock import Clock
from domain.ports.ids import Ids


@dataclass(frozen=True, kw_only=True)
class IssueApiKey:
    """Keys that stand stay good: clients move from an old one to a new one without a pause."""

    api_keys: ApiKeys
    clock: Clock
    ids: Ids

    def __call__(
        self, scopes: Collection[Scope], expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """The key as it is kept, and its text, which is told only here.

        Raises InvalidInput where it would be good for nothing, and DependencyFault.
        """
        now = self.clock.now()
        if not scopes:
            raise InvalidInput("scopes", f"At least one of {', '.join(Scope)}.")
        if expires_at is not None and expires_at <= now:
            raise InvalidInput("expires_at", "It is past; give a time that is to come.")
        secret = self.ids.api_key_secret()
        key = ApiKey(self.ids.api_key_id(), digest_of(secret), frozenset(scopes), now, expires_at)
        text = key_text(key.key_id, secret)
        self.api_keys.save([*self.api_keys.all(), key])
        return key, text
