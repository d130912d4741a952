"""Bodies of the routes of exports."""

from typing import Annotated

from pydantic import Field

from domain.contact_export import MAX_FOUND_FIELDS, ContactExport
from domain.job import KEPT, JobState
from domain.merge_fields import MAX_FIELDS
from domain.use_cases.read_export import ExportRead
from entrypoints.http.models import Answer, Reference, Request, Utc, example_of, shown_by

FieldName = Annotated[str, Field(min_length=1, max_length=64)]


class ExportRequestBody(Request):
    """Whom to export, and what of them."""

    model_config = shown_by(
        {},
        {
            "segment_id": "vip-customers",
            "fields": ["plan", "last_order"],
            "spreadsheet_safe": False,
        },
    )

    segment_id: Annotated[
        Reference | None, Field(description="Of either kind; null is everybody.")
    ] = None
    fields: Annotated[
        list[FieldName] | None,
        Field(
            max_length=MAX_FIELDS,
            description=(
                "The columns after those that every contact has, in this order. Null is all "
                f"fields that the contacts have, {MAX_FOUND_FIELDS} at the most."
            ),
            examples=[["plan", "last_order"]],
        ),
    ] = None
    spreadsheet_safe: Annotated[
        bool,
        Field(
            description=(
                "Put an apostrophe before text that a spreadsheet would take for a formula. "
                "False gives the text as it is, for a program or an import."
            )
        ),
    ] = True


class ExportBody(Answer):
    """An export. `rows` are those written so far; `fields` is null until they are known."""

    model_config = shown_by(
        {
            "export_id": "exp_01M889FD1DR9BPG5C28WTPF9HV",
            "state": "finished",
            "segment_id": "vip-customers",
            "fields": ["plan", "last_order"],
            "spreadsheet_safe": True,
            "rows": 5_120,
            "created_at": "2026-11-19T09:00:00Z",
            "ended_at": "2026-11-19T09:00:12Z",
            "failure": None,
        },
    )

    export_id: str
    state: JobState
    segment_id: str | None
    fields: list[str] | None
    spreadsheet_safe: bool
    rows: int
    created_at: Utc
    ended_at: Utc | None
    failure: Annotated[str | None, Field(description="Why it failed, and what to do.")]

    @classmethod
    def of(cls, export: ContactExport) -> "ExportBody":
        """From the entity."""
        return cls(**_told(export))


class ExportListBody(Answer):
    """A page of exports, newest first."""

    model_config = shown_by(
        {"items": [example_of(ExportBody)], "next_cursor": None},
    )

    items: list[ExportBody]
    next_cursor: str | None


class DownloadBody(Answer):
    """Whoever has the URL has the file, without a key, until it expires: keep it to yourself."""

    model_config = shown_by(
        {
            "url": "https://files.example.com/contacts.csv?X-Amz-Signature=",
            "expires_at": "2026-11-19T10:00:12Z",
        },
    )

    url: str
    expires_at: Utc


class ExportReadBody(ExportBody):
    """An export with its file, where it is finished; `detail` says where that is, if not here."""

    model_config = shown_by(
        {
            **example_of(ExportBody),
            "download": example_of(DownloadBody),
            "detail": None,
        },
    )

    download: DownloadBody | None
    detail: str | None

    @classmethod
    def of_read(cls, read: ExportRead) -> "ExportReadBody":
        """From the use case's answer."""
        download = read.download
        return cls(
            **_told(read.export),
            download=(
                None
                if download is None
                else DownloadBody(url=download.url, expires_at=download.expires_at)
            ),
            detail=(
                f"The file was kept for {KEPT.days} days and is gone; create another export."
                if read.is_gone
                else None
            ),
        )


def _told(export: ContactExport) -> dict[str, object]:
    return {
        "export_id": export.job_id,
        "state": export.state,
        "segment_id": export.segment_id,
        "fields": list(export.fields) if export.has_fields else None,
        "spreadsheet_safe": export.spreadsheet_safe,
        "rows": export.rows,
        "created_at": export.created_at,
        "ended_at": export.ended_at,
        "failure": export.failure,
    }
