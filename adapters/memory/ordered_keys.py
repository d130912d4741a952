"""A dictionary that is read in the order of its keys."""

from collections import UserDict
from collections.abc import Sequence
from typing import TypeVar

Value = TypeVar("Value")


class OrderedByKey(UserDict[str, Value]):
    """Sorts its keys when they are asked for in order, and not again before one comes or goes.

    A segment is read in pages: to sort it for each would take longer the more of them there are.
    """

    _ordered: Sequence[str] | None = None

    def __setitem__(self, key: str, value: Value) -> None:
        """A new key has its place to be found."""
        if key not in self.data:
            self._ordered = None
        self.data[key] = value

    def __delitem__(self, key: str) -> None:
        """Raises KeyError."""
        del self.data[key]
        self._ordered = None

    def in_order(self) -> Sequence[str]:
        """Every key."""
        if self._ordered is None:
            self._ordered = sorted(self.data)
        return self._ordered
