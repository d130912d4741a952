"""Idempotency records in memory."""

from adapters.memory.database import MemoryDatabase
from domain.idempotency import IdempotencyRecord


class MemoryIdempotencyRepository:
    """Implements `domain.ports.idempotency.IdempotencyRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def get(self, digest: str) -> IdempotencyRecord | None:
        """As last written."""
        return self._database.idempotency.get(digest)

    def save(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """By version."""
        return self._database.put_idempotency_record(record)
