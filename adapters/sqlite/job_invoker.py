"""Asynchronous invocations of run-job in SQLite."""

from typing import cast

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.invocations import SqliteInvocations, invocations_of
from adapters.sqlite.records import decode
from domain.dead_letter import DeadLetterSource
from domain.identifiers import ContactId, JobId
from domain.job_run import ErasureRun, JobRun, Run
from domain.ports.clock import Clock

_RUN = cast("type[Run]", Run)
"""Told apart by the name of what it names."""


def body_to_run(body: str) -> Run:
    """What an invocation carries. Raises UNREADABLE."""
    return decode(body, _RUN)


class SqliteJobInvoker(SqliteInvocations[Run]):
    """Implements `domain.ports.job_invoker.JobInvoker`; pumps take what was accepted."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        """Over a shared database."""
        super().__init__(database, clock, invocations_of(DeadLetterSource.JOB), body_to_run)

    def run(self, job_id: JobId) -> None:
        """Accepted once it is durable."""
        self.put([JobRun(job_id)])

    def erase(self, contact_id: ContactId) -> None:
        """Accepted once it is durable."""
        self.put([ErasureRun(contact_id)])
