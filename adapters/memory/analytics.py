"""The analytics of campaigns in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from adapters.memory.database import MemoryDatabase
from domain.errors import VersionConflict
from domain.path_line import LineRef, PathLine


class MemoryAnalyticsRepository:
    """Implements `domain.ports.analytics.AnalyticsRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def get(self, ref: LineRef) -> PathLine | None:
        """As last written."""
        return self._database.lines.get(ref)

    def save(self, line: PathLine) -> PathLine:
        """By version."""
        with self._database.lock:
            stored = self._database.lines.get(line.ref)
            if (0 if stored is None else stored.version) != line.version:
                raise VersionConflict(f"line of campaign {line.ref.campaign_id}")
            saved = replace(line, version=line.version + 1)
            self._database.lines[line.ref] = saved
            return saved

    def of_day(self, day: date) -> Sequence[PathLine]:
        """Small enough to look through."""
        with self._database.lock:
            return [line for ref, line in self._database.lines.items() if ref.day == day]
