"""A SQLite database whose every committed write is seen, and whose writers may be killed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.memory.database import MemoryDatabase
from adapters.memory.ordered_keys import OrderedByKey
from adapters.sqlite.database import SqliteDatabase, Synchronous
from adapters.sqlite.records import decode
from domain.campaign import Campaign
from domain.chunk import Chunk
from domain.errors import DependencyFault
from domain.fan_out import FanOutRange
from domain.identifiers import CampaignId, ContactId, SegmentId
from domain.path_line import PathLine
from domain.recipient import Recipient
from domain.suppression import Suppression, SuppressionEntry
from domain.tally import Tally
from tests.simulation.family import Watch
from tests.simulation.faults import Kill
from tests.simulation.hub import Died

_RECIPIENTS = (
    "(SELECT recipients FROM chunk_manifests WHERE campaign_id = new.campaign_id"
    " AND range_number = new.range_number AND number = new.number)"
)
_SEEN = {
    "campaigns": "new.record",
    "chunks": f"new.progress, {_RECIPIENTS}",
    "fan_out_ranges": "new.record",
    "path_lines": "new.record",
    "segment_members": "new.segment_id, new.member_key, new.contact_id",
    "suppressions": "new.record",
    "tallies": "new.campaign_id, new.tally",
}
"""What a row says, by its table; `new` is the row."""

_TRIGGERS = ";".join(
    f"CREATE TEMP TRIGGER {table}_{event.lower()} AFTER {event} ON main.{table}"
    f" BEGIN SELECT seen('{table}', {columns}); END"
    for table, columns in _SEEN.items()
    for event in ("INSERT", "UPDATE")
)
_SEEING = "seen"

KINDS = ("campaigns", "chunks", "ranges", "tallies", "lines", "members", "suppressions")
"""What of a memory family's records these are."""


class ObservedSqliteDatabase(SqliteDatabase):
    """Tells of every write as it is committed, in order."""

    def __init__(self, path: Path, watch: Watch) -> None:
        """Of an existing file; an error is a defect: nothing here gives cause for any."""
        self._watch = watch
        self._log = Path(f"{path}-wal")
        self._synced = 0
        """So many bytes of the log are on the disk."""
        self._uncommitted: list[tuple[Any, ...]] = []
        self._is_in_use = False
        self._kill: Kill | None = None
        super().__init__(path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """By one process at a time: none is switched from in the middle."""
        with self._alone(), super().reading() as connection:
            yield connection

    @contextmanager
    def killed_at_commit(self, kill: Kill) -> Iterator[None]:
        """Whoever commits first dies before it, or as soon as it is done."""
        self._kill = kill
        try:
            yield
        finally:
            self._kill = None

    def stored(self) -> MemoryDatabase:
        """What the file has."""
        records = MemoryDatabase()
        with self.reading() as connection:
            for table, columns in _SEEN.items():
                for row in connection.execute(f"SELECT {columns} FROM {table} AS new"):  # noqa: S608  no value
                    _put(records, table, *row)
        return records

    def lose_power(self, kept: float) -> None:
        """Nobody may be at it. Of the log that is not on the disk the first part, `kept`, is there.

        What of that is no whole transaction SQLite passes over.
        """
        file, log = self.path.read_bytes(), self._log.read_bytes()
        self._synced += int(kept * (len(log) - self._synced))
        # To close it is to move the log into the file.
        self.close()
        self.path.write_bytes(file)
        self._log.write_bytes(log[: self._synced])
        stored = self.stored()
        for kind in KINDS:
            records = getattr(self._watch.database, kind)
            records.clear()
            # Nobody is told: nothing was written.
            dict.update(records, getattr(stored, kind))

    @contextmanager
    def _writing(self, synchronous: Synchronous) -> Iterator[sqlite3.Connection]:
        self._uncommitted.clear()
        with self._alone(), super()._writing(synchronous) as connection:
            yield connection
            if self._kill is Kill.BEFORE:
                raise Died
        for row in self._uncommitted:
            _put(self._watch.database, *row)
        if synchronous is Synchronous.FULL:
            self._synced = self._log.stat().st_size
        else:
            self._watch.unsynced()
        if self._kill is Kill.AFTER:
            raise Died

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._is_in_use:
            raise AssertionError("a process was switched from in the middle of a transaction")
        self._is_in_use = True
        try:
            yield
        except DependencyFault as fault:
            self._watch.defect(fault)
            raise
        finally:
            self._is_in_use = False

    def _connection(self, synchronous: Synchronous) -> sqlite3.Connection:
        is_new = synchronous not in self._threads.__dict__
        connection = super()._connection(synchronous)
        if is_new:
            connection.create_function(_SEEING, -1, self._see)
            connection.executescript(_TRIGGERS)
        return connection

    def _checkpoint(self) -> None:
        """The log only grows: what was there at a moment is a first part of it."""

    def _see(self, *row: Any) -> None:  # noqa: ANN401  columns
        self._uncommitted.append(row)


def _put(records: MemoryDatabase, table: str, *row: Any) -> None:  # noqa: ANN401  columns
    match table, row:
        case "campaigns", (record,):
            campaign = decode(record, Campaign)
            records.campaigns[campaign.campaign_id] = campaign
        case "chunks", (progress, recipients):
            chunk = replace(
                decode(progress, Chunk), recipients=decode(recipients, tuple[Recipient, ...])
            )
            records.chunks[chunk.ref] = chunk
        case "fan_out_ranges", (record,):
            fan_out_range = decode(record, FanOutRange)
            of_campaign = records.ranges.setdefault(fan_out_range.campaign_id, {})
            of_campaign[fan_out_range.number] = fan_out_range
        case "path_lines", (record,):
            line = decode(record, PathLine)
            records.lines[line.ref] = line
        case "segment_members", (segment_id, member_key, contact_id):
            members = records.members.setdefault(SegmentId(segment_id), OrderedByKey())
            members[member_key] = ContactId(contact_id)
        case "suppressions", (record,):
            entry = decode(record, SuppressionEntry)
            assert entry.address is not None, "nobody is erased here"
            records.suppressions[entry.address] = Suppression(
                entry.address, entry.reason, entry.since, entry.scope, entry.note
            )
        case "tallies", (campaign_id, tally):
            records.tallies[CampaignId(campaign_id)] = decode(tally, Tally)
        case _:
            raise AssertionError(f"a row of {table}: {row}")
