"""What docs/growth.md says follows from the counts that are kept and from the limits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import (
    breaking_points,
    growth_counts,
    growth_plot,
    limits,
    requests_by_scale,
)
from benchmarks.aws_calls import Call
from benchmarks.aws_requests import CREATE, SEND, START
from benchmarks.breaking_points import Demand
from benchmarks.capacity import Index, Ledger
from benchmarks.growth_counts import Hot, stored
from benchmarks.growth_document import DOCUMENT, document
from benchmarks.limits import Limit
from benchmarks.requests_by_scale import Count

_AGAIN = "stale: .venv/bin/python -m benchmarks.growth --stored"


def test_the_document_is_what_the_command_writes() -> None:
    """It is computed from the kept counts and the template."""
    assert DOCUMENT.read_text(encoding="utf-8") == document(stored()), f"docs/growth.md is {_AGAIN}"


def test_the_picture_is_of_the_same_counts(tmp_path: Path) -> None:
    """To the byte."""
    drawn = tmp_path / "growth.svg"
    growth_plot.draw(stored(), drawn)

    kept = growth_plot.PICTURE.read_text(encoding="utf-8")
    assert drawn.read_text(encoding="utf-8") == kept, f"docs/pictures/growth.svg is {_AGAIN}"


def test_what_is_kept_is_read_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is lost on the way."""
    kept = stored()
    monkeypatch.setattr(growth_counts, "_STORED", tmp_path / "counts.json")

    growth_counts.write(kept)

    assert stored() == kept


@pytest.mark.parametrize(
    ("few", "more", "told"),
    [
        (
            91.0,
            64.0,
            "**More than 70 requests: 91.0 for 1,000 in a campaign of 1,000.** A campaign",
        ),
        (91.0, 64.0, "A campaign takes 30 requests once"),
        (70.0, 70.0, "None has more than 70 requests for 1,000."),
    ],
)
def test_who_misses_the_goal_is_named_with_what_a_campaign_takes_once(
    few: float, more: float, told: str
) -> None:
    """91 for 1,000 and 640 for 10,000 are 61 for each 1,000, and 30 beside."""
    counts = (_count(1_000, few), _count(10_000, more))

    text = document(replace(stored(), emulated=counts, foretold=()))

    assert told in " ".join(text.split())


@pytest.mark.parametrize(
    ("counted", "met"),
    [
        ([(1_000, 85.0), (10_000, 70.0)], True),
        ([(10_000, 71.0), (100_000, 60.0)], False),
        ([(1_000, 85.0)], False),
        ([(10, 700.0), (1_000, 70.0)], True),
    ],
)
def test_the_goals_are_for_campaigns_from_ten_thousand_recipients_on(
    counted: list[tuple[int, float]], *, met: bool
) -> None:
    """A smaller one is judged where there is no other, the largest."""
    assert requests_by_scale.meet_goals([_count(*each) for each in counted]) is met


def _count(recipients: int, requests_a_thousand: float) -> Count:
    requests = requests_a_thousand * recipients / 1_000
    return Count(recipients, {(START, ("DynamoDB", "Query")): requests}, 0, 0)


def test_a_demand_is_what_the_mails_of_a_second_ask_for() -> None:
    """Ten million a day are 115.7 a second, in eight hours 347.2; in one minute all of them."""
    evenly = Demand(what="", limit=Limit(1_000, "", ""), moved_by="", a_mail=2)
    at_once = Demand(what="", limit=Limit(1_000, "", ""), moved_by="", a_mail_of_the_day=0.0001)
    always = Demand(what="", limit=Limit(1_000, "", ""), moved_by="", always=500)

    assert evenly.at(10_000_000, 24) == pytest.approx(231.48, abs=0.01)
    assert evenly.share(10_000_000, 8) == pytest.approx(0.694, abs=0.001)
    assert at_once.at(10_000_000, 24) == at_once.at(10_000_000, 8) == pytest.approx(1_000)
    assert always.share(10_000_000, 24) == always.share(100_000_000, 8) == pytest.approx(0.5)


def test_what_breaks_first_comes_first() -> None:
    """By its share of the limit at the most mails in the fewest hours."""
    for of_growth in (breaking_points.demands, breaking_points.demands_in_a_minute):
        shares = [each.share(100_000_000, 8) for each in of_growth(stored())]
        assert shares == sorted(shares, reverse=True)
        assert shares[-1] < 1 < shares[0]


_OF_ITS_OWN = {"CAMPAIGN", "CHUNK", "SUPPRESSION"}
"""Kinds of keys that no two campaigns share, or only those to the same address."""


@pytest.mark.parametrize(
    "kind",
    sorted(
        {each.kind for hot in (stored().hot, *stored().small.values()) for each in hot}
        - _OF_ITS_OWN
    ),
)
def test_no_key_that_campaigns_share_is_left_out(kind: str) -> None:
    """Were it a million times as busy, it would break, and be named."""
    growth = stored()
    busier = replace(
        growth,
        hot=_busier(growth.hot, kind),
        small={phase: _busier(hot, kind) for phase, hot in growth.small.items()},
    )

    found = [breaking_points.demands(each) for each in (growth, busier)]
    if kind in {each.kind for each in growth.small[START]}:
        in_a_minute = [breaking_points.demands_in_a_minute(each) for each in (growth, busier)]
        assert _worst_of_keys(in_a_minute[1]) > 1_000 * _worst_of_keys(in_a_minute[0])
    assert _worst_of_keys(found[1]) > 1_000 * _worst_of_keys(found[0])


def _busier(hot: tuple[Hot, ...], kind: str) -> tuple[Hot, ...]:
    return tuple(
        replace(each, writes=each.writes * 1e6, reads=each.reads * 1e6)
        if each.kind == kind
        else each
        for each in hot
    )


def _worst_of_keys(found: Sequence[Demand]) -> float:
    of_a_key = (limits.PARTITION_WRITES, limits.PARTITION_READS)
    return max(each.worst for each in found if each.limit in of_a_key)


def test_more_shards_of_open_work_would_mend_nothing_alone() -> None:
    """The document says so."""
    found = [each.what for each in breaking_points.demands_in_a_minute(stored())]
    shards = [index for index, what in enumerate(found) if " shard of " in what]

    assert len(shards) == 3
    assert found.index("the table, reads") < min(shards)
    assert found.index("the busiest of the 16 keys of contacts, reads") < min(shards)


def test_in_one_minute_only_what_starts_take_counts() -> None:
    """A campaign is created before, and mailed and ended at the pace of its mails."""
    growth = stored()
    later = replace(growth, small={**growth.small, SEND: (), CREATE: ()})
    unstarted = replace(growth, small={**growth.small, START: ()})

    as_it_is = breaking_points.demands_in_a_minute(growth)
    assert breaking_points.demands_in_a_minute(later) == as_it_is
    assert _worst_of_keys(breaking_points.demands_in_a_minute(unstarted)) == 0


def test_the_busiest_key_of_a_kind_is_counted_and_named_shards_are_kinds() -> None:
    """Per 1,000 recipients; of several ledgers together."""
    ledgers = [
        Ledger((), writes_by=Counter({"open_shard#3": 2, "open_shard#campaigns": 1})),
        Ledger(
            (),
            writes_by=Counter({"open_shard#3": 2, "open_shard#4": 1}),
            reads_by=Counter({"CONTACTS#a": 5}),
        ),
    ]

    assert Hot.of(ledgers, 500) == (
        Hot(kind="CONTACTS", writes=0, reads=10, all_writes=0, all_reads=10),
        Hot(kind="open_shard", writes=8, reads=0, all_writes=10, all_reads=0),
        Hot(kind="open_shard#campaigns", writes=2, reads=0, all_writes=2, all_reads=0),
    )


def test_an_entry_that_moves_within_an_index_is_written_in_both_partitions() -> None:
    """Taken out of the one, put into the other."""
    by_state = Index(frozenset({"state", "listing_id"}), "state", keys_only=False)
    ledger = Ledger((by_state,))

    for state in ("scheduled", "sending", "sending"):
        item = {"pk": {"S": "CAMPAIGN#1"}, "sk": {"S": "CAMPAIGN"}, "listing_id": {"S": "1"}}
        call = Call(START, "DynamoDB", "PutItem", {"Item": {**item, "state": {"S": state}}}, {})
        ledger.units(call)

    assert ledger.writes_by == {"CAMPAIGN#1": 3, "state#scheduled": 2, "state#sending": 1}


def test_a_limit_that_is_passed_is_named() -> None:
    """Bold in the table, and in the sentence below it; one that holds is neither."""
    growth = stored()
    held = breaking_points.section(replace(growth, grants=0.1))
    passed = breaking_points.section(replace(growth, grants=1_000.0))

    def row(text: str) -> str:
        return next(line for line in text.splitlines() if line.startswith("| grants, each"))

    assert "**" not in row(held)
    assert "**347 (6.9 times)**" in row(passed)
    sentence = next(line for line in passed.splitlines() if line.startswith("**At 10 million"))
    assert "grants, each a write after the other" in sentence
