"""Imports and exports in DynamoDB."""

from dataclasses import replace

from adapters.aws.job_records import LISTINGS, item_to_job, job_to_item
from adapters.aws.keys import job_key
from adapters.aws.listing import page_of
from adapters.aws.table import Table, put_new, put_version
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import JobId
from domain.ports.jobs import AnyJob, JobKind, JobPage, Kind


class DynamoDBJobRepository:
    """Implements `domain.ports.jobs.JobRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(self, job: AnyJob) -> None:
        """A conditional PutItem."""
        try:
            self._table.put(put_new(job_to_item(job)))
        except VersionConflict as error:
            raise AlreadyExists("job", job.job_id) from error

    def get(self, job_id: JobId) -> AnyJob | None:
        """A consistent GetItem."""
        item = self._table.get(job_key(job_id))
        return None if item is None else item_to_job(item)

    def save(self, job: Kind) -> Kind:
        """A conditional PutItem."""
        stored = replace(job, version=job.version + 1)
        self._table.put(put_version(job_to_item(stored), job.version))
        return stored

    def page(self, kind: JobKind, limit: int, cursor: str | None) -> JobPage:
        """From the index `listing`."""
        items, following = page_of(
            self._table,
            index="listing",
            attribute="listing",
            value=LISTINGS[kind],
            key_of=lambda listing_id: job_key(JobId(listing_id)),
            limit=limit,
            cursor=cursor,
            newest_first=True,
        )
        return JobPage(tuple(item_to_job(item) for item in items), following)
