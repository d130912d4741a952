"""Where the suppression list is kept."""

from collections.abc import Collection, Mapping
from typing import Protocol

from domain.suppression import Suppression


class SuppressionRepository(Protocol):
    """Addresses never to be mailed. `ChunkRepository.permission` reads them for a send."""

    def add(self, suppression: Suppression) -> None:
        """Suppress an address from now on; the first reason stays. Raises DependencyFault."""
        ...

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """The suppressed ones of these normalised addresses; strongly consistent.

        Raises DependencyFault.
        """
        ...
