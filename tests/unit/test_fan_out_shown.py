"""How far the fan-out of a large segment is, as people see it."""

from datetime import timedelta
from typing import Any

import pytest
from dependency_injector import providers

from domain.contact import ContactDraft
from domain.identifiers import CampaignId, SegmentId
from domain.start import StartRequest
from entrypoints.cli.campaign_views import CAMPAIGN, progress_text
from entrypoints.cli.pace import Pace
from tests.unit.test_http_gateway import SETTINGS, Gateway

SIZE = 1_200
"""Of whom a step takes 500, and 700 are left."""


@pytest.fixture
def gateway() -> Gateway:
    """To which more than a hundred members are many."""
    gateway = Gateway()
    gateway.add_content()
    settings = SETTINGS.model_copy(update={"fan_out_split_above": 100})
    gateway.container.settings.override(providers.Object(settings))
    contacts = gateway.container.family.contacts().put(
        [ContactDraft.of(f"person-{number}@example.com", {"name": "N"}) for number in range(SIZE)]
    )
    gateway.container.family.segments().add_members(
        SegmentId("everyone"), [each.contact_id for each in contacts]
    )
    return gateway


def read(gateway: Gateway, campaign_id: str) -> dict[str, Any]:
    """As the API tells it."""
    body: dict[str, Any] = gateway.get(f"/v1/campaigns/{campaign_id}").json
    return body


def test_it_is_seen_how_far_a_large_segment_is(gateway: Gateway) -> None:
    """By ranges and by a share, over the API and on the command line, until all are fanned out."""
    created = gateway.post(
        "/v1/campaigns", {"name": "News", "template_id": "greeting", "segment_id": "everyone"}
    )
    campaign_id = created.json["campaign_id"]
    start = gateway.container.start_campaign()
    request = StartRequest(CampaignId(campaign_id))
    assert line_of(read(gateway, campaign_id)) is None

    start(request, timedelta())
    begun = read(gateway, campaign_id)
    start(request, timedelta())
    later = read(gateway, campaign_id)
    start(request)
    done = read(gateway, campaign_id)

    assert begun["fan_out"]["recipients"] == begun["counts"]["recipients"] == 500
    assert (begun["fan_out"]["ranges"], begun["fan_out"]["ranges_complete"]) == (16, 0)
    assert 0.3 < begun["fan_out"]["share"] < 0.5
    assert (later["fan_out"]["ranges_complete"], later["fan_out"]["recipients"] > 500) == (1, True)
    assert begun["fan_out"]["share"] < later["fan_out"]["share"] < 1
    assert done["fan_out"]["share"] == 1
    assert done["fan_out"]["recipients"] == done["counts"]["recipients"] == SIZE
    share = f"{later['fan_out']['share']:.0%}, 1 of 16 ranges"
    assert line_of(later) == share
    assert f"{share} fanned out" in progress_text(later, Pace())
    assert line_of(done) is None
    assert "fanned out" not in progress_text(done, Pace())


def line_of(item: dict[str, Any]) -> object:
    """What `sentinel campaigns show` has in the line for it."""
    cell = CAMPAIGN["Fanned out"]
    assert callable(cell)
    return cell(item)
