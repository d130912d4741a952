"""The analytics of campaigns in DynamoDB."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import date

from adapters.aws.table import SCHEMA, Item, Key, Table, put_after
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from domain.path_line import RETENTION, LineRef, PathLine
from domain.path_policy import ExecutionPath
from domain.tally import Tally

LINE_SHARD = "lines"
"""Of lines in the index of open work."""


class DynamoDBAnalyticsRepository:
    """Implements `domain.ports.analytics.AnalyticsRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def get(self, ref: LineRef) -> PathLine | None:
        """A consistent GetItem."""
        item = self._table.get(_line_key(ref))
        return None if item is None else _item_to_line(item)

    def save(self, line: PathLine) -> PathLine:
        """A conditional PutItem."""
        stored = replace(line, version=line.version + 1)
        item = _line_to_item(stored)
        self._table.put(put_after(item, line.version))
        return stored

    def of_day(self, day: date) -> Sequence[PathLine]:
        """One Query, eventually consistent."""
        found = self._table.query("pk = :pk", {":pk": _partition(day)})
        return [_item_to_line(item) for item in found]


def line_ref_of(item: Item) -> LineRef:
    """What a line, or an entry of the shard `LINE_SHARD`, names."""
    return LineRef(date.fromisoformat(item["pk"].partition("#")[2]), CampaignId(item["sk"]))


def _partition(day: date) -> str:
    """Where the lines of a day are."""
    return f"ANALYTICS#{day.isoformat()}"


def _line_key(ref: LineRef) -> Key:
    return _partition(ref.day), ref.campaign_id


def _line_to_item(line: PathLine) -> Item:
    """A line's record, without what is None: the index of open work is sparse by its absence."""
    key = _line_key(line.ref)
    look = line.next_look_at
    item: Item = {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "version": line.version,
        "path": line.path.value,
        # Not `state`: the index of campaigns by state would have it.
        "campaign_state": line.state.value,
        "started_at": optional_time_to_text(line.started_at),
        "ended_at": optional_time_to_text(line.ended_at),
        "start_latency_ms": line.start_latency_ms,
        "lateness_ms": line.lateness_ms,
        "sending_ms": line.sending_ms,
        "recipients": line.recipients,
        "counts": {name: count for name, count in asdict(line.tally).items() if count},
        "as_of": time_to_text(line.as_of),
        "open_shard": None if look is None else LINE_SHARD,
        "next_check_at": optional_time_to_text(look),
        "expires_at": int((line.as_of + RETENTION).timestamp()),
    }
    return {name: value for name, value in item.items() if value is not None}


def _item_to_line(item: Item) -> PathLine:
    """The inverse of `_line_to_item`."""
    counts = item["counts"]
    return PathLine(
        ref=line_ref_of(item),
        path=ExecutionPath(item["path"]),
        state=CampaignState(item["campaign_state"]),
        started_at=optional_text_to_time(item.get("started_at")),
        ended_at=optional_text_to_time(item.get("ended_at")),
        start_latency_ms=_optional_int(item.get("start_latency_ms")),
        lateness_ms=_optional_int(item.get("lateness_ms")),
        sending_ms=_optional_int(item.get("sending_ms")),
        recipients=int(item["recipients"]),
        tally=Tally(**{each.name: int(counts.get(each.name, 0)) for each in fields(Tally)}),
        as_of=text_to_time(item["as_of"]),
        version=int(item["version"]),
    )


def _optional_int(value: object) -> int | None:
    return None if value is None else int(str(value))
