"""Series by the command line."""

from typing import Any

import pytest

from tests.integration.command_line import CommandLine


@pytest.fixture
def series(cli: CommandLine) -> dict[str, Any]:
    """One that ends, and leaves somebody out."""
    return cli.json(
        *("series", "create", "--name", "Weekly", "--cron", "0 9 * * MON"),
        *("--timezone", "Europe/Berlin", "--template", "newsletter-template"),
        *("--segment", "all-active", "--exclude", "vip-customers"),
        *("--ends-at", "2035-01-01T00:00:00Z", "--max", "9"),
    )


def test_an_edit_takes_away_what_it_names(cli: CommandLine, series: dict[str, Any]) -> None:
    """Both ends, and whom it leaves out; all else stays."""
    edited = cli.json(
        "series", "edit", series["series_id"], "--no-ends-at", "--no-max", "--no-exclude"
    )

    assert by_people(edited) == {
        **by_people(series),
        "ends_at": None,
        "max_occurrences": None,
        "exclude_segment_ids": [],
        "revision": 2,
    }


def by_people(series: dict[str, Any]) -> dict[str, Any]:
    """But for what the reconciler writes, which makes the next campaign a day ahead."""
    made = ("next_at", "latest_campaign_id", "made_count")
    return {name: value for name, value in series.items() if name not in made}


@pytest.mark.parametrize(
    "option", [("ends-at", "2036-01-01T00:00:00Z"), ("max", "8"), ("exclude", "all-subscribers")]
)
def test_an_edit_against_itself_is_refused(
    cli: CommandLine, series: dict[str, Any], option: tuple[str, str]
) -> None:
    """Before anything is sent."""
    name, value = option

    both = cli.run("series", "edit", series["series_id"], f"--{name}", value, f"--no-{name}")

    assert both.code == 2
    assert f"--no-{name}: It is given another value, too." in both.err
    shown = cli.json("series", "show", series["series_id"])
    assert by_people(shown) == by_people(series)


def test_an_edit_of_nothing_is_refused(cli: CommandLine, series: dict[str, Any]) -> None:
    """Which is mostly a forgotten option."""
    nothing = cli.run("series", "edit", series["series_id"])

    assert nothing.code == 2
    assert "Say what to change." in nothing.err
