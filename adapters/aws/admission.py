"""Admission control in DynamoDB: shared by all who start campaigns in one account."""

from datetime import datetime, timedelta

from adapters.aws.keys import ADMISSIONS_KEY
from adapters.aws.table import SCHEMA, Item, StoredConflict, Table, put_after
from adapters.aws.times import text_to_time, time_to_text
from domain.admission import Admissions, StartLimits

_ATTEMPTS = 5
"""Lost races in a row, each won by another start; then there are too many at once."""
_WAIT = timedelta(seconds=1)
"""What is told then."""


class DynamoDBAdmissionControl:
    """Implements `domain.ports.admission.AdmissionControl` by one small record.

    A process remembers the buckets as it last saw them and writes at once; a lost race gives the
    stored ones back in the same answer. Others only take from them: where those remembered are
    empty, so are those stored, and nothing is called.
    """

    def __init__(self, table: Table, limits: StartLimits) -> None:
        """Every bucket is full, until somebody tells otherwise."""
        self._table = table
        self._limits = limits
        self._seen = (Admissions(), 0)

    def admit(self, key_id: str | None, now: datetime) -> timedelta | None:
        """By version."""
        admissions, version = self._seen
        for attempt in range(_ATTEMPTS):
            taken = admissions.take(key_id, now, self._limits)
            if isinstance(taken, timedelta):
                self._seen = (admissions, version)
                return taken
            item = _admissions_to_item(taken, version + 1)
            try:
                self._table.put(put_after(item, version))
            except StoredConflict as conflict:
                admissions, version = _item_to_admissions(conflict.stored)
                self._table.back_off(attempt)
                continue
            self._seen = (taken, version + 1)
            return None
        return _WAIT


def _admissions_to_item(admissions: Admissions, version: int) -> Item:
    """The buckets' record."""
    item: Item = {
        "pk": ADMISSIONS_KEY[0],
        "sk": ADMISSIONS_KEY[1],
        "schema": SCHEMA,
        "version": version,
        "keys": {key_id: time_to_text(at) for key_id, at in admissions.keys_full_at.items()},
    }
    if admissions.account_full_at is not None:
        item["account"] = time_to_text(admissions.account_full_at)
    return item


def _item_to_admissions(item: Item | None) -> tuple[Admissions, int]:
    """The buckets and their version; full ones of version 0 where there is no record."""
    if item is None:
        return Admissions(), 0
    account = item.get("account")
    admissions = Admissions(
        None if account is None else text_to_time(account),
        {key_id: text_to_time(at) for key_id, at in item["keys"].items()},
    )
    return admissions, int(item["version"])
