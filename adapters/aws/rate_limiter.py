"""The rate limit in DynamoDB: shared by the workers of one account."""

from datetime import datetime, timedelta

from adapters.aws.keys import GRANTS_KEY
from adapters.aws.table import SCHEMA, Item, StoredConflict, Table, put_new, put_version
from adapters.aws.times import text_to_time, time_to_text
from domain.grants import WINDOW, Grant, GrantLog

_ATTEMPTS = 20
"""Lost races in a row, each won by another worker; then the chunk waits its turn elsewhere."""


class DynamoDBRateLimiter:
    """Implements `domain.ports.rate_limiter.RateLimiter` by one small record.

    A worker remembers the log as it last saw it and writes at once; a lost race gives the stored
    log back in the same answer, so that it costs no read.
    """

    def __init__(self, table: Table, limit: int) -> None:
        """`limit` messages a second."""
        self._table = table
        self._limit = limit
        self._seen = (GrantLog(), 0)

    @property
    def limit(self) -> int:
        """Messages a second."""
        return self._limit

    def request(self, messages: int, now: datetime, patience: timedelta) -> Grant | timedelta:
        """By the sliding log, written by version."""
        log, version = self._seen
        for attempt in range(_ATTEMPTS):
            grant = log.next_grant(messages, now, self._limit)
            if grant.at - now > patience:
                current = self._read()
                if current != (log, version):
                    log, version = current
                    continue
                return grant.at - now
            granted = log.with_grant(grant, now)
            item = _grants_to_item(granted, version + 1)
            try:
                self._table.put(put_version(item, version) if version else put_new(item))
            except StoredConflict as conflict:
                log, version = _item_to_grants(conflict.stored)
                # The time it took is gone: a grant in the past would be void when it is used.
                now = max(now, self._table.back_off(attempt))
                continue
            self._seen = (granted, version + 1)
            return grant
        return WINDOW

    def slow_down(self, now: datetime) -> None:
        """Not yet."""

    def _read(self) -> tuple[GrantLog, int]:
        return _item_to_grants(self._table.get(GRANTS_KEY))


def _grants_to_item(log: GrantLog, version: int) -> Item:
    """The grants' record."""
    return {
        "pk": GRANTS_KEY[0],
        "sk": GRANTS_KEY[1],
        "schema": SCHEMA,
        "version": version,
        "grants": [[time_to_text(grant.at), grant.messages] for grant in log.grants],
    }


def _item_to_grants(item: Item | None) -> tuple[GrantLog, int]:
    """The log and its version; an empty log of version 0 where there is no record."""
    if item is None:
        return GrantLog(), 0
    grants = tuple(Grant(text_to_time(at), int(messages)) for at, messages in item["grants"])
    return GrantLog(grants), int(item["version"])
