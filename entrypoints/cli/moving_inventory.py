"""What two Sentinels have, side by side in a file of this process: a million contacts fit.

The file has no name, and is gone with the process, however that ends: it holds addresses.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from entrypoints.cli.output import Item

_SCHEMA = """
CREATE TABLE thing (
    side TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    content TEXT NOT NULL, known_as TEXT NOT NULL,
    PRIMARY KEY (side, kind, key)
) WITHOUT ROWID
"""
_PUT = "INSERT OR REPLACE INTO thing VALUES (?, ?, ?, ?, ?)"
_PAIRS = """
SELECT here.key, here.content, here.known_as, there.content, there.known_as
FROM thing AS here LEFT JOIN thing AS there
ON there.side = 'target' AND there.kind = here.kind AND there.key = here.key
WHERE here.side = 'source' AND here.kind = ?
"""
_MISSING = f"{_PAIRS} AND there.key IS NULL ORDER BY here.key"
_DIFFERING = f"{_PAIRS} AND there.content != here.content ORDER BY here.key"


class Side(StrEnum):
    """From where, and to where."""

    SOURCE = "source"
    TARGET = "target"


class Kind(StrEnum):
    """What is moved, in this order: nobody who wants no mail can be mailed in between."""

    SUPPRESSIONS = "suppressions"
    """By address."""
    TEMPLATES = "templates"
    """By id."""
    SEGMENTS = "segments"
    """By id."""
    CONTACTS = "contacts"
    """By address."""
    MEMBERS = "members"
    """Of static segments, by the segment's id and the contact's address."""


@dataclass(frozen=True)
class Thing:
    """`content` is what is to be the same on both sides; `known_as` is what this side alone has.

    That is a template's version, a segment's name, a contact's id.
    """

    key: str
    content: Item
    known_as: str = ""


class Inventory:
    """Of both sides. In one thread only."""

    def __init__(self) -> None:
        """Of nothing yet."""
        # The empty name: SQLite's own temporary file, of which a small part is in memory.
        self._things = sqlite3.connect("", isolation_level=None)
        self._things.execute(_SCHEMA)

    def close(self) -> None:
        """Forget it."""
        self._things.close()

    def put(self, side: Side, kind: Kind, things: Iterable[Thing]) -> None:
        """What that side has, too."""
        rows = [(side, kind, each.key, _text(each.content), each.known_as) for each in things]
        self._things.execute("BEGIN")
        self._things.executemany(_PUT, rows)
        self._things.execute("COMMIT")

    def forget(self, side: Side, kind: Kind) -> None:
        """It is to be read anew."""
        self._things.execute("DELETE FROM thing WHERE side = ? AND kind = ?", (side, kind))

    def count(self, side: Side, kind: Kind) -> int:
        """How many that side has."""
        found = self._things.execute(
            "SELECT count(*) FROM thing WHERE side = ? AND kind = ?", (side, kind)
        ).fetchone()
        return int(found[0])

    def all(self, side: Side, kind: Kind) -> Iterator[Thing]:
        """By key."""
        found = self._things.execute(
            "SELECT key, content, known_as FROM thing WHERE side = ? AND kind = ? ORDER BY key",
            (side, kind),
        )
        return (Thing(key, json.loads(content), known_as) for key, content, known_as in found)

    def keys(self, side: Side, kind: Kind) -> list[str]:
        """Of all, sorted."""
        found = self._things.execute(
            "SELECT key FROM thing WHERE side = ? AND kind = ? ORDER BY key", (side, kind)
        )
        return [key for (key,) in found]

    def find(self, side: Side, kind: Kind, key: str) -> Thing | None:
        """The one of that key."""
        found = self._things.execute(
            "SELECT content, known_as FROM thing WHERE side = ? AND kind = ? AND key = ?",
            (side, kind, key),
        ).fetchone()
        return None if found is None else Thing(key, json.loads(found[0]), found[1])

    def missing(self, kind: Kind) -> Iterator[Thing]:
        """What the source has and the target has not, by key."""
        for key, content, known_as, _, _ in self._things.execute(_MISSING, (kind,)):
            yield Thing(key, json.loads(content), known_as)

    def differing(self, kind: Kind) -> Iterator[tuple[Thing, Thing]]:
        """What both have and is not the same: the source's and the target's, by key."""
        for key, here, as_here, there, as_there in self._things.execute(_DIFFERING, (kind,)):
            yield Thing(key, json.loads(here), as_here), Thing(key, json.loads(there), as_there)


def _text(content: Any) -> str:  # noqa: ANN401  JSON
    """The same for the same: 1, 1.0 and true are not."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
