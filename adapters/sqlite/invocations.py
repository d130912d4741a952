"""Asynchronous invocations that outlast the process that took them."""

from datetime import timedelta
from typing import TypeVar

from adapters.sqlite.message_queue import QueueAttributes, Received, SqliteMessageQueue
from domain.dead_letter import DeadLetterSource

Work = TypeVar("Work")

_LEASE = timedelta(minutes=1)
"""Of a process at an invocation: once it is over, another one takes it. What is invoked holds a
lease of its own on what it works on, so that a second run beside a long first one does nothing."""
_MAX_RUNS = 3
"""The first and two retries (AWS Lambda Developer Guide, "Asynchronous invocation")."""
_FIRST_RETRY = timedelta(minutes=1)


def invocations_of(name: DeadLetterSource) -> QueueAttributes:
    """What queues of invocations have in common."""
    return QueueAttributes(name, _LEASE, _MAX_RUNS)


class SqliteInvocations(SqliteMessageQueue[Work]):
    """What pumps of any number of processes run: each `take` ends with `done` or `failed`.

    One of a process that died is taken again by another, or by the next one to run. Every method
    raises DependencyFault.
    """

    def take(self, wait: timedelta) -> Received[Work] | None:
        """The longest waiting invocation; None if none came within `wait`."""
        return next(iter(self.receive(1, wait)), None)

    def done(self, invocation: Received[Work]) -> None:
        """It is not run again."""
        self.acknowledge([invocation.receipt])

    def failed(self, invocation: Received[Work], error: str) -> None:
        """It runs again a minute later, then two; after that it is a dead letter with `error`."""
        retries = invocation.message.receives - 1
        self.fail(invocation, error, _FIRST_RETRY * 2**retries)
