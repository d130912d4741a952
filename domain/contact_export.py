"""Exports: contacts as a CSV file, written in parts."""

from dataclasses import dataclass

from domain.identifiers import SegmentId
from domain.job import Job


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
    cursor: str | None = None
    rows: int = 0
    writing_id: str | None = None
    part_tags: tuple[str, ...] = ()

    @property
    def object_name(self) -> str:
        """What its file is called in object storage."""
        return f"exports/{self.job_id}/contacts.csv"
