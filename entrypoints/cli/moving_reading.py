"""What a Sentinel has of what can be moved, read page by page."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

from entrypoints.cli.command import Session
from entrypoints.cli.failures import Refused
from entrypoints.cli.listing import Pages
from entrypoints.cli.moving_inventory import Inventory, Kind, Side, Thing
from entrypoints.cli.output import Item

Told = Callable[[int], None]
"""What is told how many were read."""

_TEMPLATE = ("name", "subject", "html", "text", "defaults", "from", "reply_to")
_CONTACT = ("fields", "locale", "time_zone", "consent")
_SUPPRESSION = ("reason", "scope", "since", "note", "unsubscribed")


class Reading:
    """Of one side into the inventory; `left` counts what nothing but that side can have.

    Those are suppressions whose address was erased, and contacts who have not confirmed their
    address: moved, they would pass for people who had.
    """

    def __init__(self, session: Session, inventory: Inventory, side: Side) -> None:
        """Nothing is read yet."""
        self.erased = 0
        self.unconfirmed = 0
        self._session, self._inventory, self._side = session, inventory, side

    def read(self, kind: Kind, told: Told) -> None:
        """All of a kind; of the target no template that the source has not. Raises CommandFailed.

        Members are those of the source's static segments: read its segments first.
        """
        readers: dict[Kind, Callable[[], Iterable[list[Thing]]]] = {
            Kind.SUPPRESSIONS: self._suppressions,
            Kind.TEMPLATES: self._templates,
            Kind.SEGMENTS: self._segments,
            Kind.CONTACTS: self._contacts,
            Kind.MEMBERS: self._members,
        }
        self._inventory.forget(self._side, kind)
        count = 0
        for things in readers[kind]():
            self._inventory.put(self._side, kind, things)
            count += len(things)
            told(count)

    def _suppressions(self) -> Iterator[list[Thing]]:
        self.erased = 0
        for items in Pages(self._session, "/v1/suppressions", limit=None):
            known = [each for each in items if each["email"] is not None]
            self.erased += len(items) - len(known)
            yield [Thing(each["email"], _of(each, _SUPPRESSION)) for each in known]

    def _templates(self) -> Iterator[list[Thing]]:
        for template_id in self._template_ids():
            try:
                body = self._session.connection.get("/v1/templates/{}", template_id).body
            except Refused as refused:
                if refused.status != HTTPStatus.NOT_FOUND:
                    raise
            else:
                yield [Thing(template_id, _of(body, _TEMPLATE), str(body["version"]))]

    def _template_ids(self) -> Iterator[str]:
        if self._side is Side.TARGET:
            return iter(self._inventory.keys(Side.SOURCE, Kind.TEMPLATES))
        pages = Pages(self._session, "/v1/templates", limit=None)
        return (each["template_id"] for items in pages for each in items)

    def _segments(self) -> Iterator[list[Thing]]:
        for items in Pages(self._session, "/v1/segments", limit=None):
            yield [
                Thing(each["segment_id"], {"rule": each["rule"]}, each["name"]) for each in items
            ]

    def _contacts(self) -> Iterator[list[Thing]]:
        self.unconfirmed = 0
        for items in Pages(self._session, "/v1/contacts", limit=None):
            known = [each for each in items if not self._is_unconfirmed(each)]
            self.unconfirmed += len(items) - len(known)
            yield [_contact(each) for each in known]

    def _members(self) -> Iterator[list[Thing]]:
        for segment in list(self._inventory.all(Side.SOURCE, Kind.SEGMENTS)):
            is_there = self._inventory.find(self._side, Kind.SEGMENTS, segment.key)
            if segment.content["rule"] is not None or is_there is None:
                continue
            path = "/v1/segments/{}/members"
            for items in Pages(self._session, path, segment.key, limit=None):
                known = [each for each in items if not self._is_unconfirmed(each)]
                # Whoever came since the contacts were read is one of them.
                self._inventory.put(self._side, Kind.CONTACTS, map(_contact, known))
                yield [Thing(member_key(segment.key, each["email"]), {}) for each in known]

    def _is_unconfirmed(self, contact: Item) -> bool:
        """Of the source only: on the target they are there, whatever they are.

        Behind a suppression nothing tells whether the address is confirmed.
        """
        if self._side is Side.TARGET or contact["confirmation"] is None:
            return False
        return bool(contact["status"] != "subscribed")


def member_key(segment_id: str, address: str) -> str:
    """Neither has a space: those of a segment are together, in the order of their keys."""
    return f"{segment_id} {address}"


def member_of(key: str) -> tuple[str, str]:
    """The segment's id and the contact's address."""
    segment_id, _, address = key.partition(" ")
    return segment_id, address


def _contact(item: Item) -> Thing:
    return Thing(item["email"], _of(item, _CONTACT), item["contact_id"])


def _of(item: Item, members: Iterable[str]) -> Item:
    return {name: item[name] for name in members}
