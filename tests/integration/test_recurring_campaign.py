"""Series on the emulator: their campaigns are made, and mailed, by nobody's doing."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.integration.process_clock import ProcessClock
from tests.integration.runner import SHORT_TIMES, Runner, running
from tests.integration.waiting import wait_for

ENVIRONMENT = {"DEMO_DATA": "false", "SERIES_MIN_INTERVAL_SECONDS": "60", **SHORT_TIMES}
READERS = {"ada@example.com", "eve@example.com"}


def test_a_series_goes_on_by_itself(tmp_path: Path) -> None:
    """One campaign is there at once, the next as the minute of the first comes, and no third."""
    clock = ProcessClock.at(tmp_path / "offset")
    with running(tmp_path, **ENVIRONMENT, **clock.environment) as runner:
        # All of the minute is ahead: at its end the first would have come before it is looked at.
        clock.step(60 - clock.now().second)
        path = create(runner, {"cron": "* * * * *", "max_occurrences": 2})
        (made,) = settled(runner, path)

        clock.set_to_just_before(moment(made))
        first, second = wait_for_two(runner, path)
        # Before the clock is set: what is under way then is taken for abandoned.
        assert readers(runner, first) == sorted(READERS)
        clock.set_to_just_before(moment(second))

        assert moment(second) - moment(first) == timedelta(minutes=1)
        assert runner.client.get(f"{path}/occurrences").json()["coming"] == []
        assert readers(runner, second) == sorted(READERS)
        assert len(runner.client.get("/v1/campaigns").json()["items"]) == 2


def test_a_campaign_of_a_series_goes_out_at_its_time(tmp_path: Path) -> None:
    """It waits beforehand; once it went out, that of the next hour waits."""
    clock = ProcessClock.at(tmp_path / "offset")
    with running(tmp_path, **ENVIRONMENT, **clock.environment) as runner:
        due = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=30)
        path = create(runner, {"cron": f"{due.minute} * * * *"})
        (waiting,) = settled(runner, path)
        assert (moment(waiting), waiting["campaign_state"]) == (due, "scheduled")

        clock.set_to_just_before(due)
        assert readers(runner, waiting) == sorted(READERS)

        campaign = runner.campaign(waiting["campaign_id"])
        assert campaign["execution_path"] == "scheduled"
        assert datetime.fromisoformat(campaign["started_at"]) >= due
        _, following = wait_for_two(runner, path)
        assert moment(following) == due + timedelta(hours=1)
        assert following["campaign_state"] == "scheduled"


def create(runner: Runner, when: dict[str, object]) -> str:
    """A series for its readers; where it is read."""

    def created(path: str, body: dict[str, object]) -> dict[str, Any]:
        answer = runner.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    people = [created("/v1/contacts", {"email": each})["contact_id"] for each in READERS]
    created("/v1/segments", {"segment_id": "readers", "name": "Readers"})
    created("/v1/segments/readers/members", {"contact_ids": people})
    content = {"subject": "Hello", "html": "<p>Hello</p>", "text": "Hello"}
    created("/v1/templates", {"template_id": "hello", "name": "Hello", **content})
    series = {"name": "News", "timezone": "UTC", "category": "transactional", **when}
    audience = {"template_id": "hello", "segment_id": "readers"}
    return f"/v1/series/{created('/v1/series', {**series, **audience})['series_id']}"


def settled(runner: Runner, path: str) -> list[dict[str, Any]]:
    """Occurrences of which something became, earliest first."""
    answer = runner.client.get(f"{path}/occurrences").raise_for_status().json()
    return list(reversed(answer["settled"]))


def wait_for_two(runner: Runner, path: str) -> list[dict[str, Any]]:
    """The same, once there are two."""

    def look() -> list[dict[str, Any]] | None:
        found = settled(runner, path)
        return found if len(found) == 2 else None

    return wait_for(look, what="two campaigns made", every=1)


def moment(occurrence: dict[str, Any]) -> datetime:
    """When it comes."""
    return datetime.fromisoformat(occurrence["occurrence_at"])


def readers(runner: Runner, occurrence: dict[str, Any]) -> list[str]:
    """Who has a mail of its campaign, once that is sent; somebody who has two is named twice."""
    campaign = runner.sent(occurrence["campaign_id"])
    assert campaign["occurrence_at"] == occurrence["occurrence_at"]
    mails = runner.outbox(campaign["campaign_id"], limit=100)
    return sorted(mail["to"] for mail in mails)
