"""Another version is deployed while campaigns are under way, and they end."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.deployed import everyone
from tests.integration.on_lambda import OnLambda, running
from tests.integration.waiting import wait_for

PEOPLE = 400
RATE = 40
"""So slow that both campaigns are under way for half a minute."""
PATIENCE = 120
_API = "entrypoints/http/api"


@pytest.fixture
def sentinel(code: bytes) -> Iterator[OnLambda]:
    """A deployment of its own."""
    with running(code, SendRate=str(RATE)) as deployed:
        yield deployed


def test_a_redeployment_under_load(sentinel: OnLambda, code: bytes) -> None:
    """New code takes over in the middle of two campaigns, and a third waits for its time."""
    sentinel.add_people(PEOPLE)
    # Refused, but the function is loaded: on a busy machine that takes longer than six seconds.
    sentinel.post({"schedule_at": "soon"})
    soon = datetime.now(UTC) + timedelta(seconds=66)
    waiting = sentinel.post({"schedule_at": soon.isoformat()})
    under_way = [sentinel.post({}) for _ in range(2)]
    wait_for(lambda: sentinel.mails() or None, within=PATIENCE, what="mails are sent")
    assert _version(sentinel) == "0.1.0"

    sentinel.deploy(_of_version(code, "0.2.0"))

    assert sentinel.mails().total() < 2 * PEOPLE
    assert _version(sentinel) == "0.2.0"
    assert waiting.status_code == 201
    # It takes longer than the leases of the workers that the emulator killed (AWS lets them end).
    campaign = sentinel.sent(waiting.json()["campaign_id"], within=PATIENCE)
    assert campaign["counts"]["sent"] == PEOPLE
    sentinel.later().reconcile()()
    in_doubt = 0
    for answer in under_way:
        campaign = sentinel.sent(answer.json()["campaign_id"], within=PATIENCE)
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
