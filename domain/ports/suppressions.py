"""Where the suppression list is kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.identifiers import SuppressionId
from domain.suppression import Suppression, SuppressionEntry


@dataclass(frozen=True)
class SuppressionPage:
    """Entries by id. `cursor` reads on; None when there are no more."""

    entries: tuple[SuppressionEntry, ...]
    cursor: str | None


class SuppressionRepository(Protocol):
    """Addresses not to be mailed. `ChunkRepository.permission` reads them for a send.

    Every method raises DependencyFault and may be repeated.
    """

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """Suppress an address from now on; returns what is on the list then.

        The first stays as it is, with its reason, unless it holds back less than this one. That
        somebody unsubscribed is kept beside any other reason, whichever came first
        (`SuppressionEntry.then`).
        """
        ...

    def entry(self, address: str) -> SuppressionEntry | None:
        """The entry of a normalised address; strongly consistent."""
        ...

    def remove(self, suppression_id: SuppressionId) -> SuppressionEntry | None:
        """Take an entry off the list; returns what it was, None if there was none.

        Where the reader unsubscribed beside its reason, that stays on (`SuppressionEntry.left`).
        """
        ...

    def lift(self, entry: SuppressionEntry) -> bool:
        """Take an entry off if it is still the one that was read; returns whether it is off.

        What took its place meanwhile stays: somebody may have complained.
        """
        ...

    def forget(self, suppression_id: SuppressionId) -> None:
        """Keep of an entry neither address nor note: it holds back what it did, by the hash."""
        ...

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """Entries by id. Raises InvalidInput naming `cursor`."""
        ...

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """The suppressed ones of these normalised addresses; strongly consistent."""
        ...
