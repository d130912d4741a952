"""Make the campaigns of a series: the next one always, beforehand."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import InvalidInput
from domain.fan_out import new_ranges
from domain.identifiers import SeriesId
from domain.path_policy import ExecutionPath, Timing
from domain.ports.clock import Clock
from domain.ports.metrics import Metrics
from domain.ports.series import SeriesRepository
from domain.series import Series, SeriesState
from domain.use_cases.create_campaign import CampaignRequest, CreateCampaign

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MakeOccurrences:
    """A campaign and the note that it was made are one write, by version (docs/series.md)."""

    series: SeriesRepository
    create: CreateCampaign
    clock: Clock
    metrics: Metrics

    def __call__(self, series_id: SeriesId) -> None:
        """Whatever is to be made now; nothing where the series is not due, or not active.

        What cannot be made for a reason that people have to mend is written down in the series. Who
        loses a race to somebody else leaves the rest to them: VersionConflict. Raises
        DependencyFault: it may be repeated.
        """
        series = self.series.get(series_id)
        if series is None or series.next_check_at is None:
            return
        if series.next_check_at > self.clock.now():
            return
        going_on: Series | None = series
        while going_on is not None and going_on.state is SeriesState.ACTIVE:
            going_on = self._step(going_on)

    def _step(self, series: Series) -> Series | None:
        """The series as it is then; None where there is nothing to do for now."""
        now = self.clock.now()
        passed = series.pass_over(now, self.create.policy.max_lateness)
        if passed is not series:
            return self._missed(series, passed)
        look_at = series.look_at(now, self.create.horizon)
        if look_at is None:
            return self.series.save(series.over())
        if look_at > now:
            self.series.save(series.check_again(look_at))
            return None
        return self._make(series, now)

    def _make(self, series: Series, now: datetime) -> Series | None:
        occurrence_at = series.next_at
        if occurrence_at is None:
            return None
        try:
            request = request_of(series)
            self.create.check(request)
        except InvalidInput as error:
            if occurrence_at <= now:
                return self._missed(series, series.missed(str(error)))
            logger.warning(
                "The next occurrence cannot be made: %s",
                error,
                extra={"series_id": series.series_id, "occurrence_at": occurrence_at.isoformat()},
            )
            self.series.save(series.troubled(str(error), now))
            return None
        composed = self.create.compose(
            request, _timing_of(occurrence_at, now), series.campaign_id_of_next, now
        )
        campaign = replace(
            composed, series_id=series.series_id, occurrence_at=occurrence_at
        ).as_created()
        ranges = new_ranges(campaign.campaign_id, self.create.fan_out_ranges)
        made = series.made(campaign.campaign_id).check_again(now)
        stored = self.series.make(made, campaign, ranges)
        self.metrics.campaign_created(campaign)
        logger.info(
            "Made the campaign of an occurrence",
            extra={
                "series_id": series.series_id,
                "occurrence_at": occurrence_at.isoformat(),
                "campaign_id": campaign.campaign_id,
            },
        )
        self.create.trigger(campaign)
        return stored

    def _missed(self, before: Series, after: Series) -> Series:
        stored = self.series.save(after)
        report_missed(self.metrics, before, after)
        return stored


def _timing_of(occurrence_at: datetime, now: datetime) -> Timing:
    """Scheduled however near it is: what nobody sends by hand is not mailed before its time."""
    path = ExecutionPath.SCHEDULED if occurrence_at > now else ExecutionPath.IMMEDIATE
    return Timing(path, occurrence_at)


def report_missed(metrics: Metrics, before: Series, after: Series) -> None:
    """What was missed between the two, once it is stored."""
    count = after.missed_count - before.missed_count
    if count == 0:
        return
    latest = next(each for each in reversed(after.history) if each.missed is not None)
    logger.error(
        "Occurrences missed: %d; the latest: %s",
        count,
        latest.missed,
        extra={"series_id": after.series_id, "occurrence_at": latest.at.isoformat()},
    )
    metrics.occurrences_missed(count)


def request_of(series: Series) -> CampaignRequest:
    """Of its next occurrence. Raises InvalidInput naming `name`."""
    plan = series.plan
    return CampaignRequest(
        name=plan.campaign_name(series.next_at or series.revised_at),
        template_id=plan.template_id,
        segment_id=plan.segment_id,
        exclude_segment_ids=plan.exclude_segment_ids,
        unknown_policy=plan.unknown_policy,
        category=plan.category,
        priority=plan.priority,
    )
