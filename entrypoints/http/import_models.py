"""Bodies of the routes of imports."""

from typing import Annotated, Literal

from pydantic import Field

from domain.contact_import import ContactImport, ImportPlan, RefusedRow
from domain.csv_layout import OWN
from domain.identifiers import SegmentId
from domain.import_plan import MAX_COLUMNS
from domain.job import KEPT, JobState
from domain.use_cases.list_refused import RefusedPage
from domain.use_cases.read_import import ImportRead
from entrypoints.http.audience_models import ConsentBody, ConsentRequestBody
from entrypoints.http.models import Answer, Reference, Request, Utc, example_of, shown_by


class ImportRequestBody(Request):
    """What becomes of a file that is uploaded afterwards."""

    model_config = shown_by(
        {},
        {
            "columns": {"E-Mail": "email", "Tarif": "plan"},
            "segment_id": "vip-customers",
            "consent": {"source": "sign-up form", "at": "2026-11-19T09:00:00Z"},
            "delimiter": ";",
            "encoding": "windows-1252",
        },
    )

    columns: Annotated[
        dict[str, str],
        Field(
            max_length=MAX_COLUMNS,
            description=(
                "What becomes of a column, by its header: "
                f"{', '.join(sorted(OWN))} or the name of a field. Columns that are not in it "
                "are left out; where it is empty, each is taken by its header."
            ),
            examples=[{"E-Mail": "email", "Tarif": "plan"}],
        ),
    ] = {}  # noqa: RUF012  pydantic copies it
    segment_id: Annotated[
        Reference | None,
        Field(description="A static one, into which all who are imported are put."),
    ] = None
    consent: Annotated[
        ConsentRequestBody | None, Field(description="That of rows which have none.")
    ] = None
    delimiter: Annotated[
        str | None,
        Field(description="A comma, a semicolon, a tab or a vertical bar; found out where null."),
    ] = None
    encoding: Annotated[
        str | None, Field(description="utf-8, utf-16 or windows-1252; found out where null.")
    ] = None

    def plan(self) -> ImportPlan:
        """With the consent checked. Raises InvalidInput."""
        return ImportPlan(
            columns=self.columns,
            segment_id=None if self.segment_id is None else SegmentId(self.segment_id),
            consent=None if self.consent is None else self.consent.consent(),
            delimiter=self.delimiter,
            encoding=self.encoding,
        )


class ImportStartBody(Request):
    """Whether it is for real."""

    model_config = shown_by({"dry_run": True})

    dry_run: Annotated[
        bool,
        Field(description="Go through the file and count, and change no contact and no segment."),
    ] = False


class ImportProgressBody(Answer):
    """How far the file is gone through.

    `bytes_total` and `fraction`, from 0 to 1, are null before it is started; 1 is all of it.
    """

    model_config = shown_by(
        {"bytes": 65_536, "bytes_total": 262_144, "fraction": 0.25},
    )

    bytes: int
    bytes_total: int | None
    fraction: float | None


class ImportCountsBody(Answer):
    """Rows by what became of them; in a dry run, would become.

    `rows` are all. Those `repeated` have the address of an earlier row close by, and were applied
    with it as one.
    """

    model_config = shown_by(
        {
            "rows": 1_000,
            "created": 900,
            "updated": 60,
            "unchanged": 30,
            "repeated": 7,
            "refused": 3,
        },
    )

    rows: int
    created: int
    updated: int
    unchanged: int
    repeated: int
    refused: int


class ImportLayoutBody(Answer):
    """How the file is written, as it was taken; `columns` are its headers in order."""

    model_config = shown_by(
        {"encoding": "utf-8", "delimiter": ";", "columns": ["E-Mail", "Tarif"]},
    )

    encoding: str
    delimiter: str
    columns: list[str]


class ImportBody(Answer):
    """An import. `layout` is null until the file was looked at."""

    model_config = shown_by(
        {
            "import_id": "imp_01M889FD1DR9BPG5C28WTPF9HV",
            "state": "running",
            "dry_run": False,
            "columns": {"E-Mail": "email", "Tarif": "plan"},
            "segment_id": "vip-customers",
            "consent": example_of(ConsentBody),
            "delimiter": None,
            "encoding": None,
            "progress": example_of(ImportProgressBody),
            "counts": example_of(ImportCountsBody),
            "layout": example_of(ImportLayoutBody),
            "created_at": "2026-11-19T09:00:00Z",
            "started_at": "2026-11-19T09:01:00Z",
            "ended_at": None,
            "failure": None,
        },
    )

    import_id: str
    state: JobState
    dry_run: bool
    columns: dict[str, str]
    segment_id: str | None
    consent: ConsentBody | None
    delimiter: str | None
    encoding: str | None
    progress: ImportProgressBody
    counts: ImportCountsBody
    layout: ImportLayoutBody | None
    created_at: Utc
    started_at: Utc | None
    ended_at: Utc | None
    failure: Annotated[str | None, Field(description="Why it failed, and what to do.")]

    @classmethod
    def of(cls, contact_import: ContactImport) -> "ImportBody":
        """From the entity."""
        return cls(**_told(contact_import))


class ImportListBody(Answer):
    """A page of imports, newest first."""

    model_config = shown_by(
        {"items": [example_of(ImportBody)], "next_cursor": None},
    )

    items: list[ImportBody]
    next_cursor: str | None


class UploadBody(Answer):
    """Whoever has the URL can put the file there, without a key, until it expires."""

    model_config = shown_by(
        {
            "method": "PUT",
            "url": "https://files.example.com/contacts.csv?X-Amz-Signature=",
            "expires_at": "2026-11-19T10:00:00Z",
        },
    )

    method: Literal["PUT"] = "PUT"
    url: str
    expires_at: Utc


class ImportReadBody(ImportBody):
    """An import with the URL for its file, until it is started, and where it may be again."""

    model_config = shown_by(
        {
            **example_of(ImportBody),
            "state": "awaiting_upload",
            "progress": {"bytes": 0, "bytes_total": None, "fraction": None},
            "counts": dict.fromkeys(example_of(ImportCountsBody), 0),
            "layout": None,
            "started_at": None,
            "upload": example_of(UploadBody),
        },
    )

    upload: UploadBody | None

    @classmethod
    def of_read(cls, read: ImportRead) -> "ImportReadBody":
        """From the use case's answer."""
        upload = read.upload
        return cls(
            **_told(read.contact_import),
            upload=(
                None if upload is None else UploadBody(url=upload.url, expires_at=upload.expires_at)
            ),
        )


class RefusedRowBody(Answer):
    """A row that is not imported: the line on which it begins, what is wrong with it, and itself.

    The header is line 1.
    """

    model_config = shown_by(
        {
            "line": 17,
            "reason": "email: It needs an @.",
            "cells": ["ann.bell", "gold"],
        },
    )

    line: int
    reason: str
    cells: list[str]

    @classmethod
    def of(cls, row: RefusedRow) -> "RefusedRowBody":
        """From the domain."""
        return cls(line=row.line, reason=row.reason, cells=list(row.cells))


class RefusedListBody(Answer):
    """Refused rows by their lines. Fewer than asked for, or none, may come with a next_cursor."""

    model_config = shown_by(
        {"items": [example_of(RefusedRowBody)], "next_cursor": None, "detail": None},
    )

    items: list[RefusedRowBody]
    next_cursor: str | None
    detail: Annotated[str | None, Field(description="Says so where rows are missing.")]

    @classmethod
    def of(cls, page: RefusedPage) -> "RefusedListBody":
        """From the use case's answer."""
        return cls(
            items=[RefusedRowBody.of(row) for row in page.rows],
            next_cursor=page.cursor,
            detail=(
                f"Refused rows were kept for {KEPT.days} days and are gone; import the file again."
                if page.is_gone
                else None
            ),
        )


def _told(contact_import: ContactImport) -> dict[str, object]:
    plan, counts = contact_import.plan, contact_import.counts
    layout, position = contact_import.layout, contact_import.position
    return {
        "import_id": contact_import.job_id,
        "state": contact_import.state,
        "dry_run": contact_import.dry_run,
        "columns": dict(plan.columns),
        "segment_id": plan.segment_id,
        "consent": (
            None
            if plan.consent is None
            else ConsentBody(source=plan.consent.source, at=plan.consent.at)
        ),
        "delimiter": plan.delimiter,
        "encoding": plan.encoding,
        "progress": ImportProgressBody(
            bytes=0 if position is None else position.offset,
            bytes_total=contact_import.size,
            fraction=contact_import.fraction,
        ),
        "counts": ImportCountsBody(
            rows=counts.rows,
            created=counts.created,
            updated=counts.updated,
            unchanged=counts.unchanged,
            repeated=counts.repeated,
            refused=counts.refused,
        ),
        "layout": (
            None
            if layout is None
            else ImportLayoutBody(
                encoding=layout.planned_encoding,
                delimiter=layout.delimiter,
                columns=list(layout.header),
            )
        ),
        "created_at": contact_import.created_at,
        "started_at": contact_import.started_at,
        "ended_at": contact_import.ended_at,
        "failure": contact_import.failure,
    }
