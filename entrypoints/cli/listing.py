"""Lists, which the server has page by page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session
from entrypoints.cli.output import Cell, Item, compact

_PAGE = 100

Limit = Annotated[
    int, typer.Option("--limit", min=1, metavar="NUMBER", help="How many at most to show.")
]
Everything = Annotated[bool, typer.Option("--all", help="Show all of them, page after page.")]
Cursor = Annotated[
    str | None,
    typer.Option(
        "--cursor", metavar="CURSOR", help="Go on from the next_cursor that --json showed before."
    ),
]


class Pages:
    """The items of a list from a cursor on; once they are read, `cursor` is where more are.

    `detail` is what the server says of the list for people, if it does.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        *ids: str,
        limit: int | None,
        cursor: str | None = None,
        page: int = _PAGE,
        **query: str | int | None,
    ) -> None:
        """All of them without a `limit`; `page` is how many the server gives at once."""
        self.cursor = cursor
        self.detail: str | None = None
        self._session, self._path, self._ids = session, path, ids
        self._left, self._page, self._query = limit, page, query
        self._is_begun = False

    def __iter__(self) -> Iterator[list[Item]]:
        """Page by page; one may be empty. Raises Refused, Unreachable."""
        while self._left is None or self._left > 0:
            if self._is_begun and self.cursor is None:
                return
            size = self._page if self._left is None else min(self._page, self._left)
            body = self._session.connection.get(
                self._path, *self._ids, limit=size, cursor=self.cursor, **self._query
            ).body
            self._is_begun = True
            self.cursor = body["next_cursor"]
            self.detail = body.get("detail") or self.detail
            items: list[Item] = body["items"]
            if self._left is not None:
                self._left -= len(items)
            yield items


def show_list(
    session: Session, pages: Pages, columns: Mapping[str, Cell], nothing: str = "There are none."
) -> int:
    """Show them as they come, and say whether there are more; how many they were."""
    if session.output.as_json:
        count = _as_json(pages)
        if pages.detail is not None:
            session.output.say(pages.detail)
        return count
    count = 0
    widths: Sequence[int] = ()
    for items in pages:
        if items:
            widths = session.output.table(items, columns, widths)
        count += len(items)
    if pages.detail is not None:
        session.output.say(pages.detail)
    if not count:
        session.output.say(nothing)
    if pages.cursor is not None:
        session.output.say("There are more: --all shows them, --limit so many.")
    return count


def _as_json(pages: Pages) -> int:
    """One document, written as it comes: there may be a million of them."""
    count = 0
    _write('{"items":[')
    for items in pages:
        for item in items:
            _write(f"{',' if count else ''}\n{compact(item)}")
            count += 1
    _write(f'\n],"next_cursor":{compact(pages.cursor)}}}\n')
    return count


def _write(text: str) -> None:
    print(text, end="")  # noqa: T201  a command's own output


def limit_of(limit: int, *, everything: bool) -> int | None:
    """None for all."""
    return None if everything else limit


def all_items(session: Session, path: str, *ids: str, **query: Any) -> list[Item]:  # noqa: ANN401  of a query
    """All of a list that is short. Raises Refused, Unreachable."""
    return [item for items in Pages(session, path, *ids, limit=None, **query) for item in items]
