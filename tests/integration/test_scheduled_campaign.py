"""A campaign that waits for its time, on both backends."""

import logging
from datetime import datetime, timedelta
from typing import Any

from adapters.aws.clients import AwsClients
from tests.integration.runner import FirstMinute, Runner

logger = logging.getLogger(__name__)

SIZES = {"vip-customers": 1_000, "all-active": 2_000, "all-subscribers": 3_000}
LATENESS = timedelta(seconds=30)
"""Far beyond what is promised (about a second), so that a busy machine does not fail the test."""
LEFT_OVER = ("pending", "failed", "unknown")


def counts(segment_id: str) -> dict[str, int]:
    """Of a campaign that reached everybody."""
    states = ("pending", "failed", "unknown", "suppressed", "skipped")
    nobody = dict.fromkeys((*states, "delivered", "bounced", "complained"), 0)
    return {"recipients": SIZES[segment_id], "sent": SIZES[segment_id], **nobody}


def logged(runner: Runner, campaign_id: str) -> list[str]:
    """What the log says of a campaign."""
    lines = runner.logged()
    return [line["message"] for line in lines if line.get("campaign_id") == campaign_id]


def test_a_scheduled_campaign_starts_by_itself_at_its_time(
    on_emulator: FirstMinute, in_memory: FirstMinute
) -> None:
    """Not before it and hardly after; EventBridge started it, and its schedule is gone."""
    for backend in (on_emulator, in_memory):
        created: dict[str, Any] = backend.soon.json()
        assert backend.soon.status_code == 201
        assert (created["state"], created["execution_path"]) == ("scheduled", "scheduled")
        assert created["auto_scheduler"] is True

        backend.comes_to(datetime.fromisoformat(created["schedule_at"]))
        campaign = backend.runner.sent(created["campaign_id"])

        assert campaign["counts"] == counts("vip-customers")
        started = datetime.fromisoformat(campaign["started_at"])
        lateness = started - datetime.fromisoformat(campaign["schedule_at"])
        logger.warning("Started %s s after its time", lateness.total_seconds())
        assert timedelta() <= lateness <= LATENESS
        messages = logged(backend.runner, campaign["campaign_id"])
        assert any("📅 Scheduled execution" in message for message in messages)
        assert any("EventBridge" in message for message in messages)
        assert len(backend.runner.outbox(campaign["campaign_id"], limit=300)) == 1_000

    assert on_emulator.soon.json()["campaign_id"] not in schedules(on_emulator.runner)


def test_everything_that_was_posted_reached_everybody(first_minute: FirstMinute) -> None:
    """No campaign is left over, and none failed anybody, however many went out together."""
    for answer in first_minute.answers:
        first_minute.runner.sent(answer.json()["campaign_id"])

    listed = first_minute.runner.client.get("/v1/campaigns", params={"limit": 100}).json()
    assert listed["next_cursor"] is None
    for each in listed["items"]:
        if each["state"] == "cancelled":
            continue
        campaign = first_minute.runner.sent(each["campaign_id"])
        assert not [campaign["counts"][state] for state in LEFT_OVER if campaign["counts"][state]]
        if campaign["segment_id"] in SIZES:
            assert campaign["counts"] == counts(campaign["segment_id"])


def schedules(runner: Runner) -> set[str]:
    """The names of the schedules that the runner's emulator has."""
    scheduler = AwsClients("us-east-1", runner.emulator_url, "test").scheduler
    found = scheduler.list_schedules(GroupName="sentinel")["Schedules"]
    return {each["Name"] for each in found}
