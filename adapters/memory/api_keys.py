"""The keys of the API in the process."""

from collections.abc import Sequence

from domain.access import ApiKey


class MemoryApiKeys:
    """Implements `domain.ports.api_keys.ApiKeys`."""

    def __init__(self) -> None:
        """None stand."""
        self._keys: tuple[ApiKey, ...] = ()

    def all(self) -> Sequence[ApiKey]:
        """As they are now."""
        return self._keys

    def save(self, keys: Sequence[ApiKey]) -> None:
        """At once."""
        self._keys = tuple(keys)
