"""What one Sentinel lacks, put into it: each kind so that doing it twice changes nothing."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from graphlib import TopologicalSorter
from itertools import chain, groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from entrypoints.cli.command import Session
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.jobs import ended
from entrypoints.cli.moving_differences import differing
from entrypoints.cli.moving_inventory import Inventory, Kind, Side, Thing
from entrypoints.cli.moving_reading import member_of
from entrypoints.cli.moving_rows import fields_of_all, fill, row_of
from entrypoints.cli.output import Item, counted
from entrypoints.cli.transfers import upload
from entrypoints.cli.watching import Bar

_REQUESTS = 8
"""At once."""
_BATCH = 100
_MEMBERS = 500
"""That the server takes in one request."""
_IMPORT = "/v1/imports/{}"


class Writing:
    """Into the target, what the inventory says that it lacks."""

    def __init__(self, target: Session, inventory: Inventory, show: Bar) -> None:
        """Nothing is written yet."""
        self._target, self._inventory, self._show = target, inventory, show

    def write(self, kind: Kind) -> None:
        """All of a kind that is missing or differs. Raises CommandFailed.

        For members the target's contacts have to be in the inventory.
        """
        {
            Kind.SUPPRESSIONS: self._suppressions,
            Kind.TEMPLATES: self._templates,
            Kind.SEGMENTS: self._segments,
            Kind.CONTACTS: self._contacts,
            Kind.MEMBERS: self._members,
        }[kind]()

    def _suppressions(self) -> None:
        weaker = (here for here, _ in differing(self._inventory, Kind.SUPPRESSIONS))
        entries = chain(self._inventory.missing(Kind.SUPPRESSIONS), weaker)
        self._each(entries, self._suppress, "suppressions")

    def _suppress(self, entry: Thing) -> None:
        """The reader's choice first: then the list keeps it beside any other reason."""
        others = dict(entry.content)
        asked = others.pop("unsubscribed")
        if asked is not None:
            self._post("/v1/suppressions", {"email": entry.key, "reason": "unsubscribe", **asked})
        self._post("/v1/suppressions", {"email": entry.key, **others})

    def _templates(self) -> None:
        for count, template in enumerate(self._inventory.missing(Kind.TEMPLATES), 1):
            self._show(count, None, "moving templates")
            with _named("template", template.key):
                self._post("/v1/templates", {"template_id": template.key, **template.content})
        for here, there in differing(self._inventory, Kind.TEMPLATES):
            with _named("template", here.key):
                self._target.connection.put(
                    "/v1/templates/{}", here.key, body=here.content, if_match=int(there.known_as)
                )

    def _segments(self) -> None:
        missing = {each.key: each for each in self._inventory.missing(Kind.SEGMENTS)}
        named = {key: set(segments_in(each.content["rule"])) for key, each in missing.items()}
        for segment_id in TopologicalSorter(named).static_order():
            segment = missing.get(segment_id)
            if segment is None:
                continue
            self._show(0, None, "moving segments")
            body = {"segment_id": segment_id, "name": segment.known_as, **segment.content}
            with _named("segment", segment_id):
                self._post("/v1/segments", body)

    def _contacts(self) -> None:
        fields = fields_of_all(self._inventory.missing(Kind.CONTACTS))
        rows = (row_of(each, fields) for each in self._inventory.missing(Kind.CONTACTS))
        self._import((row for row in rows if row is not None), fields)
        others = (
            each for each in self._inventory.missing(Kind.CONTACTS) if row_of(each, fields) is None
        )
        self._each(others, self._put, "contacts whose fields a file would not keep")
        self._each(differing(self._inventory, Kind.CONTACTS), self._change, "contacts that differ")

    def _import(self, rows: Iterator[list[str]], fields: tuple[str, ...]) -> None:
        # Nobody else on this machine is to read it; a kill leaves it for the system to take away.
        with TemporaryDirectory(prefix="sentinel-") as folder:
            file = Path(folder) / "contacts.csv"
            done = 0
            while count := fill(file, rows, fields):
                self._import_file(file, done)
                done += count

    def _import_file(self, file: Path, done: int) -> None:
        """`done` contacts are moved before these."""
        connection = self._target.connection
        body = {"delimiter": ",", "encoding": "utf-8"}
        import_id: str = connection.post("/v1/imports", body=body).body["import_id"]

        def url() -> str:
            address: str = connection.get(_IMPORT, import_id).body["upload"]["url"]
            return address

        def uploaded(sent: int, size: int | None) -> None:
            self._show(sent, size, "uploading contacts")

        def imported(item: Item) -> None:
            self._show(done + item["counts"]["rows"], None, "moving contacts")

        upload(file, url, uploaded)
        connection.post(f"{_IMPORT}/start", import_id, body={"dry_run": False})
        item = ended(self._target, _IMPORT, import_id, imported, every=1, patience=300)
        if item["state"] != "finished":
            why = item["failure"] or f"It is {item['state']}."
            raise CommandFailed(ExitCode.FAILED, f"The import {import_id} did not finish.", why)
        if item["counts"]["refused"]:
            self._target.output.say(
                f"The import {import_id} refused {counted(item['counts']['refused'], 'contact')}: "
                f"`sentinel imports refused {import_id}`, asked of the target, says why."
            )

    def _put(self, contact: Thing) -> None:
        given = {name: value for name, value in contact.content.items() if value is not None}
        self._post("/v1/contacts", {"email": contact.key, **given})

    def _change(self, pair: tuple[Thing, Thing]) -> None:
        here, there = pair
        fields = {**dict.fromkeys(there.content["fields"]), **here.content["fields"]}
        self._target.connection.patch(
            "/v1/contacts/{}", there.known_as, body={**here.content, "fields": fields}
        )

    def _members(self) -> None:
        missing = (member_of(each.key) for each in self._inventory.missing(Kind.MEMBERS))
        for segment_id, members in groupby(missing, key=lambda each: each[0]):
            found = (
                self._inventory.find(Side.TARGET, Kind.CONTACTS, address) for _, address in members
            )
            ids = (each.known_as for each in found if each is not None)
            while some := list(islice(ids, _MEMBERS)):
                self._show(0, None, f"moving the members of {segment_id}")
                self._target.connection.post(
                    "/v1/segments/{}/members", segment_id, body={"contact_ids": some}
                )

    def _each(self, things: Iterable[Any], do: Callable[[Any], None], name: str) -> None:
        """Several at once: one after the other would take hours where an answer takes 50 ms."""
        remaining, done = iter(things), 0
        with ThreadPoolExecutor(_REQUESTS) as threads:
            while some := list(islice(remaining, _BATCH)):
                for _ in threads.map(do, some):
                    done += 1
                self._show(done, None, f"moving {name}")

    def _post(self, path: str, body: Item) -> None:
        self._target.connection.post(path, body=body)


def segments_in(rule: Any) -> Iterator[str]:  # noqa: ANN401  JSON
    """Those that a rule names, however deep; none of no rule."""
    match rule:
        case {"segment": str(segment_id)}:
            yield segment_id
        case dict():
            yield from chain.from_iterable(map(segments_in, rule.values()))
        case list():
            yield from chain.from_iterable(map(segments_in, rule))


@contextmanager
def _named(kind: str, name: str) -> Iterator[None]:
    """A refusal says whose it is."""
    try:
        yield
    except CommandFailed as failure:
        line = f"The {kind} {name} cannot be moved."
        raise CommandFailed(failure.code, line, *failure.lines) from None
