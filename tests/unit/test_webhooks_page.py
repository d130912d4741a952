"""docs/webhooks.md: what it shows a receiver works."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun import freeze_time

from domain.identifiers import WebhookEventId, WebhookId
from domain.webhook_event import WebhookEvent
from entrypoints.deployment.package import ROOT
from tests.unit.sentinel import NOW, WEBHOOK_SECRETS

PAGE = (ROOT / "docs" / "webhooks.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
WEBHOOK_ID = WebhookId("whk_1")
BODY = '{"type":"webhook.test","data":{"name":"Grüße"}}'
SECRET = WEBHOOK_SECRETS.text(WEBHOOK_ID, 2)


def _shown(number: int, name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(SNIPPETS[number], names)  # noqa: S102  what a reader would copy
    shown: Callable[..., Any] = names[name]
    return shown


def _by_library(headers: dict[str, str], body: bytes) -> bool:
    status, event = _shown(0, "receive")(SECRET, headers, body)
    assert status in {204, 401}
    assert event == (json.loads(body) if status == 204 else None)
    return bool(status == 204)


def _by_hand(headers: dict[str, str], body: bytes) -> bool:
    return bool(_shown(1, "is_genuine")(SECRET, headers, body))


@pytest.mark.parametrize("is_genuine", [_by_library, _by_hand])
def test_the_examples_tell_what_is_genuine(
    is_genuine: Callable[[dict[str, str], bytes], bool],
) -> None:
    """During a rotation, too; what was changed on the way, is another's or old is not."""
    headers = dict(WEBHOOK_SECRETS.headers(WEBHOOK_ID, (3, 2), WebhookEventId("evt_1"), NOW, BODY))
    others = dict(WEBHOOK_SECRETS.headers(WEBHOOK_ID, (3,), WebhookEventId("evt_1"), NOW, BODY))
    with freeze_time(NOW):
        assert is_genuine(headers, BODY.encode())
        assert not is_genuine(headers, BODY.encode() + b" ")
        assert not is_genuine({**headers, "webhook-id": "evt_2"}, BODY.encode())
        assert not is_genuine(others, BODY.encode())
    with freeze_time(NOW + timedelta(minutes=6)):
        assert not is_genuine(headers, BODY.encode())


def test_every_event_is_on_the_page() -> None:
    """Receivers find there what may come."""
    for event in WebhookEvent:
        assert f"`{event}`" in PAGE
