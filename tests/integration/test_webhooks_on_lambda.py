"""sentinel-webhooks, deployed: under its own role, and to nothing but the public internet."""

from tests.integration.on_lambda import Line, OnLambda
from tests.integration.waiting import wait_for

URL = "https://hooks.invalid/hidden"


def test_changes_are_announced_and_tried(on_lambda: OnLambda) -> None:
    """By the function and its role; a name that leads nowhere is told, its URL is in no log."""
    with on_lambda.http() as api:
        refused = api.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/"})
        made = api.post("/v1/webhooks", json={"url": URL}).raise_for_status().json()
        webhook = f"/v1/webhooks/{made['webhook_id']}"
        api.post(f"{webhook}/test", json={}).raise_for_status()
        on_lambda.sent(on_lambda.post({}).json()["campaign_id"])

        def tried() -> list[Line] | None:
            # The one that comes each minute may be at some of them.
            assert on_lambda.invoke("webhooks", {}) is None
            found: list[Line] = api.get(f"{webhook}/deliveries").json()["items"]
            return found if len(found) == 3 and all(each["attempts"] for each in found) else None

        found = wait_for(tried, what="all three are tried", every=1)
        deleted = api.delete(webhook)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/url")
    assert {each["event"] for each in found} == {
        "webhook.test",
        "campaign.started",
        "campaign.sent",
    }
    for each in found:
        assert (each["state"], each["status"]) == ("pending", None)
        assert each["error"].startswith("The name could not be resolved")
    assert deleted.status_code == 204
    assert not any("hidden" in line for line in on_lambda.lines("webhooks"))
