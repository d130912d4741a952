"""Exports: contacts as a CSV file, written in parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import InvalidInput
from domain.identifiers import JobId, SegmentId
from domain.job import KEPT, LEASE, Job, JobState
from domain.merge_fields import FIELD_NAME, MAX_FIELDS, RESERVED_FIELD

MAX_FOUND_FIELDS = 200
"""Columns of an export that asks for none by name."""
MAX_EXPORT_PARTS = 5_000
"""Their tags are in one record, which has room for some 10,000."""


@dataclass(frozen=True, kw_only=True)
class ContactExport(Job):
    """One export: of a segment as it was when its step was done, or of all contacts.

    `fields` are the columns asked for; where there are none, all that contacts have are found
    first. `cursor` is the last member key written, or looked at for its fields. `writing_id` and
    `part_tags` are the object under way.
    """

    segment_id: SegmentId | None = None
    fields: tuple[str, ...] = ()
    has_fields: bool = False
    """Whether `fields` is settled."""
    spreadsheet_safe: bool = True
    """Whether text that a spreadsheet would take for a formula is kept from being one."""
    cursor: str | None = None
    rows: int = 0
    writing_id: str | None = None
    part_tags: tuple[str, ...] = ()
    remainder_name: str | None = None
    """The object with the rows up to `cursor` that are in no part yet."""
    is_written: bool = False
    """Whether every row is in a part."""

    @classmethod
    def begin(
        cls,
        job_id: JobId,
        now: datetime,
        *,
        segment_id: SegmentId | None,
        fields: Sequence[str] | None,
        spreadsheet_safe: bool,
    ) -> "ContactExport":
        """To be worked on at once; all fields where they are None. Raises InvalidInput."""
        return cls(
            job_id=job_id,
            created_at=now,
            state=JobState.RUNNING,
            started_at=now,
            next_check_at=now + LEASE,
            segment_id=segment_id,
            fields=() if fields is None else _checked(fields),
            has_fields=fields is not None,
            spreadsheet_safe=spreadsheet_safe,
        )

    @property
    def object_name(self) -> str:
        """What its file is called in object storage."""
        return f"exports/{self.job_id}/contacts.csv"

    @property
    def filename(self) -> str:
        """What a browser saves it as."""
        return f"sentinel-contacts-{self.created_at.date().isoformat()}.csv"

    def next_remainder(self) -> str:
        """A name that no other holder writes, nor was written by this one before."""
        return f"exports/{self.job_id}/remainder-{self.lease_token}-{self.version}.csv"

    def file_left(self, now: datetime) -> timedelta:
        """For how long its file is still kept; nothing where there is none."""
        if self.state is not JobState.FINISHED or self.ended_at is None:
            return timedelta()
        return max(timedelta(), self.ended_at + KEPT - now)

    def looked_at(self, names: Iterable[str], cursor: str | None) -> "ContactExport":
        """These field names were found up to `cursor`; where that is None, they are all."""
        return replace(
            self,
            fields=tuple(sorted({*self.fields, *names})),
            has_fields=cursor is None,
            cursor=cursor,
        )


def _checked(fields: Sequence[str]) -> tuple[str, ...]:
    """Raises InvalidInput."""
    if len(fields) > MAX_FIELDS:
        raise InvalidInput("fields", f"At most {MAX_FIELDS} fields by name.")
    for index, name in enumerate(fields):
        if not FIELD_NAME.fullmatch(name):
            raise InvalidInput(
                f"fields/{index}", "A field name is a letter, then letters, digits or _."
            )
        if name == RESERVED_FIELD:
            raise InvalidInput(f"fields/{index}", "The address is a column of every export.")
        if name in fields[:index]:
            raise InvalidInput(f"fields/{index}", "Named twice; leave one out.")
    return tuple(fields)
