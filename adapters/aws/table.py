"""The DynamoDB table: reads, conditional writes and transactions, in plain Python values."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from adapters.aws.clients import AwsClients
from adapters.aws.faults import code_of, translated
from domain.errors import DependencyRefused, DependencyUnavailable, VersionConflict
from domain.identifiers import NAMED_ID, CampaignId, WriteToken
from domain.ports.clock import Clock
from domain.ports.ids import Ids

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

SCHEMA = 1
"""Version of the records' layout (docs/data-model.md)."""

RETENTION = timedelta(days=180)
"""How long chunks are kept after they were last written; DynamoDB's TTL then deletes them."""

_KEYS_A_BATCH_GET = 100
_WRITES_A_BATCH = 25
_ATTEMPTS = 8
_FIRST_WAIT = timedelta(milliseconds=10)
_WRITTEN_BY = "written_by"
_CONDITION_FAILED = "ConditionalCheckFailed"
_PASSING = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "None"}
)

Item = dict[str, Any]  # Any: DynamoDB's values; a codec beside each repository gives them types
Key = tuple[str, str]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


@dataclass(frozen=True)
class Put:
    """Write a whole record if `condition` holds of the stored one."""

    item: Item
    condition: str | None = None
    names: Mapping[str, str] | None = None
    values: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Add:
    """Add to the counters of a record, which is made if there is none, and set `attributes`."""

    key: Key
    counters: Mapping[str, int]
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """Write nothing; the transaction holds only if `condition` does."""

    key: Key
    condition: str
    names: Mapping[str, str]
    values: Mapping[str, object]


@dataclass(frozen=True)
class Delete:
    """Delete a record if `condition` holds of it."""

    key: Key
    condition: str | None = None
    names: Mapping[str, str] | None = None
    values: Mapping[str, object] | None = None


Write = Put | Add | Check | Delete


class UnknownLayoutError(ValueError):
    """Newer code wrote a message; the text has the number of its layout, and nothing else of it."""


def check_schema(message: Mapping[str, Any]) -> None:
    """Raises UnknownLayoutError where newer code wrote it: it waits for code that knows it."""
    if int(message["schema"]) > SCHEMA:
        raise UnknownLayoutError(f"of layout {message['schema']}, and this code knows {SCHEMA}")


def campaign_id_of(message: Mapping[str, Any]) -> CampaignId:
    """Raises KeyError, and ValueError where it cannot be one: nothing could be stored under it."""
    text = message["campaign_id"]
    if not isinstance(text, str) or not NAMED_ID.fullmatch(text):
        raise ValueError("campaign_id: not an id")
    return CampaignId(text)


def put_version(item: Item, expected: int) -> Put:
    """Write the record if the stored one has version `expected`."""
    return Put(item, "#version = :expected", {"#version": "version"}, {":expected": expected})


def put_new(item: Item) -> Put:
    """Write the record if there is none with its key."""
    return Put(item, "attribute_not_exists(pk)")


def put_after(item: Item, version: int) -> Put:
    """Write the record in place of the one of `version`; of version 0 there is none yet."""
    return put_version(item, version) if version else put_new(item)


def put_unchanged(item: Item, read: Item) -> Put:
    """Write the record if the stored one is the one that was read."""
    return Put(item, *_unchanged(read))


def delete_unchanged(read: Item) -> Delete:
    """Delete the record if the stored one is the one that was read."""
    return Delete((read["pk"], read["sk"]), *_unchanged(read))


class Table:
    """One table. Conditional writes raise VersionConflict; all else a DependencyFault."""

    def __init__(self, clients: AwsClients, name: str, clock: Clock, ids: Ids) -> None:
        """Nothing is called yet."""
        self._clients = clients
        self._name = name
        self._clock = clock
        self._ids = ids

    def back_off(self, attempt: int) -> datetime:
        """Wait a little after the second lost race, longer after each; returns the time then."""
        if attempt:
            self._wait(min(attempt, 3), self._ids.write_token())
        return self._clock.now()

    def expires_at(self) -> int:
        """The TTL of what is written now, in seconds since the epoch."""
        return int((self._clock.now() + RETENTION).timestamp())

    def get(self, key: Key) -> Item | None:
        """One record, strongly consistent."""
        with translated("DynamoDB GetItem"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._name, Key=_key(key), ConsistentRead=True
            )
        return _from_wire(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Sequence[Key], *, consistent: bool) -> dict[Key, Item]:
        """Those records that exist, by key; what DynamoDB leaves unprocessed is asked for again."""
        found: dict[Key, Item] = {}
        for start in range(0, len(keys), _KEYS_A_BATCH_GET):
            wanted = [_key(key) for key in keys[start : start + _KEYS_A_BATCH_GET]]
            for attempt in range(_ATTEMPTS):
                with translated("DynamoDB BatchGetItem"):
                    answer = self._clients.dynamodb.batch_get_item(
                        RequestItems={self._name: {"Keys": wanted, "ConsistentRead": consistent}}
                    )
                for wire in answer["Responses"].get(self._name, []):
                    item = _from_wire(wire)
                    found[item["pk"], item["sk"]] = item
                unprocessed = answer.get("UnprocessedKeys", {}).get(self._name)
                if not unprocessed:
                    break
                wanted = [dict(key) for key in unprocessed["Keys"]]
                self._wait(attempt, str(start))
            else:
                raise DependencyRefused("DynamoDB BatchGetItem: keys left unprocessed")
        return found

    def batch_put(self, items: Sequence[Item]) -> None:
        """Write whole records, whatever was there; unprocessed ones are written again."""
        for start in range(0, len(items), _WRITES_A_BATCH):
            requests = [
                {"PutRequest": {"Item": _to_wire(item)}}
                for item in items[start : start + _WRITES_A_BATCH]
            ]
            for attempt in range(_ATTEMPTS):
                with translated("DynamoDB BatchWriteItem"):
                    answer = self._clients.dynamodb.batch_write_item(
                        RequestItems={self._name: requests}  # type: ignore[dict-item]  # same shape, made here
                    )
                requests = answer.get("UnprocessedItems", {}).get(self._name, [])  # type: ignore[assignment]  # likewise
                if not requests:
                    break
                self._wait(attempt, str(start))
            else:
                raise DependencyRefused("DynamoDB BatchWriteItem: items left unprocessed")

    def query(  # noqa: PLR0913  a query has that many parts
        self,
        condition: str,
        values: Mapping[str, object],
        *,
        index: str | None = None,
        names: Mapping[str, str] | None = None,
        consistent: bool = False,
        backwards: bool = False,
        limit: int | None = None,
        start: Key | Mapping[str, str] | None = None,
    ) -> Iterator[Item]:
        """Records of a key condition in key order, page after page, until `limit` are had."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {
                name: _serializer.serialize(value) for name, value in values.items()
            },
            "ConsistentRead": consistent,
            "ScanIndexForward": not backwards,
        }
        if index is not None:
            request["IndexName"] = index
        if names is not None:
            request["ExpressionAttributeNames"] = dict(names)
        if start is not None:
            plain = (
                dict(start)
                if isinstance(start, Mapping)
                else dict(zip(("pk", "sk"), start, strict=True))
            )
            request["ExclusiveStartKey"] = _to_wire(plain)
        remaining = limit
        while True:
            if remaining is not None:
                request["Limit"] = remaining
            with translated("DynamoDB Query"):
                answer = self._clients.dynamodb.query(**request)
            for wire in answer["Items"]:
                yield _from_wire(wire)
            if remaining is not None:
                remaining -= len(answer["Items"])
            following = answer.get("LastEvaluatedKey")
            if not following or remaining == 0:
                return
            request["ExclusiveStartKey"] = following

    def put(self, put: Put) -> None:
        """One conditional write, repeated while it meets a transaction.

        A failed condition is read back: where the stored record carries this write's own token,
        the write stands, and only its first answer was lost. Else it raises StoredConflict.
        """
        token = self._ids.write_token()
        request = self._put_request(put, token)
        dynamodb = self._clients.dynamodb
        for attempt in range(_ATTEMPTS):
            with translated("DynamoDB PutItem"):
                try:
                    dynamodb.put_item(**request)
                except dynamodb.exceptions.ConditionalCheckFailedException as error:
                    stored: Any = error.response.get("Item")
                    if _wrote(stored, token):
                        return
                    raise StoredConflict(_from_wire(stored) if stored else None) from error
                except dynamodb.exceptions.TransactionConflictException:
                    pass
                else:
                    return
            self._wait(attempt, token)
        raise DependencyUnavailable("DynamoDB PutItem: conflicts with transactions did not end")

    def delete(self, key: Key) -> Item | None:
        """Delete a record; returns what it was, None if there was none."""
        with translated("DynamoDB DeleteItem"):
            answer = self._clients.dynamodb.delete_item(
                TableName=self._name, Key=_key(key), ReturnValues="ALL_OLD"
            )
        return _from_wire(answer["Attributes"]) if answer.get("Attributes") else None

    def transact(self, writes: Sequence[Write]) -> None:
        """All writes or none. Raises TransactionRefused if conditions fail.

        Conflicts with another transaction and throttling are no lost race: the same writes are
        repeated with the same token, which DynamoDB carries out once.
        """
        token = self._ids.write_token()
        items = [self._transact_item(write, token) for write in writes]
        for attempt in range(_ATTEMPTS):
            with translated("DynamoDB TransactWriteItems"):
                try:
                    self._clients.dynamodb.transact_write_items(
                        TransactItems=items, ClientRequestToken=token
                    )
                except self._clients.dynamodb.exceptions.TransactionCanceledException as error:
                    if _carried_out(error, token):
                        return
                except ClientError as error:
                    if code_of(error) != "TransactionInProgressException":
                        raise
                else:
                    return
            self._wait(attempt, token)
        raise DependencyUnavailable("DynamoDB TransactWriteItems: conflicts did not end")

    def _put_request(self, put: Put, token: WriteToken) -> dict[str, Any]:
        request: dict[str, Any] = {
            "TableName": self._name,
            "Item": _to_wire({**put.item, _WRITTEN_BY: token}),
        }
        if put.condition is not None:
            request |= _condition(put.condition, put.names, put.values)
        return request

    def _transact_item(self, write: Write, token: WriteToken) -> "TransactWriteItemTypeDef":
        match write:
            case Put():
                return {"Put": self._put_request(write, token)}  # type: ignore[typeddict-item]  # built piece by piece
            case Add():
                attributes: dict[str, int | str] = {"schema": SCHEMA, **write.attributes}
                values = {**write.counters, **attributes}
                place = {name: index for index, name in enumerate(values)}
                added = ", ".join(f"#{place[name]} :{place[name]}" for name in write.counters)
                set_to = ", ".join(f"#{place[name]} = :{place[name]}" for name in attributes)
                return {
                    "Update": {
                        "TableName": self._name,
                        "Key": _key(write.key),
                        "UpdateExpression": f"ADD {added} SET {set_to}",
                        "ExpressionAttributeNames": {
                            f"#{index}": name for name, index in place.items()
                        },
                        "ExpressionAttributeValues": {
                            f":{index}": _serializer.serialize(value)
                            for index, value in enumerate(values.values())
                        },
                    }
                }
            case Delete():
                delete: dict[str, Any] = {"TableName": self._name, "Key": _key(write.key)}
                if write.condition is not None:
                    delete |= _condition(write.condition, write.names, write.values)
                return {"Delete": delete}  # type: ignore[typeddict-item]  # likewise
            case Check():
                check: dict[str, Any] = {"TableName": self._name, "Key": _key(write.key)}
                check |= _condition(write.condition, write.names, write.values)
                return {"ConditionCheck": check}  # type: ignore[typeddict-item]  # likewise

    def _wait(self, attempt: int, seed: str) -> None:
        """Exponential backoff; the seed spreads the waits of those who met in a conflict."""
        spread = hashlib.sha256(f"{seed}{attempt}".encode()).digest()[0] / 255
        self._clock.sleep(_FIRST_WAIT * 2**attempt * (0.5 + spread))


class StoredConflict(VersionConflict):
    """A condition failed; `stored` is the record that was there, None if there was none."""

    def __init__(self, stored: Item | None) -> None:
        super().__init__("another version is stored")
        self.stored = stored


class TransactionRefused(VersionConflict):
    """The conditions of some writes failed; `failed` are their places, and nothing was written."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__("another version is stored")
        self.failed = failed


def _unchanged(read: Item) -> tuple[str, Mapping[str, str], Mapping[str, object] | None]:
    """Every write has a token of its own; a record without one is from before they were kept."""
    names = {"#written_by": _WRITTEN_BY}
    if _WRITTEN_BY not in read:
        return "attribute_exists(pk) AND attribute_not_exists(#written_by)", names, None
    return "#written_by = :read", names, {":read": read[_WRITTEN_BY]}


def _carried_out(error: ClientError, token: WriteToken) -> bool:
    """Whether a cancelled transaction had been carried out before; raises if it never will be.

    False: it met another transaction or a throttle, and may be repeated.
    """
    reasons: Any = error.response.get("CancellationReasons", [])
    failed = [reason for reason in reasons if reason.get("Code") == _CONDITION_FAILED]
    if failed:
        if any(_wrote(reason.get("Item"), token) for reason in failed):
            return True
        raise TransactionRefused(
            frozenset(
                index
                for index, reason in enumerate(reasons)
                if reason.get("Code") == _CONDITION_FAILED
            )
        ) from error
    if all(reason.get("Code") in _PASSING for reason in reasons):
        return False
    raise error


def _wrote(stored: Mapping[str, Any] | None, token: WriteToken) -> bool:
    return stored is not None and stored.get(_WRITTEN_BY) == {"S": token}


def _condition(
    condition: str,
    names: Mapping[str, str] | None,
    values: Mapping[str, object] | None,
) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "ConditionExpression": condition,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if names:
        parts["ExpressionAttributeNames"] = dict(names)
    if values:
        parts["ExpressionAttributeValues"] = {
            name: _serializer.serialize(value) for name, value in values.items()
        }
    return parts


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _to_wire(item: Mapping[str, object]) -> dict[str, Any]:
    return {name: _serializer.serialize(value) for name, value in item.items()}


def _from_wire(wire: Mapping[str, Any]) -> Item:
    item = {name: _deserializer.deserialize(value) for name, value in wire.items()}
    # An entry of the open-work index is only its keys.
    written_by = int(item.get("schema", SCHEMA))
    if written_by > SCHEMA:
        # Newer code wrote it, and older code would lose what it does not know.
        raise DependencyRefused(
            f"DynamoDB: a record of layout {written_by}, and this code knows {SCHEMA}"
        )
    return item
