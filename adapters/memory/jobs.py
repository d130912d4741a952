"""Imports and exports in memory."""

from dataclasses import replace

from adapters.memory.database import MemoryDatabase
from adapters.memory.paging import page_of
from domain.contact_import import ContactImport
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import JobId
from domain.ports.jobs import AnyJob, JobKind, JobPage, Kind


class MemoryJobRepository:
    """Implements `domain.ports.jobs.JobRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, job: AnyJob) -> None:
        """New ones only."""
        with self._database.lock:
            if job.job_id in self._database.jobs:
                raise AlreadyExists("job", job.job_id)
            self._database.jobs[job.job_id] = job

    def get(self, job_id: JobId) -> AnyJob | None:
        """As last written."""
        return self._database.jobs.get(job_id)

    def save(self, job: Kind) -> Kind:
        """By version."""
        with self._database.lock:
            stored = self._database.jobs.get(job.job_id)
            if stored is None or stored.version != job.version:
                raise VersionConflict(f"job {job.job_id}")
            saved = replace(job, version=job.version + 1)
            self._database.jobs[job.job_id] = saved
            return saved

    def page(self, kind: JobKind, limit: int, cursor: str | None) -> JobPage:
        """Newest first: ids sort by time."""
        with self._database.lock:
            of_kind = [job.job_id for job in self._database.jobs.values() if _kind_of(job) is kind]
            keys, following = page_of(of_kind, limit, cursor, newest_first=True)
            return JobPage(tuple(self._database.jobs[key] for key in keys), following)


def _kind_of(job: AnyJob) -> JobKind:
    return JobKind.IMPORT if isinstance(job, ContactImport) else JobKind.EXPORT
