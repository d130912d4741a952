"""The rate limit in DynamoDB: shared by the workers of one account."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.aws.keys import GRANTS_KEY
from adapters.aws.table import SCHEMA, Item, StoredConflict, Table, put_after
from adapters.aws.times import text_to_time, time_to_text
from domain.errors import DependencyRefused
from domain.grants import WINDOW, Demand, Grant, GrantLog, Slowdown
from domain.priority import Priority

logger = logging.getLogger(__name__)

_ATTEMPTS = 20
"""Lost races in a row, each won by another worker; then the chunk waits its turn elsewhere."""


class DynamoDBRateLimiter:
    """Implements `domain.ports.rate_limiter.RateLimiter` by one small record.

    A worker remembers the log as it last saw it and writes at once; a lost race gives the stored
    log back in the same answer, so that it costs no read.
    """

    def __init__(self, table: Table, limit: int | Callable[[], int]) -> None:
        """`limit` messages a second, or who tells it."""
        self._table = table
        self._limit = limit
        self._seen = (GrantLog(), 0)

    @property
    def limit(self) -> int:
        """Messages a second."""
        return self._limit() if callable(self._limit) else self._limit

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """By the sliding log, written by version."""
        limit = self.limit
        log, version = self._seen
        for attempt in range(_ATTEMPTS):
            after, answer = log.request(messages, now, patience, limit, priority)
            if after is log:
                self._seen = self._read()
                if self._seen == (log, version):
                    return answer
                log, version = self._seen
                continue
            lost_to = self._write(after, version)
            if lost_to is None:
                return answer
            log, version = lost_to
            # The time it took is gone: a grant in the past would be void when it is used.
            now = max(now, self._table.back_off(attempt))
        return WINDOW

    def slow_down(self, now: datetime) -> None:
        """In the log, once for all workers that are throttled at once."""
        limit = self.limit
        log, version = self._seen
        for attempt in range(_ATTEMPTS):
            slowed = log.slowed_down(now, limit)
            if slowed is log:
                self._seen = (log, version)
                return
            lost_to = self._write(slowed, version)
            if lost_to is None:
                pace = slowed.pace(now, limit)
                logger.warning("Throttled: slowed to %d of %d a second", pace, limit)
                return
            log, version = lost_to
            now = max(now, self._table.back_off(attempt))
        raise DependencyRefused("The grants kept changing and could not be slowed down.")

    def _write(self, log: GrantLog, version: int) -> tuple[GrantLog, int] | None:
        """The log in place of that of `version`; after a lost race, what is stored instead."""
        item = _grants_to_item(log, version + 1)
        try:
            self._table.put(put_after(item, version))
        except StoredConflict as conflict:
            return _item_to_grants(conflict.stored)
        self._seen = (log, version + 1)
        return None

    def _read(self) -> tuple[GrantLog, int]:
        return _item_to_grants(self._table.get(GRANTS_KEY))


def _grants_to_item(log: GrantLog, version: int) -> Item:
    """The grants' record.

    Each grant is written as it was before there were lanes: workers of then, in place while a stack
    is updated or back after a roll-back, could read no other, and would send nothing. They write
    the record without the lanes.
    """
    item: Item = {
        "pk": GRANTS_KEY[0],
        "sk": GRANTS_KEY[1],
        "schema": SCHEMA,
        "version": version,
        "grants": [[time_to_text(grant.at), grant.messages] for grant in log.grants],
        "lanes": [
            [place, grant.priority.value]
            for place, grant in enumerate(log.grants)
            if grant.priority is not Priority.NORMAL
        ],
        "demands": [
            [each.priority.value, each.messages, time_to_text(each.at)] for each in log.demands
        ],
    }
    if log.slowdown is not None:
        item["slowdown"] = [
            time_to_text(log.slowdown.at),
            log.slowdown.pace,
            time_to_text(log.slowdown.same_until),
        ]
    return item


def _item_to_grants(item: Item | None) -> tuple[GrantLog, int]:
    """The log and its version; an empty log of version 0 where there is no record."""
    if item is None:
        return GrantLog(), 0
    lanes = {int(place): lane for place, *lane in item.get("lanes", [])}
    grants = tuple(
        # For a while each entry named its own lane.
        Grant(text_to_time(at), int(messages), *map(Priority, own or lanes.get(place, ())))
        for place, (at, messages, *own) in enumerate(item["grants"])
    )
    demands = tuple(
        Demand(Priority(lane), int(messages), text_to_time(at))
        for lane, messages, at in item.get("demands", [])
    )
    slowdown = item.get("slowdown")
    if slowdown is not None:
        at, pace, same_until = slowdown
        slowdown = Slowdown(text_to_time(at), int(pace), text_to_time(same_until))
    return GrantLog(grants, slowdown, demands), int(item["version"])
