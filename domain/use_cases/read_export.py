"""Read an export, and have its file for a while."""

from dataclasses import dataclass
from datetime import timedelta

from domain.contact_export import ContactExport
from domain.errors import NotFound
from domain.identifiers import JobId
from domain.job import JobState
from domain.ports.clock import Clock
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore, SignedUrl

DOWNLOAD = timedelta(hours=1)
"""How long a URL is good for: whoever has it has the contacts."""


@dataclass(frozen=True)
class ExportRead:
    """An export with a URL to its file, where it is finished and the file still kept."""

    export: ContactExport
    download: SignedUrl | None

    @property
    def is_gone(self) -> bool:
        """Whether there was a file."""
        return self.export.state is JobState.FINISHED and self.download is None


@dataclass(frozen=True, kw_only=True)
class ReadExport:
    """Each read gives another URL."""

    jobs: JobRepository
    object_store: ObjectStore
    clock: Clock

    def __call__(self, job_id: JobId) -> ExportRead:
        """Raises NotFound and DependencyFault."""
        export = stored_export(self.jobs, job_id)
        left = export.file_left(self.clock.now())
        if not left or self.object_store.size(export.object_name) is None:
            return ExportRead(export, None)
        url = self.object_store.sign_download(
            export.object_name, export.filename, min(left, DOWNLOAD)
        )
        return ExportRead(export, url)


def stored_export(jobs: JobRepository, job_id: JobId) -> ContactExport:
    """Raises NotFound, also where it is another kind of job, and DependencyFault."""
    job = jobs.get(job_id)
    if not isinstance(job, ContactExport):
        raise NotFound("export", job_id)
    return job
