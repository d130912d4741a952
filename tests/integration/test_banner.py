"""The three examples: as the runner prints them, and as the founding document has them."""

import json
import shlex
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runner import FirstMinute, Runner, running

FLASH_SALE = """\
curl -X POST /v1/campaigns \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Flash Sale",
    "template_id": "promo-template",
    "segment_id": "vip-customers"
  }'
"""
BREAKING_NEWS = """\
curl -X POST /v1/campaigns \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Breaking News",
    "template_id": "news-template", 
    "segment_id": "all-subscribers",
    "schedule_at": "2025-11-18T15:31:00Z"
  }'
"""  # noqa: W291  the founding document's own, to the character
WEEKLY_NEWSLETTER = """\
curl -X POST /v1/campaigns \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Weekly Newsletter",
    "template_id": "newsletter-template",
    "segment_id": "all-active",
    "schedule_at": "2025-11-19T09:00:00Z"
  }'
"""


def body_of(command: str) -> dict[str, Any]:
    """What a curl command posts."""
    body: dict[str, Any] = json.loads(shlex.split(command.replace("\\\n", " "))[-1])
    return body


def test_the_banner_offers_the_founding_documents_examples_with_fresh_dates(runner: Runner) -> None:
    """The same campaigns: one at once, one due within a minute, one later."""
    flash_sale, breaking_news, newsletter = (body_of(each) for each in runner.examples)

    assert flash_sale == body_of(FLASH_SALE)
    assert {**breaking_news, "schedule_at": None} == {
        **body_of(BREAKING_NEWS),
        "schedule_at": None,
    }
    assert {**newsletter, "schedule_at": None} == {
        **body_of(WEEKLY_NEWSLETTER),
        "schedule_at": None,
    }
    between = datetime.fromisoformat(newsletter["schedule_at"]) - datetime.fromisoformat(
        breaking_news["schedule_at"]
    )
    assert between == timedelta(seconds=60)


def test_a_pasted_example_does_what_the_banner_says_of_it(first_minute: FirstMinute) -> None:
    """Two go out at once, the third is scheduled, each for the time that it asked for."""
    flash_sale, breaking_news, newsletter = first_minute.answers
    asked = [body_of(example).get("schedule_at") for example in first_minute.runner.examples]

    for answer in (flash_sale, breaking_news):
        assert answer.status_code == 202
        created = answer.json()
        assert (created["state"], created["execution_path"]) == ("sending", "immediate")
        assert created["triggered"] is True
        assert "trigger_error" not in created
    assert newsletter.status_code == 201
    scheduled = newsletter.json()
    assert (scheduled["state"], scheduled["execution_path"]) == ("scheduled", "scheduled")
    assert scheduled["auto_scheduler"] is True
    assert [breaking_news.json()["schedule_at"], scheduled["schedule_at"]] == asked[1:]


@pytest.mark.parametrize(
    "command", [FLASH_SALE, BREAKING_NEWS, WEEKLY_NEWSLETTER], ids=["flash", "news", "weekly"]
)
def test_the_founding_documents_examples_run_unchanged(
    first_minute: FirstMinute, command: str
) -> None:
    """Verbatim, with a host put before the path; its dates are past, so they go out at once."""
    runner = first_minute.runner
    answer = runner.paste(command)

    assert answer.status_code == 202
    created = answer.json()
    asked = body_of(command)
    assert created["name"] == asked["name"]
    assert (created["state"], created["execution_path"]) == ("sending", "immediate")
    assert created["triggered"] is True
    assert created["schedule_at"].endswith("Z")
    if "schedule_at" in asked:
        assert created["schedule_at"] == asked["schedule_at"]
    else:
        assert datetime.fromisoformat(created["schedule_at"]) <= first_minute.clock.now()
    read = runner.client.get(answer.headers["location"]).json()
    assert read["campaign_id"] == created["campaign_id"]
    assert {name: read[name] for name in ("template_id", "segment_id")} == {
        name: asked[name] for name in ("template_id", "segment_id")
    }
    # That the same campaigns reach everybody is seen of those that the banner offers.
    cancelled = runner.client.post(f"{answer.headers['location']}/cancel")
    assert cancelled.is_success or runner.campaign(created["campaign_id"])["state"] == "sent"


def test_without_its_demo_data_it_holds_nothing_and_offers_no_examples(tmp_path: Path) -> None:
    """They would all be refused."""
    with running(tmp_path, BACKEND="memory", DEMO_DATA="false") as runner:
        assert runner.client.get("/v1/segments").json()["items"] == []
        assert runner.client.get("/v1/templates").json()["items"] == []
        assert runner.examples == []
        assert "Sentinel serves on" in runner.output.read_text()
        # Open to this machine, not to a page of the web whose name leads to it.
        rebound = runner.client.get("/v1/segments", headers={"Host": "rebound.example"})
        assert rebound.status_code == 421
