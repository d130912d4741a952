"""What run-job is invoked for."""

from dataclasses import dataclass

from domain.identifiers import ContactId, JobId


@dataclass(frozen=True)
class JobRun:
    """That an import or an export begins, or goes on."""

    job_id: JobId


@dataclass(frozen=True)
class ErasureRun:
    """That an erasure which broke off goes on."""

    contact_id: ContactId


Run = JobRun | ErasureRun
