"""Create a series, and the campaign of its first occurrence."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from domain.errors import AlreadyExists
from domain.idempotency import IdempotencyRecord
from domain.identifiers import SeriesId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.series import SeriesRepository
from domain.series import Series, SeriesPlan
from domain.use_cases.make_occurrences import MakeOccurrences, request_of
from domain.use_cases.series_change import make_or_leave
from domain.use_cases.unanswered_add import add_even_unanswered

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CreateSeries:
    """It is checked as its campaigns will be."""

    series: SeriesRepository
    make: MakeOccurrences
    clock: Clock
    ids: Ids
    min_interval: timedelta

    def __call__(self, plan: SeriesPlan, *, record: IdempotencyRecord | None = None) -> Series:
        """With a `record` it is the same at every try, and one that is there is the answer.

        Raises InvalidInput and DependencyFault.
        """
        now = self.clock.now()
        fresh_id = self.ids.series_id()
        series_id = fresh_id if record is None else SeriesId(record.named(fresh_id))
        if record is not None and record.is_repeat:
            found = self.series.get(series_id)
            if found is not None:
                return make_or_leave(self.make, self.series, found)
        series = Series.begin(series_id, plan.checked(now, self.min_interval), now)
        self.make.create.check(request_of(series))
        # A second one would mail twice; one that is there is of an earlier try under the same key.
        with suppress(AlreadyExists):
            add_even_unanswered(
                lambda: self.series.add(series), lambda: self.series.get(series_id) is not None
            )
        logger.info("Series created", extra={"series_id": series_id})
        return make_or_leave(self.make, self.series, series)
