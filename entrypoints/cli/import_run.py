"""`sentinel import`: a file of contacts, from here to the end of its import."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session, command
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.import_views import IMPORT, progress_text, refused_columns
from entrypoints.cli.jobs import JOB_ENDS, ended, interrupted
from entrypoints.cli.listing import Pages
from entrypoints.cli.options import consent_of, given, wrong
from entrypoints.cli.output import Item, counted
from entrypoints.cli.transfers import upload
from entrypoints.cli.watching import bar

_SHOWN = 20
"""Refused rows that are shown at once."""
_PATH = "/v1/imports/{}"


def add_import(program: typer.Typer) -> None:
    """The command is one of the program's own."""
    command(program, "import")(import_file)


def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.")],
    segment: Annotated[
        str | None,
        typer.Option(
            "--segment", metavar="SEGMENT", help="A static segment, into which all are put."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="HEADER=FIELD",
            help="What becomes of a column; those that are not named are left out. Without it "
            "each is taken by its header. May be repeated.",
        ),
    ] = None,
    consent_source: Annotated[
        str | None,
        typer.Option(
            "--consent-source",
            metavar="TEXT",
            help="Where those agreed to be mailed whose row does not say it.",
        ),
    ] = None,
    consent_at: Annotated[
        str | None,
        typer.Option(
            "--consent-at", metavar="TIME", help="When they did, as 2026-11-19T09:00:00Z."
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter",
            metavar="CHARACTER",
            help="What separates cells: a comma, ;, | or tab; found out without.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            help="One of utf-8, utf-16 and windows-1252; found out without.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Go through it and count, and change nothing.")
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refused",
            metavar="FILE",
            help="Write the rows that are refused into this CSV file, to be mended.",
        ),
    ] = None,
    go_on: Annotated[
        str | None,
        typer.Option(
            "--into", metavar="IMPORT", help="Go on with this import, which awaits its file."
        ),
    ] = None,
) -> ExitCode:
    """Import contacts from a CSV file.

    The file is uploaded and gone through in the background; what became of its rows is shown.
    Broken off by Ctrl-C, it says how to go on.
    """
    if not file.is_file():
        raise wrong("FILE", f"There is no file {file}.")
    import_id = go_on or _created(
        session,
        given(
            columns=_columns(column or ()) or None,
            segment_id=segment,
            consent=consent_of(consent_source, consent_at),
            delimiter="\t" if delimiter == "tab" else delimiter,
            encoding=encoding,
        ),
    )
    _upload(session, import_id, file)
    session.connection.post("/v1/imports/{}/start", import_id, body={"dry_run": dry_run})
    return follow(session, import_id, refused_to=refused)


def follow(
    session: Session,
    import_id: str,
    *,
    refused_to: Path | None = None,
    every: float = 1,
    patience: float = 300,
) -> ExitCode:
    """Show how far it is until it has ended, then what it did. Raises CommandFailed."""
    with _goes_on(import_id), bar(session.output.say, sys.stderr) as show:

        def told(item: Item) -> None:
            progress = item["progress"]
            show(progress["bytes"], progress["bytes_total"], progress_text(item))

        item = ended(session, _PATH, import_id, told, every=every, patience=patience)
    session.output.document(item, IMPORT)
    _tell_refused(session, item, refused_to)
    if item["state"] == "checked":
        session.output.say(
            f"Nothing was changed. `sentinel imports start {import_id} --watch` imports it."
        )
    return JOB_ENDS[item["state"]]


def refused_to_file(session: Session, import_id: str, path: Path) -> int:
    """Write all rows that were refused, each behind its line and the reason; how many."""
    layout = session.connection.get(_PATH, import_id).body["layout"]
    headers = layout["columns"] if layout else []
    count = 0
    try:
        # Excel reads it as UTF-8 by the mark, and an import leaves the mark out.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "reason", *headers])
            pages = Pages(session, "/v1/imports/{}/refused", import_id, limit=None)
            for rows in pages:
                writer.writerows([row["line"], row["reason"], *row["cells"]] for row in rows)
                count += len(rows)
    except OSError as error:
        raise wrong("FILE", f"{path}: {error.strerror}.") from None
    if pages.detail is not None:
        session.output.say(pages.detail)
    return count


def _created(session: Session, body: dict[str, Any]) -> str:
    import_id: str = session.connection.post("/v1/imports", body=body).body["import_id"]
    session.output.say(f"Import {import_id}")
    return import_id


def _upload(session: Session, import_id: str, file: Path) -> None:
    def url() -> str:
        body = session.connection.get(_PATH, import_id).body
        if body["upload"] is None:
            raise CommandFailed(
                ExitCode.CONFLICT,
                f"The import {import_id} awaits no file: it is {body['state']}.",
                f"`sentinel imports show {import_id}` tells how far it is.",
            )
        address: str = body["upload"]["url"]
        return address

    try:
        with bar(session.output.say, sys.stderr) as show:
            upload(file, url, lambda done, total: show(done, total, f"uploading {file.name}"))
    except KeyboardInterrupt:
        raise interrupted(
            "The file is not uploaded, and nothing was changed.",
            f"`sentinel import {file} --into {import_id}` goes on; "
            f"`sentinel imports cancel {import_id}` gives it up.",
        ) from None


@contextmanager
def _goes_on(import_id: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise interrupted(
            f"The import goes on by itself: `sentinel imports watch {import_id}` looks again, "
            f"`sentinel imports cancel {import_id}` ends it."
        ) from None


def _tell_refused(session: Session, item: Item, path: Path | None) -> None:
    import_id, count = item["import_id"], item["counts"]["refused"]
    if path is not None:
        written = refused_to_file(session, import_id, path)
        session.output.say(f"Refused, and written to {path}: {counted(written, 'row')}.")
        return
    if not count or session.output.as_json:
        return
    pages = Pages(session, "/v1/imports/{}/refused", import_id, limit=_SHOWN)
    rows = [row for some in pages for row in some]
    session.output.line("")
    session.output.table(rows, refused_columns())
    if count > len(rows):
        session.output.say(
            f"These are {len(rows)} of {count}: `sentinel imports refused {import_id} --to FILE` "
            "writes all."
        )


def _columns(written: list[str] | tuple[str, ...]) -> dict[str, str]:
    pairs = [each.rpartition("=") for each in written]
    for header, sign, name in pairs:
        if not sign or not header or not name:
            raise wrong("--column", "Write HEADER=FIELD, as E-Mail=email.")
    return {header: name for header, _, name in pairs}
