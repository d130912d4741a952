"""DynamoDB's capacity units of a sequence of calls, by the documented rules.

The pages of the Amazon DynamoDB Developer Guide: "DynamoDB read and write operations" (1 KB a write
unit and 4 KB a read unit, rounded up for each item, and for the sum of a query's; half where
eventually consistent; an item that is not there counts as the smallest), "DynamoDB item sizes and
formats", "Amazon DynamoDB Transactions: How it works" (two writes of every item of a transaction,
so also of one that is only checked), "Using Global Secondary Indexes in DynamoDB" (one write to put
or remove an entry, two to move it, none where nothing projected changes; no page doubles these in
transactions). A write that its condition refuses costs as much as the item that is there.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.aws.clients import AwsClients
from benchmarks.aws_calls import Call

_WRITE_BYTES = 1_024
_READ_BYTES = 4_096
_OVERHEAD_BYTES = 100

Wire = Mapping[str, Any]  # Any: DynamoDB's attribute values, as in {"S": "text"}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Units:
    """Capacity units: writes of the table, writes of index entries, reads."""

    table_writes: int = 0
    index_writes: int = 0
    reads: float = 0

    @property
    def writes(self) -> int:
        """Of the table and of index entries."""
        return self.table_writes + self.index_writes

    def __add__(self, other: "Units") -> "Units":
        """The units of both."""
        return Units(
            self.table_writes + other.table_writes,
            self.index_writes + other.index_writes,
            self.reads + other.reads,
        )


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; `keys_only` or with all attributes. `partition` is of the keys."""

    keys: frozenset[str]
    partition: str
    keys_only: bool

    def entry(self, item: Wire | None) -> Wire | None:
        """What the index holds of an item; None where a key is missing: it is sparse."""
        if item is None or not self.keys <= item.keys():
            return None
        if not self.keys_only:
            return item
        return {name: item[name] for name in self.keys | {"pk", "sk"}}

    def writes(self, before: Wire | None, after: Wire | None) -> Counter[str]:
        """Units of changing one item, by the partition of what is taken away and of what is put."""
        old, new = self.entry(before), self.entry(after)
        units: Counter[str] = Counter()
        if old == new:
            return units
        if old is not None and new is not None and all(old[key] == new[key] for key in self.keys):
            units[self._partition_of(new)] = max(_write_units(old), _write_units(new))
            return units
        for entry in (old, new):
            if entry is not None:
                units[self._partition_of(entry)] += _write_units(entry)
        return units

    def _partition_of(self, entry: Wire) -> str:
        """With the attribute's name before it."""
        return f"{self.partition}#{entry[self.partition]['S']}"


def indexes_of(clients: AwsClients, table_name: str) -> tuple[Index, ...]:
    """The table's indexes, as DescribeTable tells."""
    described = clients.dynamodb.describe_table(TableName=table_name)["Table"]
    return tuple(
        Index(
            frozenset(key["AttributeName"] for key in index["KeySchema"]),
            next(key["AttributeName"] for key in index["KeySchema"] if key["KeyType"] == "HASH"),
            keys_only=index["Projection"]["ProjectionType"] == "KEYS_ONLY",
        )
        for index in described["GlobalSecondaryIndexes"]
    )


def units_of(calls: Iterable[Call], indexes: Sequence[Index]) -> tuple[Units, ...]:
    """The units of each call, in order; each record that they write began with them."""
    ledger = Ledger(indexes)
    return tuple(ledger.units(call) if call.service == "DynamoDB" else Units() for call in calls)


def bytes_stored(calls: Iterable[Call], indexes: Sequence[Index]) -> tuple[int, int]:
    """What the records that the calls wrote take in the table and in its indexes.

    DynamoDB adds 100 bytes to each item and to each entry ("DynamoDB item sizes and formats",
    "Using Global Secondary Indexes in DynamoDB").
    """
    ledger = Ledger(indexes)
    for call in calls:
        if call.service == "DynamoDB":
            ledger.units(call)
    items = ledger.items.values()
    entries = [entry for index in indexes for item in items if (entry := index.entry(item))]
    return (
        sum(_OVERHEAD_BYTES + _size_of_item(item) for item in items),
        sum(_OVERHEAD_BYTES + _size_of_item(entry) for entry in entries),
    )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Remembers what was written: what a write costs depends on what it replaces.

    `writes_by` and `reads_by` are units by partition key, of an index with the attribute's name
    before it: one that is hot is throttled long before the table is.
    """

    indexes: Sequence[Index]
    items: dict[Key, Wire] = field(default_factory=dict)
    writes_by: Counter[str] = field(default_factory=Counter)
    reads_by: Counter[str] = field(default_factory=Counter)

    def units(self, call: Call) -> Units:
        """Of one call of DynamoDB, the next one that was made."""
        request, answer = call.request, call.answer
        if "Error" in answer:
            return self._lost(call)
        match call.operation:
            case "GetItem":
                found = [answer["Item"]] if "Item" in answer else []
                return self._reads(found, [request["Key"]], consistent=request["ConsistentRead"])
            case "BatchGetItem":
                ((table, wanted),) = request["RequestItems"].items()
                return self._reads(
                    answer["Responses"].get(table, []),
                    wanted["Keys"],
                    consistent=wanted["ConsistentRead"],
                )
            case "Query":
                read = sum(_size_of_item(item) for item in answer["Items"])
                reads = _read_units(read, consistent=request["ConsistentRead"])
                if answer["Items"] and "IndexName" not in request:
                    self._read(answer["Items"][0], reads)
                return Units(reads=reads)
            case "PutItem":
                return self._write(request["Item"], times=1)
            case "TransactWriteItems":
                return sum((self._transacted(each) for each in request["TransactItems"]), Units())
        raise LookupError(f"No rule counts {call.operation}.")

    def _transacted(self, action: Mapping[str, Any]) -> Units:
        item = self._item_of(action)
        if "ConditionCheck" in action:
            return self._wrote(item, 2 * _write_units(item))
        return self._write(item, times=2)

    def _reads(self, found: Sequence[Wire], wanted: Sequence[Wire], *, consistent: bool) -> Units:
        """Of separate items, of which those not found are as the smallest."""
        sizes = {_key_of(item): _size_of_item(item) for item in found}
        reads = 0.0
        for key in wanted:
            units = _read_units(sizes.get(_key_of(key), 0), consistent=consistent)
            self._read(key, units)
            reads += units
        return Units(reads=reads)

    def _read(self, item: Wire, units: float) -> None:
        self.reads_by[item["pk"]["S"]] += units  # type: ignore[assignment]  # halves, too

    def _wrote(self, item: Wire, units: int, index_units: int = 0) -> Units:
        self.writes_by[item["pk"]["S"]] += units
        return Units(table_writes=units, index_writes=index_units)

    def _item_of(self, action: Mapping[str, Any]) -> Wire:
        """What an action of a transaction writes or checks."""
        match action:
            case {"Put": put}:
                item: Wire = put["Item"]
                return item
            case {"Update": update}:
                return self._updated(update)
            case {"ConditionCheck": check}:
                return self.items[_key_of(check["Key"])]
        raise LookupError(f"No rule counts {list(action)}.")

    def _lost(self, call: Call) -> Units:
        """A write that its condition refused: as much as what is there, or would be."""
        actions, times = call.request.get("TransactItems"), 2
        if actions is None:
            actions, times = [{"Put": call.request}], 1
        items = [self._item_of(action) for action in actions]
        there = [self.items.get(_key_of(item), item) for item in items]
        return sum((self._wrote(item, times * _write_units(item)) for item in there), Units())

    def _updated(self, update: Mapping[str, Any]) -> Wire:
        """The item after an update of the form `ADD #0 :0, #1 :1 SET #2 = :2`."""
        item = dict(self.items.get(_key_of(update["Key"]), update["Key"]))
        names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
        added, _, assigned = update["UpdateExpression"].removeprefix("ADD ").partition(" SET ")
        for pair in added.split(", "):
            name, amount = pair.split()
            before = int(item.get(names[name], {"N": "0"})["N"])
            item[names[name]] = {"N": str(before + int(values[amount]["N"]))}
        for pair in assigned.split(", ") if assigned else ():
            name, value = pair.split(" = ")
            item[names[name]] = values[value]
        return item

    def _write(self, after: Wire, *, times: int) -> Units:
        key = _key_of(after)
        before = self.items.get(key)
        self.items[key] = after
        size = max(_write_units(after), 0 if before is None else _write_units(before))
        index_units: Counter[str] = Counter()
        for index in self.indexes:
            index_units += index.writes(before, after)
        self.writes_by.update(index_units)
        return self._wrote(after, times * size, index_units.total())


def _read_units(size: int, *, consistent: bool) -> float:
    return max(1, math.ceil(size / _READ_BYTES)) * (1 if consistent else 0.5)


def _write_units(item: Wire) -> int:
    return math.ceil(_size_of_item(item) / _WRITE_BYTES)


def _key_of(item: Wire) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _size_of_item(item: Wire) -> int:
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Wire) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return 1 + math.ceil(len(content.strip("-0.").replace(".", "")) / 2)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _size_of_value(each) for each in content)
        case "M":
            return 3 + sum(
                1 + len(name.encode()) + _size_of_value(each) for name, each in content.items()
            )
    raise LookupError(f"No rule sizes {kind}.")
