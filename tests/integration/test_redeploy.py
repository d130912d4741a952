"""Another version is deployed while campaigns are under way, and they end."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.delivery_policy import DeliveryPolicy
from tests.integration.deployed import everyone
from tests.integration.on_lambda import OnLambda, running
from tests.integration.waiting import wait_for

PEOPLE = 400
RATE = 16
"""So slow that both campaigns are under way for most of a minute: a deployment takes less."""
LEAD = timedelta(seconds=90)
"""What is due within a minute is immediate: a POST has half a minute."""
_API = "entrypoints/http/api"


@pytest.fixture
def sentinel(code: bytes) -> Iterator[OnLambda]:
    """A deployment of its own."""
    with running(code, SendRate=str(RATE)) as deployed:
        yield deployed


def test_a_redeployment_under_load(sentinel: OnLambda, code: bytes) -> None:
    """New code takes over in the middle of two campaigns, and a third waits for its time."""
    sentinel.add_people(PEOPLE)
    # Refused, but the function is loaded, which takes long on a busy machine.
    sentinel.post({"schedule_at": "soon"})
    soon = datetime.now(UTC) + LEAD
    waiting = sentinel.post({"schedule_at": soon.isoformat()})
    under_way = [sentinel.post({}) for _ in range(2)]
    wait_for(lambda: sentinel.mails() or None, what="mails are sent")
    assert _version(sentinel) == "0.1.0"

    # And quicker, from here on: what is under way by now is enough.
    sentinel.deploy(_of_version(code, "0.2.0"), SendRate="1000")
    # The emulator killed workers (AWS lets them end): for so long they hold their chunks.
    held_until = datetime.now(UTC) + DeliveryPolicy().send_lease

    assert sentinel.mails().total() < 2 * PEOPLE
    assert _version(sentinel) == "0.2.0"
    assert waiting.status_code == 201
    campaign = sentinel.sent(waiting.json()["campaign_id"])
    assert campaign["counts"]["sent"] == PEOPLE
    # Sooner, and the messages would come to chunks that are held, and be dealt with.
    wait_for(
        lambda: datetime.now(UTC) > held_until or None,
        what="the leases of the killed have run out",
    )
    sentinel.later().reconcile()()
    in_doubt = 0
    for answer in under_way:
        campaign = sentinel.sent(answer.json()["campaign_id"])
        counts = campaign["counts"]
        assert counts["sent"] + counts["unknown"] == PEOPLE
        in_doubt += counts["unknown"]
    # Nobody has one too many; who has one too few is in doubt, and shown so.
    missing = everyone(PEOPLE, times=3)
    missing.subtract(sentinel.mails())
    assert all(each >= 0 for each in missing.values())
    assert missing.total() <= in_doubt


def _version(sentinel: OnLambda) -> str:
    with sentinel.http() as client:
        version: str = client.get("/openapi.json").json()["info"]["version"]
        return version


def _of_version(code: bytes, version: str) -> bytes:
    """The same package, but for the version that the API says it has."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(code)) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.startswith(f"{_API.rpartition('/')[0]}/__pycache__/api."):
                continue  # compiled from what is changed here
            if entry.filename == f"{_API}.py":
                assert b'VERSION = "0.1.0"' in content
                content = content.replace(b'"0.1.0"', f'"{version}"'.encode())
            new.writestr(entry, content)
    return changed.getvalue()
