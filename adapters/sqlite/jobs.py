"""Imports and exports in SQLite."""

from collections.abc import Mapping
from dataclasses import replace

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.paging import AFTER_ALL, check_cursor, page_of
from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import optional_to_column
from domain.contact_export import ContactExport
from domain.contact_import import ContactImport
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import JobId
from domain.ports.jobs import AnyJob, JobKind, JobPage, Kind

_CLASSES: Mapping[JobKind, type[AnyJob]] = {
    JobKind.IMPORT: ContactImport,
    JobKind.EXPORT: ContactExport,
}


class SqliteJobRepository:
    """Implements `domain.ports.jobs.JobRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, job: AnyJob) -> None:
        """New ones only."""
        kind = JobKind.IMPORT if isinstance(job, ContactImport) else JobKind.EXPORT
        with self._database.writing() as connection:
            inserted = connection.execute(
                "INSERT INTO jobs (version, next_check_at, record, job_id, kind)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*_columns(job), kind),
            )
            if inserted.rowcount == 0:
                raise AlreadyExists("job", job.job_id)

    def get(self, job_id: JobId) -> AnyJob | None:
        """As last committed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT kind, record FROM jobs WHERE job_id = ?", (job_id,)
            ).fetchone()
        if row is None:
            return None
        kind, record = row
        return decode(record, _CLASSES[JobKind(kind)])

    def save(self, job: Kind) -> Kind:
        """By version."""
        stored = replace(job, version=job.version + 1)
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE jobs SET version = ?, next_check_at = ?, record = ?"
                " WHERE job_id = ? AND version = ?",
                (*_columns(stored), job.version),
            )
            if updated.rowcount == 0:
                raise VersionConflict(f"job {job.job_id}")
        return stored

    def page(self, kind: JobKind, limit: int, cursor: str | None) -> JobPage:
        """Newest first: ids sort by time."""
        with self._database.reading() as connection:
            check_cursor(connection, "jobs", "job_id", cursor, kind=kind)
            rows = connection.execute(
                "SELECT job_id, record FROM jobs WHERE kind = ? AND job_id < ?"
                " ORDER BY job_id DESC LIMIT ?",
                (kind, cursor or AFTER_ALL, limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return JobPage(tuple(decode(each, _CLASSES[kind]) for each in page), following)


def _columns(job: AnyJob) -> tuple[object, ...]:
    return job.version, optional_to_column(job.next_check_at), encode(job), job.job_id
