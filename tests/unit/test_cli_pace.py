"""How fast a campaign is told to go by who watches it, and how long it is told to take."""

from typing import Any

import pytest

from entrypoints.cli.campaign_views import progress_text
from entrypoints.cli.pace import Pace, Pacing

WHOLE = {"ranges": 16, "ranges_complete": 16, "share": 1.0}
PART = {"ranges": 16, "ranges_complete": 4, "share": 0.25}


def look(state: str, sent: int, *, fan_out: dict[str, Any] = WHOLE) -> dict[str, Any]:
    """At a campaign of which `sent` of 1,000 mails are out."""
    counts = dict.fromkeys(("failed", "unknown", "suppressed", "skipped"), 0)
    return {
        "state": state,
        "started_at": "2026-11-19T09:00:00Z",
        "schedule_at": "2026-11-19T09:00:00Z",
        "counts": {**counts, "recipients": 1_000, "pending": 1_000 - sent, "sent": sent},
        "fan_out": fan_out,
    }


@pytest.mark.parametrize("waits", ["scheduled", "paused"])
def test_what_a_campaign_waits_is_no_part_of_its_pace(waits: str) -> None:
    """It is taken from when mails go out: 100 in a second, of which 800 are left."""
    pacing = Pacing()
    assert [pacing.at(moment, look(waits, 0)) for moment in (0, 10, 20)] == [Pace()] * 3
    pacing.at(22, look("sending", 100))

    assert pacing.at(23, look("sending", 200)) == Pace(100, 8)


def test_how_long_it_takes_is_not_told_before_all_recipients_are_known() -> None:
    """Those left of those so far are not those left; how fast it goes is told all the same."""
    pacing = Pacing()
    pacing.at(0, look("sending", 0, fan_out=PART))
    begun = look("sending", 100, fan_out=PART)

    told = progress_text(begun, pacing.at(1, begun))

    assert told == "sending: 100 of 1000, 100 sent, 25%, 4 of 16 ranges fanned out, 100 a second"


def test_a_slow_pace_is_not_none() -> None:
    """A mail in four seconds, as a provider's trial allows, is told as that."""
    begun = look("sending", 1)

    assert progress_text(begun, Pace(0.25)).endswith(", 0.25 a second")


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_why_nothing_goes_out_is_told(state: str) -> None:
    """Whoever watches need not look for the log of the workers."""
    reason = "no connection to the SMTP server: ConnectionRefusedError"
    pause = {"pause_reason": "account", "resume_at": None}
    held_up = {**look(state, 100), **pause, "not_sent_reason": reason}

    assert progress_text(held_up, Pace()).endswith(f", not sent: {reason}")


@pytest.mark.parametrize(
    ("reason", "resume_at", "until"),
    [
        ("account", None, "until somebody resumes it"),
        ("approval", None, "until it is approved"),
        ("quota", "2026-03-02T09:15:00Z", "until 2026-03-02T09:15:00Z"),
    ],
)
def test_who_watches_a_pause_is_told_what_ends_it(
    reason: str, resume_at: str | None, until: str
) -> None:
    """Otherwise nobody would do what only a person does."""
    paused = {**look("paused", 0), "pause_reason": reason, "resume_at": resume_at}

    assert progress_text(paused, Pace()).endswith(f", paused for {reason}, {until}")


def test_it_is_told_how_fast_it_goes_and_how_long_it_will_take() -> None:
    """Beside what is done."""
    pacing = Pacing()
    pacing.at(0, look("sending", 0))
    begun = look("sending", 100)

    told = progress_text(begun, pacing.at(1, begun))

    assert told == "sending: 100 of 1000, 100 sent, 100 a second, 9 s left"
