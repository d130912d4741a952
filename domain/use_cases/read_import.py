"""Read an import, and have a URL for its file."""

from dataclasses import dataclass
from datetime import timedelta

from domain.contact_import import ContactImport
from domain.errors import NotFound
from domain.identifiers import JobId
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore, SignedUrl

UPLOAD = timedelta(hours=1)
"""How long a URL is good for; an upload that has begun by then may take longer."""


@dataclass(frozen=True)
class ImportRead:
    """An import with a URL to PUT its file to, while it takes one."""

    contact_import: ContactImport
    upload: SignedUrl | None

    @classmethod
    def of(cls, contact_import: ContactImport, object_store: ObjectStore) -> "ImportRead":
        """With a URL of its own. Raises DependencyFault."""
        if not contact_import.takes_file:
            return cls(contact_import, None)
        return cls(contact_import, object_store.sign_upload(contact_import.upload_name, UPLOAD))


@dataclass(frozen=True, kw_only=True)
class ReadImport:
    """Each read gives another URL."""

    jobs: JobRepository
    object_store: ObjectStore

    def __call__(self, job_id: JobId) -> ImportRead:
        """Raises NotFound and DependencyFault."""
        return ImportRead.of(stored_import(self.jobs, job_id), self.object_store)


def stored_import(jobs: JobRepository, job_id: JobId) -> ContactImport:
    """Raises NotFound, also where it is another kind of job, and DependencyFault."""
    job = jobs.get(job_id)
    if not isinstance(job, ContactImport):
        raise NotFound("import", job_id)
    return job
