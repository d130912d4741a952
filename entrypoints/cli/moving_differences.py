"""What the target has otherwise than the source."""

from collections.abc import Iterator
from typing import Any

from entrypoints.cli.moving_inventory import Inventory, Kind, Thing
from entrypoints.cli.output import Item

_HOLDS_BACK = {None: 0, "marketing": 1, "all": 2}
"""More is more."""


def differing(inventory: Inventory, kind: Kind) -> Iterator[tuple[Thing, Thing]]:
    """The source's and the target's, by key.

    Of suppressions those that hold back less there: otherwise the first stays as it is, as on any
    list of suppressions, with its own reason and time.
    """
    pairs = inventory.differing(kind)
    if kind is Kind.SUPPRESSIONS:
        return (pair for pair in pairs if not holds_back_as_much(*pair))
    return pairs


def holds_back_as_much(here: Thing, there: Thing) -> bool:
    """Also once a reader has taken the own choice back, which no other reason gives way to."""
    wanted, found = here.content, there.content
    is_same_scope = wanted["scope"] == found["scope"]
    return (
        _HOLDS_BACK[found["scope"]] >= _HOLDS_BACK[wanted["scope"]]
        and _HOLDS_BACK[_choice(found)] >= _HOLDS_BACK[_choice(wanted)]
        and not (is_same_scope and _is_choice(found) and not _is_choice(wanted))
    )


def _choice(entry: Item) -> Any:  # noqa: ANN401  JSON
    """The scope of what the reader asked for, if anything."""
    if _is_choice(entry):
        return entry["scope"]
    return entry["unsubscribed"] and entry["unsubscribed"]["scope"]


def _is_choice(entry: Item) -> bool:
    return bool(entry["reason"] == "unsubscribe")
