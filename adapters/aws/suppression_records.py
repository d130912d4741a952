"""Keys and codecs of the records of suppressions."""

from collections.abc import Mapping

from adapters.aws.table import SCHEMA, Item, Key
from adapters.aws.times import text_to_time, time_to_text
from domain.identifiers import SuppressionId
from domain.suppression import (
    Suppression,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
    Unsubscribed,
    suppression_id_of,
)


def suppression_key(address_hash_key: bytes, address: str) -> Key:
    """Key of an address's suppression."""
    return suppression_id_key(suppression_id_of(address_hash_key, address))


def suppression_id_key(suppression_id: SuppressionId) -> Key:
    """Key of a suppression."""
    return f"SUPPRESSION#{suppression_id}", "SUPPRESSION"


def suppression_to_item(entry: SuppressionEntry) -> Item:
    """A suppression's record."""
    key = suppression_id_key(entry.suppression_id)
    choice = entry.unsubscribed
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": "suppressions",
        "listing_id": entry.suppression_id,
        **({} if entry.address is None else {"address": entry.address}),
        "reason": entry.reason.value,
        "since": time_to_text(entry.since),
        "scope": entry.scope.value,
        **({} if entry.note is None else {"note": entry.note}),
        **({} if choice is None else {"unsubscribed": _unsubscribed_to_data(choice)}),
    }


def _unsubscribed_to_data(choice: Unsubscribed) -> dict[str, str]:
    return {"scope": choice.scope.value, "since": time_to_text(choice.since)}


def _data_to_unsubscribed(data: Mapping[str, str]) -> Unsubscribed:
    return Unsubscribed(SuppressionScope(data["scope"]), text_to_time(data["since"]))


def item_to_suppression(item: Item) -> Suppression:
    """What it holds back and why; the address must be in it."""
    return Suppression(
        item["address"],
        SuppressionReason(item["reason"]),
        text_to_time(item["since"]),
        item_to_suppression_scope(item),
        item.get("note"),
    )


def item_to_suppression_entry(item: Item) -> SuppressionEntry:
    """The inverse of `suppression_to_item`."""
    return SuppressionEntry(
        suppression_id=SuppressionId(item["pk"].partition("#")[2]),
        address=item.get("address"),
        reason=SuppressionReason(item["reason"]),
        since=text_to_time(item["since"]),
        scope=item_to_suppression_scope(item),
        note=item.get("note"),
        unsubscribed=(
            _data_to_unsubscribed(item["unsubscribed"]) if "unsubscribed" in item else None
        ),
    )


def item_to_suppression_scope(item: Item) -> SuppressionScope:
    """Of a suppression's record: before scopes were kept, everything was held back."""
    return SuppressionScope(item.get("scope", SuppressionScope.ALL))
