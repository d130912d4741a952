"""Where imports and exports are kept."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from domain.contact_export import ContactExport
from domain.contact_import import ContactImport
from domain.identifiers import JobId

AnyJob = ContactImport | ContactExport
Kind = TypeVar("Kind", bound=AnyJob)


class JobKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True)
class JobPage:
    """Jobs of one kind, newest first. `cursor` reads on; None when there are no more."""

    jobs: tuple[AnyJob, ...]
    cursor: str | None


class JobRepository(Protocol):
    """Every method raises DependencyFault."""

    def add(self, job: AnyJob) -> None:
        """Write a new job. Raises AlreadyExists if the id is taken."""
        ...

    def get(self, job_id: JobId) -> AnyJob | None:
        """The job; strongly consistent."""
        ...

    def save(self, job: Kind) -> Kind:
        """Write the job if the stored version is still `job.version`.

        Returns it as stored, of the next version. Raises VersionConflict, and then nothing was
        written. A write whose answer was lost and that was repeated underneath counts as the
        success it was.
        """
        ...

    def page(self, kind: JobKind, limit: int, cursor: str | None) -> JobPage:
        """Eventually consistent. Raises InvalidInput naming `cursor`."""
        ...
