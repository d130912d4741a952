"""Pause, resume or end a series."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from domain.identifiers import SeriesId
from domain.ports.series import SeriesRepository
from domain.series import Series, SeriesState
from domain.use_cases.series_change import SeriesChange

logger = logging.getLogger(__name__)


class Steering(StrEnum):
    """What people do with one that is there."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


_CHANGES: Mapping[Steering, Callable[[Series, datetime], Series]] = MappingProxyType(
    {Steering.PAUSE: Series.pause, Steering.RESUME: Series.resume, Steering.END: Series.end}
)
_LEADS_TO: Mapping[Steering, SeriesState] = MappingProxyType(
    {
        Steering.PAUSE: SeriesState.PAUSED,
        Steering.RESUME: SeriesState.ACTIVE,
        Steering.END: SeriesState.ENDED,
    }
)


@dataclass(frozen=True, kw_only=True)
class SteerSeries:
    """One that holds mails nobody until it is resumed, but for what has started."""

    series: SeriesRepository
    change: SeriesChange

    def __call__(
        self,
        series_id: SeriesId,
        steering: Steering,
        *,
        revisions: Collection[int] | None = None,
        tried_at: datetime | None = None,
    ) -> Series:
        """Only one of `revisions`, if given.

        `tried_at` is when the same was tried, with nobody knows what effect: one that was changed
        since, and is where it should be, is answered as it is. Raises NotFound, StaleRevision,
        IllegalTransition, VersionConflict and DependencyFault.
        """
        if tried_at is not None:
            found = self.series.get(series_id)
            if (
                found is not None
                and found.state is _LEADS_TO[steering]
                and found.revised_at >= tried_at
            ):
                return found
        stored = self.change(
            series_id,
            _CHANGES[steering],
            revisions=revisions,
            holds=steering is not Steering.RESUME,
        )
        logger.info("Series: %s", steering, extra={"series_id": series_id})
        return stored
