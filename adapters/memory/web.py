"""Pages of its own."""

from collections.abc import Mapping

from domain.errors import DependencyUnavailable


class MemoryWeb:
    """Implements `domain.ports.web.Web`."""

    def __init__(self, statuses: Mapping[str, int]) -> None:
        """Statuses by URL; nothing answers at any other."""
        self._statuses = dict(statuses)

    def status(self, url: str) -> int:
        """As given."""
        if url not in self._statuses:
            raise DependencyUnavailable("HTTP: ConnectionRefusedError")
        return self._statuses[url]
