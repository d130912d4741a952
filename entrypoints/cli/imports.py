"""`sentinel imports`: contacts from CSV files, after `sentinel import` has begun one."""

from pathlib import Path
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.import_run import follow, refused_to_file
from entrypoints.cli.import_views import IMPORT, IN_LIST, refused_columns
from entrypoints.cli.jobs import Wait
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import Yes, confirm
from entrypoints.cli.watching import Every, Patience

imports = group("Follow, start and cancel imports, and see the rows that were refused.")

ImportId = Annotated[str, typer.Argument(metavar="IMPORT", help="The import's id, as imp_….")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Go through the file and count, and change nothing.")
]


@command(imports, "list")
def list_imports(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List imports, the newest first."""
    pages = Pages(
        session, "/v1/imports", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, IN_LIST, "There are no imports.")


@command(imports, "show")
def show(session: Session, import_id: ImportId) -> None:
    """Show an import: how far it is, and what became of its rows.

    While it awaits its file, --json has the URL to upload that to, which is a secret.
    """
    body = session.connection.get("/v1/imports/{}", import_id).body
    session.output.document(body, IMPORT)


@command(imports, "start")
def start(
    session: Session,
    import_id: ImportId,
    dry_run: DryRun = False,
    watch: Wait = False,
    every: Every = 1,
    patience: Patience = 300,
) -> ExitCode | None:
    """Start an import whose file is uploaded, for real or as a dry run."""
    started = session.connection.post(
        "/v1/imports/{}/start", import_id, body={"dry_run": dry_run}
    ).body
    if watch:
        return follow(session, import_id, every=every, patience=patience)
    session.output.document(started, IMPORT)
    return None


@command(imports, "watch")
def watch(
    session: Session, import_id: ImportId, every: Every = 1, patience: Patience = 300
) -> ExitCode:
    """Watch an import until it has ended.

    The exit status is 0 where it did, 7 where it failed and 9 where it was cancelled.
    """
    return follow(session, import_id, every=every, patience=patience)


@command(imports, "cancel")
def cancel(session: Session, import_id: ImportId, yes: Yes = False) -> None:
    """Cancel an import: who is imported by now stays, its file is taken away."""
    confirm(f"Cancel the import {import_id} for good?", yes=yes)
    body = session.connection.post("/v1/imports/{}/cancel", import_id).body
    session.output.document(body, IMPORT)


@command(imports, "refused")
def refused(
    session: Session,
    import_id: ImportId,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write all of them as CSV, to be mended."),
    ] = None,
    limit: Limit = 50,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List the rows that an import refused, and why."""
    if to is not None:
        count = refused_to_file(session, import_id, to)
        session.output.document({"refused": count, "file": str(to)}, {"Refused": "refused"})
        return
    pages = Pages(
        session,
        "/v1/imports/{}/refused",
        import_id,
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
    )
    show_list(session, pages, refused_columns(), "No row was refused.")
