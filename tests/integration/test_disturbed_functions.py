"""The Lambda functions amid what AWS documents and no emulator does: as `test_disturbed.py`."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.integration.documented_faults import FAULTS, OFTEN, Disturbance
from tests.integration.on_lambda import EVERYONE, FUNCTIONS, NAME, OnLambda, running
from tests.integration.runner import SHORT_TIMES
from tests.integration.service_proxy import ServiceProxy, none, service_proxy
from tests.integration.waiting import wait_for

pytestmark = pytest.mark.prove

PEOPLE = 200
_SERVICES = ("DYNAMODB", "SQS", "SESV2", "SCHEDULER", "LAMBDA")


@pytest.fixture
def sentinel(code: bytes) -> Iterator[OnLambda]:
    """A deployment of its own, for it is led astray; single sends, each with its own chance."""
    with running(code, SesBulk="false", SendRate="400") as deployed:
        deployed.add_people(PEOPLE)
        yield deployed


@pytest.fixture
def proxy(sentinel: OnLambda) -> Iterator[ServiceProxy]:
    """What every function takes for its services, with times that are seconds."""
    with service_proxy(sentinel.endpoint_url) as proxy:
        lambda_ = sentinel.clients.lambda_
        endpoints = {f"AWS_ENDPOINT_URL_{service}": proxy.url for service in _SERVICES}
        for name in FUNCTIONS:
            function = f"{NAME}-{name}"
            found = lambda_.get_function_configuration(FunctionName=function)["Environment"]
            variables = {**found["Variables"], **endpoints, **SHORT_TIMES}
            lambda_.update_function_configuration(
                FunctionName=function, Environment={"Variables": variables}
            )
        for queue in ("send", "provider-events"):
            _redeliver_soon(sentinel, queue)
        yield proxy


def _redeliver_soon(sentinel: OnLambda, queue: str) -> None:
    sqs = sentinel.clients.sqs
    url = sqs.get_queue_url(QueueName=f"{NAME}-{queue}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    redrive = {**json.loads(found["Attributes"]["RedrivePolicy"]), "maxReceiveCount": 1_000}
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={"VisibilityTimeout": "10", "RedrivePolicy": json.dumps(redrive)},
    )


def test_functions_amid_faults(sentinel: OnLambda, proxy: ServiceProxy) -> None:
    """Schedules and invocations that are throttled, too: nobody lost, nobody mailed twice."""
    disturbance = Disturbance(20_251_125, {"": 20, "SendEmail": 5, "Invoke": 60, **OFTEN})
    with sentinel.http() as client:
        proxy.fault = disturbance
        campaign_id = _create(client)
        _move_to_now(client, sentinel, campaign_id)
        _until_sent(client, sentinel, campaign_id)
        proxy.fault = none
        mailed = sentinel.mails()
        counts = _settled(client, campaign_id, mailed.total())

    assert set(mailed.values()) == {1}
    assert counts["sent"] + counts["unknown"] == counts["recipients"] == PEOPLE
    print(  # noqa: T201  what make prove shows
        *(f"{times:5} {what}" for what, times in sorted(disturbance.happened.items())),
        f"{counts['unknown']:5} unknown, none of them mailed",
        sep="\n",
    )
    assert {f"Invoke: {name}" for name in FAULTS["Invoke"]} & disturbance.happened.keys()


def _create(client: httpx.Client) -> str:
    later = datetime.now(UTC) + timedelta(days=1)
    body = {
        "name": "News",
        "template_id": "greeting",
        "segment_id": EVERYONE,
        "schedule_at": later.isoformat(),
    }

    def ask() -> str | None:
        answer = client.post("/v1/campaigns", json=body, headers={"Idempotency-Key": "disturbed"})
        return answer.json()["campaign_id"] if answer.is_success else None

    return wait_for(ask, what="the campaign is taken")


def _state(client: httpx.Client, campaign_id: str) -> dict[str, str | None]:
    """As it is answered; empty where it is not."""
    answer = client.get(f"/v1/campaigns/{campaign_id}")
    found: dict[str, str | None] = answer.json() if answer.is_success else {}
    return found


def _move_to_now(client: httpx.Client, sentinel: OnLambda, campaign_id: str) -> None:
    def ask() -> bool | None:
        client.patch(f"/v1/campaigns/{campaign_id}", json={"schedule_at": None})
        sentinel.invoke("reconcile", {})
        return _state(client, campaign_id).get("state", "scheduled") != "scheduled" or None

    wait_for(ask, what="the campaign is moved to now")


def _until_sent(client: httpx.Client, sentinel: OnLambda, campaign_id: str) -> None:
    """With a reconciler that comes sooner than each minute, and somebody at hand who resumes."""

    def look() -> bool | None:
        campaign = _state(client, campaign_id)
        if campaign.get("pause_reason") == "account":
            client.post(f"/v1/campaigns/{campaign_id}/resume")
        sentinel.invoke("reconcile", {})
        return campaign.get("state") == "sent" or None

    wait_for(look, what="the campaign is sent")


def _settled(client: httpx.Client, campaign_id: str, mailed: int) -> dict[str, int]:
    """The counts, once SES has told of every mail."""

    def look() -> dict[str, int] | None:
        counts: dict[str, int] = client.get(f"/v1/campaigns/{campaign_id}").json()["counts"]
        return counts if counts["sent"] == mailed else None

    return wait_for(look, what="SES told of every mail")
