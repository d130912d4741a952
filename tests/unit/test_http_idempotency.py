"""Idempotency keys: a POST that is sent again has its effect once, and its first answer again."""

import json

import pytest

from tests.unit.test_http_campaigns import campaigns
from tests.unit.test_http_gateway import JSON_TYPE, Answer, Gateway

BODY = {"name": "Flash Sale", "template_id": "greeting", "segment_id": "everyone"}


@pytest.fixture
def gateway() -> Gateway:
    """With content."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


def post(gateway: Gateway, path: str, body: object, key: str = "k-1") -> Answer:
    """Under a key."""
    return gateway.call(
        "POST", path, json.dumps(body), content_type=JSON_TYPE, headers={"idempotency-key": key}
    )


def test_a_campaign_that_is_sent_again_is_created_once(gateway: Gateway) -> None:
    """The first answer comes again, and says so."""
    first = post(gateway, "/v1/campaigns", BODY)
    again = post(gateway, "/v1/campaigns", BODY)

    assert (again.status, again.text) == (first.status, first.text) == (202, first.text)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(campaigns(gateway)) == 1
    assert len(gateway.container.family.started().take_all()) == 1
