"""`sentinel move`: from one Sentinel to another, by the API of both."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command
from entrypoints.cli.connection import Connection, Said
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.jobs import interrupted
from entrypoints.cli.moving_differences import differing
from entrypoints.cli.moving_inventory import Inventory, Kind, Side, Thing
from entrypoints.cli.moving_reading import Reading
from entrypoints.cli.moving_writing import Writing
from entrypoints.cli.options import wrong
from entrypoints.cli.output import Cell, Item, counted
from entrypoints.cli.watching import Bar, bar

TARGET_KEY_VARIABLE = "SENTINEL_TO_API_KEY"

_SHOWN = 20
_SAFE_TO_REPEAT = "What was moved is there: the same command goes on with the rest."
_COUNTED = 10_000


@dataclass(frozen=True)
class Row:
    """Of a kind: how many the source has, and of those on the target none, other ones, the same."""

    kind: Kind
    found: int
    new: int
    different: int

    @classmethod
    def of(cls, inventory: Inventory, kind: Kind) -> "Row":
        """As both sides are in the inventory."""
        return cls(
            kind,
            inventory.count(Side.SOURCE, kind),
            sum(1 for _ in inventory.missing(kind)),
            sum(1 for _ in differing(inventory, kind)),
        )

    @property
    def is_to_move(self) -> bool:
        """Whether the target is to be changed."""
        return bool(self.new or self.different)

    @property
    def document(self) -> Item:
        """For scripts."""
        return {
            "here": self.found,
            "same": self.found - self.new - self.different,
            "new": self.new,
            "different": self.different,
        }


def add_move(program: typer.Typer) -> None:
    """The command is one of the program's own."""
    command(program, "move")(move)


def move(
    session: Session,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help=f"Where the other Sentinel is; its key is read from {TARGET_KEY_VARIABLE}.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what it would do, and change nothing.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Give templates and contacts that the other has otherwise the content that they "
            "have here.",
        ),
    ] = False,
    only_suppressions: Annotated[
        bool,
        typer.Option(
            "--only-suppressions", help="Carry over who is not to be mailed, and no more."
        ),
    ] = False,
) -> None:
    """Move suppressions, templates, segments and contacts to another Sentinel.

    What the other has as it is here stays as it is, so the command can be given again: it finishes
    what it began, and carries over what came since. Nothing is taken away here. Campaigns, series,
    webhooks and keys stay behind.
    """
    kinds = (Kind.SUPPRESSIONS,) if only_suppressions else tuple(Kind)
    with _connected(session, to) as target, closing(Inventory()) as inventory:
        source = Reading(session, inventory, Side.SOURCE)
        there = Reading(target, inventory, Side.TARGET)
        with bar(session.output.say, sys.stderr) as show:
            for kind in kinds:
                _read(source, kind, show, "here")
            for kind in kinds:
                _read(there, kind, show, "there")
            rows = [Row.of(inventory, kind) for kind in kinds]
            _refuse_conflicts(inventory, overwrite=overwrite)
            if not dry_run:
                _write(Writing(target, inventory, show), there, rows, show)
        amiss = [] if dry_run else list(_amiss(inventory, kinds))
        _tell(session, rows, source, dry_run=dry_run, is_verified=not (dry_run or amiss))
    if amiss:
        raise CommandFailed(ExitCode.FAILED, "Not all of it is there as it is here.", *amiss)


@contextmanager
def _connected(session: Session, to: str) -> Iterator[Session]:
    """The other one. Raises CommandFailed."""
    key = os.environ.get(TARGET_KEY_VARIABLE, "").strip() or None
    connection = Connection(to, key, session.output.say, Said("--to", TARGET_KEY_VARIABLE))
    with closing(connection):
        if connection.url == session.connection.url:
            raise wrong("--to", f"That is where it is moved from: {connection.url}.")
        yield Session(connection, session.output)


def _read(side: Reading, kind: Kind, show: Bar, where: str) -> None:
    text = f"reading the {kind} {where}"
    show(0, None, text)
    side.read(kind, lambda count: show(count, None, _counted(text, count)))


def _counted(text: str, count: int) -> str:
    """Seldom another: where nobody looks at a bar each is a line."""
    return text if count < _COUNTED else f"{text}: over {count - count % _COUNTED}"


def _refuse_conflicts(inventory: Inventory, *, overwrite: bool) -> None:
    """Where moving would take something away that is there. Raises CommandFailed."""
    kinds = (Kind.SEGMENTS,) if overwrite else (Kind.TEMPLATES, Kind.SEGMENTS, Kind.CONTACTS)
    lines = [_some(kind, _keys(differing(inventory, kind))) for kind in kinds]
    found = [line for line in lines if line is not None]
    if found:
        raise CommandFailed(
            ExitCode.CONFLICT,
            "The other has something else under the same name, and nothing was changed.",
            *found,
            *_remedies(inventory),
        )


def _remedies(inventory: Inventory) -> Iterator[str]:
    if any(differing(inventory, Kind.SEGMENTS)):
        yield "What a segment is never changes: create it here under another id."
    else:
        yield "--overwrite gives them the content that they have here."
    yield "--only-suppressions carries over who is not to be mailed all the same."


def _write(writing: Writing, there: Reading, rows: Sequence[Row], show: Bar) -> None:
    """And read again what was written, to be compared. Raises CommandFailed."""
    try:
        for row in rows:
            if row.is_to_move:
                writing.write(row.kind)
                _read(there, row.kind, show, "there again")
    except CommandFailed as failure:
        raise CommandFailed(failure.code, *failure.lines, _SAFE_TO_REPEAT) from None
    except KeyboardInterrupt:
        raise interrupted(_SAFE_TO_REPEAT) from None


def _amiss(inventory: Inventory, kinds: Iterable[Kind]) -> Iterator[str]:
    """What the target still has not, or has otherwise."""
    for kind in kinds:
        line = _some(
            kind,
            chain(
                _keys(differing(inventory, kind)), (each.key for each in inventory.missing(kind))
            ),
        )
        if line is not None:
            yield line


def _keys(pairs: Iterable[tuple[Thing, Thing]]) -> Iterator[str]:
    return (here.key for here, _ in pairs)


def _some(kind: Kind, keys: Iterable[str]) -> str | None:
    """The first of them, and how many more there are; None where there are none."""
    remaining = iter(keys)
    shown = list(islice(remaining, _SHOWN))
    more = sum(1 for _ in remaining)
    if not shown:
        return None
    return f"{kind}: {', '.join(shown)}{f' and {more} more' if more else ''}"


def _tell(
    session: Session, rows: Sequence[Row], source: Reading, *, dry_run: bool, is_verified: bool
) -> None:
    output = session.output
    if output.as_json:
        output.json(
            {
                "dry_run": dry_run,
                "is_verified": is_verified,
                **{row.kind.value: row.document for row in rows},
                "left_behind": {
                    "erased_suppressions": source.erased,
                    "unconfirmed_contacts": source.unconfirmed,
                },
            }
        )
    else:
        columns: Mapping[str, Cell] = {
            "": "kind",
            "Here": "here",
            "There before": "same",
            "To move" if dry_run else "Moved": "new",
            "To change" if dry_run else "Changed": "different",
        }
        output.table([{"kind": row.kind, **row.document} for row in rows], columns)
    if source.erased:
        output.say(
            f"Left behind: {counted(source.erased, 'suppression')} of people who were erased. "
            "Without the address no other Sentinel can know them: import none of them there."
        )
    if source.unconfirmed:
        output.say(
            f"Left behind: {counted(source.unconfirmed, 'contact')} with an address that is not "
            "confirmed. Ask there whose it is, or move them once it is confirmed here."
        )
    if dry_run:
        output.say("Nothing was changed.")
    elif is_verified:
        output.say(f"All of it is there: {session.connection.url} is as it was.")
