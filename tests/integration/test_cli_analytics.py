"""The two paths compared by the command line, as a table and as a picture."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.integration.command_line import CommandLine
from tests.integration.waiting import wait_for

CAMPAIGN = ("--name", "Measured", "--template", "promo-template", "--segment", "vip-customers")


@pytest.fixture(scope="module")
def measured(cli: CommandLine) -> CommandLine:
    """Of which at least one campaign has been told of."""
    cli.run("campaigns", "create", *CAMPAIGN, "--watch")

    def told() -> bool | None:
        items = cli.json("analytics")["items"]
        return any(each["campaigns_sent"] for each in items) or None

    wait_for(told, what="a campaign is counted")
    return cli


def test_both_paths_are_compared(measured: CommandLine) -> None:
    """One row each, with percentiles as people read them."""
    done = measured.run("analytics")

    assert done.code == 0, done.err
    immediate, scheduled = done.lines[-2:]
    assert immediate.split()[:2] == ["all", "immediate"]
    assert immediate.count(" / ") == 4
    assert scheduled.split()[:2] == ["all", "scheduled"]


def test_a_day_by_itself_is_asked_for(measured: CommandLine) -> None:
    """The server decides what a day is, and says so where it is none."""
    assert {each["day"] for each in measured.json("analytics", "--period", "day")["items"]}
    refused = measured.run("analytics", "--since", "yesterday")
    assert refused.code == 1
    assert "--since: " in refused.err


def test_a_picture_is_drawn(measured: CommandLine, tmp_path: Path) -> None:
    """SVG whose words are words, the same for the same figures."""
    pictures = [tmp_path / name for name in ("one.svg", "two.svg")]
    january = ("--since", "2026-01-01", "--until", "2026-01-31")
    for picture in pictures:
        done = measured.run("analytics", *january, "--plot", str(picture))
        assert done.code == 0, done.err
    words = {each.text for each in ET.parse(pictures[0]).iter("{http://www.w3.org/2000/svg}text")}  # noqa: S314  our own
    assert {"immediate path", "scheduled path", "start latency, s", "mails a second"} <= words
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


def test_a_picture_of_all_days_as_one_is_none(measured: CommandLine, tmp_path: Path) -> None:
    """And one into a folder that is not there is refused."""
    total = ("analytics", "--period", "total", "--plot", str(tmp_path / "x.svg"))
    assert measured.run(*total).code == 2
    assert measured.run("analytics", "--plot", str(tmp_path / "none" / "x.svg")).code == 2
