"""Records whose every write is seen."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Observed(dict[K, V]):
    """A dictionary that tells of every write, with what was there before."""

    def __init__(self, written: Callable[[V | None, V], None]) -> None:
        """Empty."""
        super().__init__()
        self._written = written

    def __setitem__(self, key: K, value: V) -> None:
        """Told of before it is there."""
        self._written(self.get(key), value)
        super().__setitem__(key, value)

    def update(self, *others: dict[K, V]) -> None:  # type: ignore[override]
        """One write each."""
        for other in others:
            for key, value in other.items():
                self[key] = value

    def setdefault(self, key: K, default: V) -> V:
        """A write only where nothing was."""
        if key not in self:
            self[key] = default
        return self[key]
