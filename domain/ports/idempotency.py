"""Where idempotency records are kept."""

from typing import Protocol

from domain.idempotency import IdempotencyRecord


class IdempotencyRepository(Protocol):
    """Every method raises DependencyFault. A record is gone some time after it has expired."""

    def get(self, digest: str) -> IdempotencyRecord | None:
        """The record as last written, perhaps an expired one; a strongly consistent read."""
        ...

    def save(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """Write it if the stored version is still `record.version`; returns it, one higher.

        With version 0 it is new, and takes the place of one that has expired by `began_at`.
        Raises IdempotencyKeyInUse, and then nothing was written. A write whose answer was lost
        and that was repeated underneath counts as the success it was.
        """
        ...
