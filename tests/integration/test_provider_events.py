"""What SES tells of its mailbox simulator reaches the counts and the suppression list."""

from typing import Any

from tests.integration.runner import FirstMinute, Runner
from tests.integration.waiting import wait_for

BOUNCE = "bounce@simulator.amazonses.com"
COMPLAINT = "complaint@simulator.amazonses.com"
SUCCESS = "success@simulator.amazonses.com"
PATIENCE = 60


def _campaign(runner: Runner, name: str) -> str:
    """To the three of them."""
    client = runner.client
    client.post("/v1/segments", json={"segment_id": "simulated", "name": "Simulated"})
    contacts = [
        client.post("/v1/contacts", json={"email": email, "fields": {"name": "N"}}).json()
        for email in (BOUNCE, COMPLAINT, SUCCESS)
    ]
    members = {"contact_ids": [contact["contact_id"] for contact in contacts]}
    client.post("/v1/segments/simulated/members", json=members)
    body = {"template_id": "simulated", "name": "Simulated", "subject": "Hi", "html": "Hi"}
    client.post("/v1/templates", json={**body, "text": "Hi"})
    campaign = {"name": name, "template_id": "simulated", "segment_id": "simulated"}
    campaign_id: str = client.post("/v1/campaigns", json=campaign).json()["campaign_id"]
    return campaign_id


def test_a_bounce_and_a_complaint_are_counted_and_not_mailed_again(
    on_emulator: FirstMinute,
) -> None:
    """With the local runner: the next campaign skips those two."""
    runner = on_emulator.runner
    first = _campaign(runner, "First")

    def told() -> dict[str, Any] | None:
        counts: dict[str, Any] = runner.campaign(first)["counts"]
        return counts if counts["bounced"] and counts["complained"] else None

    counts = wait_for(told, within=PATIENCE, what="the bounce and the complaint")
    assert (counts["sent"], counts["bounced"], counts["complained"]) == (3, 1, 1)

    second = runner.sent(_campaign(runner, "Second"), within=PATIENCE)["counts"]
    assert (second["sent"], second["suppressed"]) == (1, 2)
