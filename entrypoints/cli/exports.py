"""`sentinel export` and `sentinel exports`: contacts as CSV files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.jobs import JOB_ENDS, ended, interrupted
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import Yes, confirm, given, wrong
from entrypoints.cli.output import Cell, Item, counted
from entrypoints.cli.transfers import download
from entrypoints.cli.watching import bar

exports = group("Follow, download and cancel exports.")

_PATH = "/v1/exports/{}"
_IN_LIST: Mapping[str, Cell] = {
    "Export": "export_id",
    "State": "state",
    "Rows": "rows",
    "Segment": "segment_id",
    "Created": "created_at",
    "Ended": "ended_at",
}
_EXPORT: Mapping[str, Cell] = {
    **_IN_LIST,
    "Fields": "fields",
    "For spreadsheets": "spreadsheet_safe",
    "Failed for": "failure",
    "File": "detail",
}

ExportId = Annotated[str, typer.Argument(metavar="EXPORT", help="The export's id, as exp_….")]
Out = Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file to write.")]
Force = Annotated[bool, typer.Option("--force", help="Take the place of a file that is there.")]


def add_export(program: typer.Typer) -> None:
    """The command is one of the program's own."""
    command(program, "export")(export)


def export(
    session: Session,
    file: Out,
    segment: Annotated[
        str | None,
        typer.Option("--segment", metavar="SEGMENT", help="Who is in it; everybody without."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="NAME",
            help="A field to be a column, in this order; all without. May be repeated.",
        ),
    ] = None,
    no_fields: Annotated[
        bool, typer.Option("--no-fields", help="Write the columns that every contact has only.")
    ] = False,
    for_programs: Annotated[
        bool,
        typer.Option(
            "--for-programs",
            help="Write text as it is, for a program or an import: no apostrophe before what a "
            "spreadsheet would take for a formula.",
        ),
    ] = False,
    force: Force = False,
) -> ExitCode:
    """Export contacts into a CSV file.

    It is made in the background and downloaded then, for your eyes only.
    """
    _free(file, force=force)
    if field and no_fields:
        raise wrong("--field, --no-fields", "Say one of the two.")
    body = given(
        segment_id=segment,
        fields=[] if no_fields else field or None,
        spreadsheet_safe=False if for_programs else None,
    )
    export_id: str = session.connection.post("/v1/exports", body=body).body["export_id"]
    session.output.say(f"Export {export_id}")
    return _fetched(session, export_id, file)


@command(exports, "list")
def list_exports(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List exports, the newest first."""
    pages = Pages(
        session, "/v1/exports", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, _IN_LIST, "There are no exports.")


@command(exports, "show")
def show(session: Session, export_id: ExportId) -> None:
    """Show an export and how far it is.

    Once it is finished, --json has the URL of its file, which is a secret.
    """
    session.output.document(session.connection.get(_PATH, export_id).body, _EXPORT)


@command(exports, "download")
def download_export(
    session: Session, export_id: ExportId, file: Out, force: Force = False
) -> ExitCode:
    """Download the file of an export, once it is finished."""
    _free(file, force=force)
    return _fetched(session, export_id, file)


@command(exports, "cancel")
def cancel(session: Session, export_id: ExportId, yes: Yes = False) -> None:
    """Cancel an export: what was written of its file is taken away."""
    confirm(f"Cancel the export {export_id} for good?", yes=yes)
    body = session.connection.post("/v1/exports/{}/cancel", export_id).body
    session.output.document(body, _EXPORT)


def _fetched(session: Session, export_id: str, file: Path) -> ExitCode:
    def url() -> str:
        found = session.connection.get(_PATH, export_id).body
        if found["download"] is None:
            raise CommandFailed(
                ExitCode.NOT_FOUND, f"The export {export_id} has no file.", found["detail"] or ""
            )
        address: str = found["download"]["url"]
        return address

    try:
        with bar(session.output.say, sys.stderr) as show:

            def told(item: Item) -> None:
                show(0, None, f"{item['state']}: {counted(item['rows'], 'row')}")

            item = ended(session, _PATH, export_id, told, every=1, patience=300)
            if item["state"] == "finished":
                download(
                    file, url, lambda done, total: show(done, total, f"downloading {file.name}")
                )
    except KeyboardInterrupt:
        raise interrupted(
            f"`sentinel exports download {export_id} {file}` goes on; "
            f"`sentinel exports cancel {export_id}` ends it."
        ) from None
    session.output.document({**item, "download": None, "file": str(file)}, _EXPORT)
    return JOB_ENDS[item["state"]]


def _free(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        raise wrong("FILE", f"{file} is there already: name another, or say --force.")
    if not file.absolute().parent.is_dir():
        raise wrong("FILE", f"There is no folder {file.absolute().parent}.")
