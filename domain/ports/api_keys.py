"""The keys of the API."""

from collections.abc import Sequence
from typing import Protocol

from domain.access import ApiKey


class ApiKeys(Protocol):
    """All keys of a deployment: a few, read at each request and seldom written."""

    def all(self) -> Sequence[ApiKey]:
        """Those that stand; what was written elsewhere is seen within a minute.

        Where the store does not answer, those last read may be given for ten minutes more. Raises
        DependencyFault: then nobody is let in.
        """
        ...

    def save(self, keys: Sequence[ApiKey]) -> None:
        """These in place of all that stood. The last writer wins: one person at a time.

        Raises DependencyFault.
        """
        ...
