"""A DNS of its own."""

from collections.abc import Mapping, Sequence

from domain.errors import DependencyUnavailable


class MemoryDns:
    """Implements `domain.ports.dns.Dns`."""

    def __init__(
        self,
        texts: Mapping[str, Sequence[str]],
        exchanges: Mapping[str, Sequence[str]],
        silent: frozenset[str] = frozenset(),
    ) -> None:
        """Records by name, exchanges in order; nobody answers for those of `silent`."""
        self._texts = {name: tuple(records) for name, records in texts.items()}
        self._exchanges = {name: tuple(hosts) for name, hosts in exchanges.items()}
        self._silent = silent

    def texts(self, name: str) -> tuple[str, ...]:
        """As given."""
        return self._of(self._texts, name)

    def exchanges(self, name: str) -> tuple[str, ...]:
        """As given."""
        return self._of(self._exchanges, name)

    def _of(self, records: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
        if name in self._silent:
            raise DependencyUnavailable("DNS: LifetimeTimeout")
        return records.get(name, ())
