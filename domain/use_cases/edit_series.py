"""Edit a series: what is not made yet, and what waits as it was made, follow."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.identifiers import SeriesId
from domain.series import Series, SeriesPlan
from domain.use_cases.create_campaign import CreateCampaign
from domain.use_cases.make_occurrences import request_of
from domain.use_cases.series_change import SeriesChange

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class EditSeries:
    """It is checked as when it was created."""

    change: SeriesChange
    create: CreateCampaign
    min_interval: timedelta

    def __call__(
        self,
        series_id: SeriesId,
        edit: Callable[[SeriesPlan], SeriesPlan],
        *,
        revisions: Collection[int] | None = None,
    ) -> Series:
        """`edit` gives the new plan. Only one of `revisions`, if given.

        Raises InvalidInput, NotFound, StaleRevision, IllegalTransition, VersionConflict and
        DependencyFault.
        """

        def edited(series: Series, now: datetime) -> Series:
            plan = edit(series.plan).checked(now, self.min_interval)
            changed = series.edit(plan, now)
            self.create.check(request_of(changed))
            return changed

        stored = self.change(series_id, edited, revisions=revisions, holds=False)
        logger.info("Series edited", extra={"series_id": series_id})
        return stored
