"""Series through a year of changing clocks, with kills at any call and two reconcilers at once.

Every occurrence has one campaign, none has two, and none is missed without being told.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import pytest

from domain.campaign import CampaignState
from domain.cron import Cron, occurrences
from domain.errors import DependencyRefused, DependencyUnavailable, VersionConflict
from domain.identifiers import SeriesId
from domain.series import CatchUp, Occurrence, Series, SeriesPlan
from domain.use_cases.create_campaign import CreateCampaign
from domain.use_cases.make_occurrences import MakeOccurrences
from tests.unit.faults import Died
from tests.unit.sentinel import Sentinel

T = TypeVar("T")

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "Africa/Casablanca",
)
CRONS = ("30 2 * * *", "0 0 * * *", "15 */12 * * *", "0 9 1,15 * MON")
"""In gaps and in hours that come twice; at midnight, where clocks of Santiago change; any hour."""
YEARS = tuple(product(ZONES, CatchUp))
ORDINARY = {("Europe/Berlin", CatchUp.LATEST), ("America/Santiago", CatchUp.NONE)}
"""Years that every run lives through; `make prove` has the others."""
STRIKES = ("killed before", "killed after", "refused", "no answer", "rival")

_FAULTY = {"series", "templates", "segments", "contacts", "scheduler", "invoker", "start_queue"}


class _Unlucky:
    """A port whose calls may be a process's last, fail, or meet another reconciler's whole pass."""

    def __init__(self, target: object, strike: Callable[[Callable[[], Any]], Any]) -> None:
        self._target = target
        self._strike = strike

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the port has
        found = getattr(self._target, name)

        def call(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  the port's own
            return self._strike(lambda: found(*arguments, **keywords))

        return call if callable(found) else found


class Year:
    """One series in one zone, and what goes wrong, by its seed."""

    def __init__(self, cron: str, zone: str, catch_up: CatchUp) -> None:
        """At the beginning of the year, nothing made yet."""
        self.chance = Random(f"{cron} {zone} {catch_up}")  # noqa: S311  it decides about a test
        self.sentinel = Sentinel()
        self.sentinel.clock.sleep(BEGIN - self.sentinel.clock.now())
        self.plan = SeriesPlan(
            name="News",
            cron=Cron.of(cron),
            timezone=zone,
            template_id=self.sentinel.add_template(),
            segment_id=self.sentinel.add_segment([]),
            catch_up=catch_up,
        )
        self.series_id = SeriesId("ser_1")
        self.settled: dict[datetime, Occurrence] = {}
        self.told_twice: list[datetime] = []
        self.strikes = Counter[str]()
        self._depth = 0
        # The clock of the tests' Sentinel stands at its own beginning: it is set back here.
        self.sentinel.clock._now = BEGIN
        self.sentinel.series.add(Series.begin(self.series_id, self.plan, BEGIN))

    def run(self) -> None:
        """To the end of the year: steps of minutes, now and then hours or days without service."""
        while self.sentinel.clock.now() < END:
            self._pass()
            self._note()
            self.sentinel.clock.sleep(self._step())
        for _ in range(5):
            self.sentinel.clock.sleep(timedelta(minutes=1))
            self._making(lucky=True)(self.series_id)
        self._note()

    def _step(self) -> timedelta:
        """Mostly to just before, or just after, something is due."""
        series = self.series()
        draw = self.chance.random()
        if draw < 0.04:
            return timedelta(hours=self.chance.uniform(1, 60))
        due = series.next_check_at or END
        wait = max(due - self.sentinel.clock.now(), timedelta())
        if draw < 0.5:
            return wait + timedelta(seconds=self.chance.uniform(0, 90))
        return max(wait / 2, timedelta(seconds=30))

    def series(self) -> Series:
        """As it is stored."""
        found = self.sentinel.series.get(self.series_id)
        assert found is not None
        return found

    def _pass(self) -> None:
        with suppress(Died, DependencyRefused, DependencyUnavailable, VersionConflict):
            self._making()(self.series_id)

    def _strike(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401  the port's own
        draw = self.chance.random()
        if draw < 0.02:
            self.strikes["killed before"] += 1
            raise Died
        if draw < 0.03:
            self.strikes["refused"] += 1
            raise DependencyRefused("Throttled.")
        if draw < 0.06 and self._depth == 0:
            self._rival()
        answer = call()
        draw = self.chance.random()
        if draw < 0.02:
            self.strikes["killed after"] += 1
            raise Died
        if draw < 0.03:
            self.strikes["no answer"] += 1
            raise DependencyUnavailable("No answer.")
        if draw < 0.06 and self._depth == 0:
            self._rival()
        return answer

    def _rival(self) -> None:
        """Another reconciler has its whole pass in the middle of this one."""
        self.strikes["rival"] += 1
        self._depth += 1
        self._pass()
        self._depth -= 1

    def _making(self, *, lucky: bool = False) -> MakeOccurrences:
        sentinel = self.sentinel

        def port(name: str, target: T) -> T:
            if lucky or name not in _FAULTY:
                return target
            return cast("T", _Unlucky(target, self._strike))

        create = sentinel.create_campaign
        unlucky: CreateCampaign = replace(
            create,
            templates=port("templates", create.templates),
            segments=port("segments", create.segments),
            contacts=port("contacts", create.contacts),
            scheduler=port("scheduler", create.scheduler),
            dispatch=replace(
                create.dispatch,
                invoker=port("invoker", sentinel.invoker),
                start_queue=port("start_queue", sentinel.start_queue),
            ),
        )
        return MakeOccurrences(
            series=port("series", sentinel.series),
            create=unlucky,
            clock=sentinel.clock,
            metrics=sentinel.metrics,
        )

    def _note(self) -> None:
        """What the series tells, before its bounded history forgets it."""
        for occurrence in self.series().history:
            known = self.settled.setdefault(occurrence.at, occurrence)
            if known != occurrence:
                self.told_twice.append(occurrence.at)

    def expected(self) -> Iterator[datetime]:
        """All occurrences of the year, and what was made ahead of its end."""
        for moment in occurrences(self.plan.cron, ZoneInfo(self.plan.timezone), BEGIN):
            if moment > max(self.sentinel.clock.now(), *self.settled):
                return
            yield moment


@pytest.mark.parametrize(
    ("zone", "catch_up"),
    [pytest.param(*year, marks=() if year in ORDINARY else pytest.mark.prove) for year in YEARS],
)
def test_every_occurrence_once_and_none_missed_unseen(zone: str, catch_up: CatchUp) -> None:
    """Whatever is killed, fails or comes twice, with days without service in between."""
    strikes = Counter[str]()
    for cron in CRONS:
        year = Year(cron, zone, catch_up)
        year.run()
        strikes += year.strikes

        assert list(year.settled) == sorted(year.settled)
        assert sorted(year.settled) == list(year.expected()), cron
        assert year.told_twice == []
        made = {at: each.campaign_id for at, each in year.settled.items() if each.campaign_id}
        stored = {
            campaign_id: campaign.occurrence_at
            for campaign_id, campaign in year.sentinel.database.campaigns.items()
        }
        assert {campaign_id: at for at, campaign_id in made.items()} == stored
        missed = [each for each in year.settled.values() if each.missed]
        series = year.series()
        assert (series.made_count, series.missed_count) == (len(made), len(missed))
        assert made
        for campaign in year.sentinel.database.campaigns.values():
            late = campaign.created_at - campaign.schedule_at
            assert late <= year.sentinel.policy.max_lateness
            if catch_up is CatchUp.NONE:
                assert late <= timedelta()
            waits = -late > timedelta(minutes=1)
            assert (campaign.state is CampaignState.SCHEDULED) == waits
    assert min(strikes[each] for each in STRIKES) > 10, strikes
