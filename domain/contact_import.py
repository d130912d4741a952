"""Imports: contacts from a CSV file, in batches, each applied once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from domain.contact import Consent
from domain.errors import IllegalTransition
from domain.identifiers import SegmentId
from domain.job import Job, JobEvent, JobState

ROWS_A_BATCH = 500
_APPLIED = (
    "Rows of its file may be applied: create another import of the file; they change nothing then."
)
_NAMES_IN_PLANS = {"cp1252": "windows-1252", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What a person asked for.

    `columns` says what becomes of a column, by its header: `email`, `locale`, `time_zone`,
    `consent_source`, `consent_at` or the name of a field; a column that is not in it is left out.
    Where it is empty, every column is taken by its header. `delimiter` and `encoding` are
    found out where they are None. All who are imported are put into the static segment
    `segment_id`, and have `consent` where their row has none.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    segment_id: SegmentId | None = None
    consent: Consent | None = None
    delimiter: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Keep a copy of the columns that nobody can change."""
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))


@dataclass(frozen=True)
class CsvLayout:
    """How a file is written, once that is settled: `header` has its columns' names in order.

    `encoding` is that of a codec.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]

    @property
    def planned_encoding(self) -> str:
        """What a plan calls it."""
        return _NAMES_IN_PLANS.get(self.encoding, self.encoding)


@dataclass(frozen=True)
class CsvPosition:
    """Between two records: bytes before it, and the number of the line that follows, from 1.

    Or within a line that is too long for a row: that line's number, and the rest of it follows.
    """

    offset: int
    line: int
    is_within_line: bool = False


@dataclass(frozen=True, kw_only=True)
class ImportCounts:
    """Data rows by what became of them; in a dry run, would become."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    """A later row of the same batch has the same address: the two were applied as one."""
    refused: int = 0

    @property
    def rows(self) -> int:
        """All rows gone through."""
        return self.created + self.updated + self.unchanged + self.repeated + self.refused


@dataclass(frozen=True)
class RefusedRow:
    """A row that is not imported: its first line, each thing wrong by its column, and itself."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContactImport(Job):
    """One import. `size` is the file's, in bytes; `position` is up to where it is applied.

    `layout` and `position` are None until the file was looked at. The refused rows of the batches
    that have any are in `refused_batches` objects, numbered from 0.
    """

    plan: ImportPlan
    dry_run: bool = False
    size: int | None = None
    layout: CsvLayout | None = None
    position: CsvPosition | None = None
    counts: ImportCounts = ImportCounts()
    refused_batches: int = 0

    @property
    def upload_name(self) -> str:
        """What its file is called in object storage."""
        return f"imports/{self.job_id}/contacts.csv"

    @property
    def fraction(self) -> float | None:
        """How much of the file is gone through, 1 only for all; None before it is started."""
        if not self.size:
            return None
        offset = 0 if self.position is None else self.position.offset
        # Rounded down.
        return offset * 10_000 // self.size / 10_000

    @property
    def may_have_applied(self) -> bool:
        """Whether rows of its file may be applied: the first are before anything is counted."""
        return not self.dry_run and (self.layout is not None or self.counts.rows > 0)

    @property
    def takes_file(self) -> bool:
        """Whether its file, or another in the place of it, may be put there."""
        match self.state:
            case JobState.AWAITING_UPLOAD | JobState.CHECKED:
                return True
            case JobState.FAILED:
                return not self.may_have_applied
            case _:
                return False

    def refused_name(self, number: int) -> str:
        """What the object with the refused rows of a batch is called."""
        run = "check" if self.dry_run else "run"
        return f"imports/{self.job_id}/refused/{run}/{number:08d}.json"

    def begin(self, *, dry_run: bool, size: int, now: datetime) -> "ContactImport":
        """Started, from the first row.

        Raises IllegalTransition, also where rows may have been applied before it failed: the lines
        of another file would be taken for those of the first.
        """
        if self.state is JobState.FAILED and self.may_have_applied:
            raise IllegalTransition("job", self.state, JobEvent.START, _APPLIED)
        return replace(
            self.start(now),
            size=size,
            dry_run=dry_run,
            layout=None,
            position=None,
            counts=ImportCounts(),
            refused_batches=0,
        )
