"""Pages of the listing indexes, with opaque cursors."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence

from adapters.aws.table import Item, Key, Table
from domain.errors import InvalidInput
from domain.identifiers import NAMED_ID


def page_of(  # noqa: PLR0913  what a listing is made of
    table: Table,
    *,
    index: str,
    attribute: str,
    value: str,
    key_of: Callable[[str], Key],
    limit: int,
    cursor: str | None,
    newest_first: bool = False,
    between: tuple[str, str] | None = None,
) -> tuple[Sequence[Item], str | None]:
    """Up to `limit` records with `attribute` = `value` in order of `listing_id`, and a cursor.

    Of ids from the first of `between` on, and before the second, which is no id itself.

    Raises InvalidInput naming `cursor` when it is not one that this list gave.
    """
    start = None
    if cursor is not None:
        listing_id = _decoded(cursor, value)
        if between is not None and not between[0] <= listing_id < between[1]:
            raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
        pk, sk = key_of(listing_id)
        start = {attribute: value, "listing_id": listing_id, "pk": pk, "sk": sk}
    condition, values = "#attribute = :value", {":value": value}
    if between is not None:
        condition += " AND listing_id BETWEEN :lowest AND :end"
        values |= {":lowest": between[0], ":end": between[1]}
    items = list(
        table.query(
            condition,
            values,
            index=index,
            names={"#attribute": attribute},
            backwards=newest_first,
            limit=limit + 1,
            start=start,
        )
    )
    page = items[:limit]
    return page, cursor_at(value, page[-1]["listing_id"]) if len(items) > limit else None


def cursor_at(value: str, listing_id: str) -> str:
    """What reads on after that one."""
    return base64.urlsafe_b64encode(json.dumps([value, listing_id]).encode()).decode().rstrip("=")


def _decoded(cursor: str, value: str) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        decoded = json.loads(
            base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        decoded = None
    match decoded:
        case [str() as listed, str() as listing_id] if listed == value:
            if NAMED_ID.fullmatch(listing_id):
                return listing_id
    raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
