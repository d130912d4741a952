"""Revoke a key of the API."""

from dataclasses import dataclass

from domain.errors import NotFound
from domain.ports.api_keys import ApiKeys


@dataclass(frozen=True, kw_only=True)
class RevokeApiKey:
    """It lets nobody in any more, from a minute later at the latest."""

    api_keys: ApiKeys

    def __call__(self, key_id: str) -> None:
        """Raises NotFound and DependencyFault; then nothing was changed."""
        keys = self.api_keys.all()
        kept = [key for key in keys if key.key_id != key_id]
        if len(kept) == len(keys):
            raise NotFound("API key", key_id)
        self.api_keys.save(kept)
