"""Pages over sorted keys."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from domain.errors import InvalidInput

Key = TypeVar("Key", bound=str)


def page_of(
    keys: Iterable[Key], limit: int, cursor: str | None, *, newest_first: bool = False
) -> tuple[Sequence[Key], str | None]:
    """Up to `limit` keys past `cursor`, which is the last key of the page before, and a cursor."""
    ordered = sorted(keys, reverse=newest_first)
    start = 0
    if cursor is not None:
        try:
            start = next(index for index, key in enumerate(ordered) if key == cursor) + 1
        except StopIteration:
            raise InvalidInput("cursor", "Not a cursor of this list; start without one.") from None
    page = ordered[start : start + limit]
    return page, page[-1] if start + limit < len(ordered) else None
