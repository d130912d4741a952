"""The contract of `domain.ports.analytics`."""

from dataclasses import fields, replace
from datetime import date, timedelta

import pytest

from domain.campaign import CampaignState
from domain.errors import VersionConflict
from domain.identifiers import CampaignId
from domain.path_line import LOOKS, LineRef, PathLine
from domain.path_policy import ExecutionPath
from domain.tally import Tally
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START

DAY = START.date()
NEXT_DAY = DAY + timedelta(days=1)
TICK = timedelta(microseconds=1)
LINE = PathLine(
    ref=LineRef(DAY, CAMPAIGN_ID),
    path=ExecutionPath.SCHEDULED,
    state=CampaignState.SENT,
    started_at=START + TICK,
    ended_at=START + 2 * TICK,
    start_latency_ms=123,
    lateness_ms=0,
    sending_ms=45_678_901,
    recipients=5_000_000,
    tally=Tally(
        sent=10,
        failed=20,
        unknown=30,
        suppressed=40,
        skipped=50,
        finished_chunks=60,
        delivered=7,
        bounced=8,
        complained=9,
    ),
    as_of=START + 3 * TICK,
)
EXPIRED = PathLine(
    ref=LineRef(DAY, CampaignId("cmp_expired")),
    path=ExecutionPath.IMMEDIATE,
    state=CampaignState.EXPIRED,
    started_at=None,
    ended_at=START,
    start_latency_ms=None,
    lateness_ms=None,
    sending_ms=None,
    recipients=0,
    tally=Tally(),
    as_of=START,
)


def test_the_whole_example_leaves_no_count_at_zero() -> None:
    """So that a count which a family forgets is missed in the next test."""
    assert all(getattr(LINE.tally, each.name) for each in fields(LINE.tally))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(LINE, id="whole"),
        pytest.param(EXPIRED, id="without a start"),
        *(pytest.param(replace(LINE, state=state), id=state.value) for state in CampaignState),
    ],
)
def test_a_line_is_read_as_it_was_saved(family: Family, line: PathLine) -> None:
    """Every field, by itself and among those of its day."""
    saved = family.analytics.save(line)

    assert saved == replace(line, version=1)
    assert family.analytics.get(line.ref) == saved
    assert list(family.analytics.of_day(DAY)) == [saved]


def test_no_line_is_none(family: Family) -> None:
    """Neither for an id that nobody has, nor on another day."""
    family.analytics.save(LINE)

    assert family.analytics.get(EXPIRED.ref) is None
    assert family.analytics.get(LineRef(NEXT_DAY, CAMPAIGN_ID)) is None


def test_a_save_takes_away_what_is_no_longer_so(family: Family) -> None:
    """A count that is zero again, and a time that is not known any more."""
    saved = family.analytics.save(LINE)

    family.analytics.save(replace(saved, tally=Tally(), sending_ms=None, ended_at=None))

    stored = family.analytics.get(LINE.ref)
    assert stored == replace(LINE, tally=Tally(), sending_ms=None, ended_at=None, version=2)


def test_another_version_is_refused_and_nothing_is_written(family: Family) -> None:
    """So nobody puts an older reading of the ledger over a newer one."""
    first = family.analytics.save(LINE)
    newer = family.analytics.save(replace(first, recipients=1))

    for stale in (LINE, first, replace(newer, version=3)):
        with pytest.raises(VersionConflict):
            family.analytics.save(replace(stale, recipients=2))

    assert family.analytics.get(LINE.ref) == newer


@pytest.mark.parametrize("is_new", [True, False])
def test_of_those_who_write_one_line_one_wins(family: Family, *, is_new: bool) -> None:
    """The others hear that they read too early."""
    read = LINE if is_new else family.analytics.save(LINE)
    rivals = [replace(read, recipients=number) for number in range(THREADS)]

    winner = winner_of(race(family.analytics.save, rivals), VersionConflict)

    assert family.analytics.get(LINE.ref) == winner


def test_a_day_has_its_own_lines_and_no_others(family: Family) -> None:
    """Of a day without campaigns there are none."""
    lines = [
        family.analytics.save(replace(LINE, ref=LineRef(day, CampaignId(f"cmp_{number}"))))
        for day in (DAY, NEXT_DAY)
        for number in range(3)
    ]

    for day, expected in ((DAY, lines[:3]), (NEXT_DAY, lines[3:])):
        found = sorted(family.analytics.of_day(day), key=lambda line: line.ref)
        assert found == expected
    assert list(family.analytics.of_day(date(2020, 1, 1))) == []


def test_a_line_is_due_when_its_campaign_is_to_be_read_again(family: Family) -> None:
    """An hour after the end, not before; and no more once all looks are behind it."""
    saved = family.analytics.save(LINE)
    look = START + 2 * TICK + LOOKS[0]

    assert list(family.open_work.due_lines(look - TICK, 10)) == []
    assert list(family.open_work.due_lines(look, 10)) == [LINE.ref]

    family.analytics.save(replace(saved, as_of=START + 2 * TICK + LOOKS[-1]))
    assert list(family.open_work.due_lines(look + timedelta(days=365), 10)) == []


def test_lines_are_due_up_to_the_limit_and_are_no_other_work(family: Family) -> None:
    """Longest due first; whoever asks for campaigns, chunks or jobs does not get them."""
    refs = [LineRef(DAY, CampaignId(f"cmp_{number}")) for number in range(5)]
    for number, ref in enumerate(refs):
        family.analytics.save(replace(LINE, ref=ref, ended_at=START + number * TICK))
    far = START + timedelta(hours=2)

    assert list(family.open_work.due_lines(far, 3)) == refs[:3]
    assert list(family.open_work.due(far, 10)) == []
    assert list(family.open_work.due_campaigns(far, 10)) == []
    assert list(family.open_work.due_jobs(far, 10)) == []
