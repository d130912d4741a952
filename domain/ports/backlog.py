"""What waits, of everything."""

from typing import Protocol

from domain.backlog import Backlog


class BacklogReader(Protocol):
    """Looked at from time to time, where no provider tells it of its queues itself."""

    def read(self) -> Backlog:
        """As it is now, at one instant. Raises DependencyFault."""
        ...
