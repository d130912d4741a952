"""Where series are kept."""

from dataclasses import dataclass
from typing import Protocol

from domain.campaign import Campaign
from domain.fan_out import FanOutRange
from domain.identifiers import SeriesId
from domain.series import Series


@dataclass(frozen=True)
class SeriesPage:
    """Series, newest first. `cursor` reads on; None when there are no more."""

    series: tuple[Series, ...]
    cursor: str | None


class SeriesRepository(Protocol):
    """Every method raises DependencyFault."""

    def add(self, series: Series) -> None:
        """Write a new series. Raises AlreadyExists if the id is taken."""
        ...

    def get(self, series_id: SeriesId) -> Series | None:
        """The series as last written; strongly consistent."""
        ...

    def save(self, series: Series, *campaigns: Campaign) -> Series:
        """Write it, and with it `campaigns`, if the stored versions are still these; all or none.

        Returns the series as stored, of the next version. Raises VersionConflict, and then nothing
        was written. A write whose answer was lost and that was repeated underneath counts as the
        success it was.
        """
        ...

    def make(self, series: Series, campaign: Campaign, ranges: tuple[FanOutRange, ...]) -> Series:
        """As `save`, together with a new campaign and its fan-out ranges.

        Raises VersionConflict, also where the campaign's id is taken.
        """
        ...

    def page(self, limit: int, cursor: str | None) -> SeriesPage:
        """Series, newest first; eventually consistent. Raises InvalidInput naming `cursor`."""
        ...
