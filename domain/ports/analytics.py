"""Where the analytics of campaigns are kept: a line for each."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.path_line import LineRef, PathLine


class AnalyticsRepository(Protocol):
    """Every method raises DependencyFault; reads may then be repeated."""

    def get(self, ref: LineRef) -> PathLine | None:
        """The line as last written; a strongly consistent read."""
        ...

    def save(self, line: PathLine) -> PathLine:
        """Write it if the stored version is still `line.version`, 0 for none; one higher then.

        Whoever reads the line, then the ledger, and then writes never puts an older reading over
        a newer one. Raises VersionConflict, and then nothing was written. A write whose answer was
        lost and that was repeated underneath counts as the success it was.
        """
        ...

    def of_day(self, day: date) -> Sequence[PathLine]:
        """All lines of a day, in no order; may miss the latest second's writes."""
        ...
