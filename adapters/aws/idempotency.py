"""Idempotency records in DynamoDB."""

import json
import math
import zlib

from adapters.aws.keys import idempotency_key
from adapters.aws.table import SCHEMA, Item, Put, Table, put_version
from adapters.aws.times import text_to_time, time_to_text
from domain.errors import IdempotencyKeyInUse, VersionConflict
from domain.idempotency import RETENTION, IdempotencyRecord, KeptAnswer


class DynamoDBIdempotencyRepository:
    """Implements `domain.ports.idempotency.IdempotencyRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def get(self, digest: str) -> IdempotencyRecord | None:
        """A consistent GetItem."""
        item = self._table.get(idempotency_key(digest))
        return None if item is None else _item_to_record(item)

    def save(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """A conditional PutItem."""
        try:
            self._table.put(put_record(record))
        except VersionConflict as error:
            raise IdempotencyKeyInUse from error
        return record.stored()


def put_record(record: IdempotencyRecord) -> Put:
    """The write of `save`, alone or in a transaction."""
    item = _record_to_item(record.stored())
    if record.version:
        return put_version(item, record.version)
    return Put(
        item,
        "attribute_not_exists(pk) OR began_at <= :bygone",
        values={":bygone": time_to_text(record.began_at - RETENTION)},
    )


def _record_to_item(record: IdempotencyRecord) -> Item:
    """The record; its answer compressed, for it may be as large as what was created."""
    key = idempotency_key(record.digest)
    item: Item = {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "version": record.version,
        "fingerprint": record.fingerprint,
        "ulid": record.ulid,
        "began_at": time_to_text(record.began_at),
        "lease_until": time_to_text(record.lease_until),
        "is_repeat": record.is_repeat,
        "is_undone": record.is_undone,
        "expires_at": math.ceil(record.expires_at.timestamp()),
    }
    if record.answer is not None:
        item |= {
            "answer_status": record.answer.status,
            "answer_headers": json.dumps(dict(record.answer.headers)),
            "answer_body": zlib.compress(record.answer.body.encode()),
        }
    return item


def _item_to_record(item: Item) -> IdempotencyRecord:
    """The inverse of `_record_to_item`."""
    answer = None
    if "answer_status" in item:
        answer = KeptAnswer(
            int(item["answer_status"]),
            json.loads(item["answer_headers"]),
            zlib.decompress(bytes(item["answer_body"])).decode(),
        )
    return IdempotencyRecord(
        digest=item["pk"].partition("#")[2],
        fingerprint=item["fingerprint"],
        ulid=item["ulid"],
        began_at=text_to_time(item["began_at"]),
        lease_until=text_to_time(item["lease_until"]),
        is_repeat=item["is_repeat"],
        is_undone=item["is_undone"],
        answer=answer,
        version=int(item["version"]),
    )
