"""Where endpoints are kept."""

from collections.abc import Sequence
from typing import Protocol

from domain.identifiers import WebhookId
from domain.webhook import WebhookEndpoint


class WebhookRepository(Protocol):
    """A few endpoints. Reads are strongly consistent. Every method raises DependencyFault."""

    def add(self, endpoint: WebhookEndpoint) -> None:
        """Write a new one. Raises AlreadyExists if the id is taken."""
        ...

    def get(self, webhook_id: WebhookId) -> WebhookEndpoint | None:
        """As last written."""
        ...

    def all(self) -> Sequence[WebhookEndpoint]:
        """Every one, the oldest first."""
        ...

    def save(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """Write it if the stored version is still `endpoint.version`; returns it, one higher.

        Raises VersionConflict, and then nothing was written. A write whose answer was lost and
        that was repeated underneath counts as the success it was.
        """
        ...

    def remove(self, webhook_id: WebhookId) -> bool:
        """Whether there was one."""
        ...
