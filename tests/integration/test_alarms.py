"""Each alarm is tripped by its own metric, tells somebody, and is explained in the runbook."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.on_lambda import NAME, OnLambda, running
from tests.integration.waiting import wait_for

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"

TRIPPING = {
    "send-dead-letters": 1,
    "send-urgent-dead-letters": 1,
    "start-dead-letters": 1,
    "start-queue-dead-letters": 1,
    "schedule-dead-letters": 1,
    "job-dead-letters": 1,
    "provider-events-dead-letters": 1,
    "campaign-halted": 1,
    "occurrences-missed": 1,
    "campaign-stalled": 1_801,
    "unknown-held": 86_401,
    "reconciler-silent": 0,
    "reconciler-failing": 5,
    "webhooks-failing": 5,
    "bounce-rate": 0.041,
    "complaint-rate": 0.0009,
}
"""A value of its metric, the least that anybody would notice."""
QUIET = {
    "send-dead-letters": 0,
    "send-urgent-dead-letters": 0,
    "start-dead-letters": 0,
    "start-queue-dead-letters": 0,
    "schedule-dead-letters": 0,
    "job-dead-letters": 0,
    "provider-events-dead-letters": 0,
    "campaign-halted": 0,
    "occurrences-missed": 0,
    "campaign-stalled": 1_800,
    "unknown-held": 86_400,
    "reconciler-silent": 1,
    "reconciler-failing": 4,
    # The emulator adds the errors of all functions up, whichever the dimension names.
    "webhooks-failing": 0,
    "bounce-rate": 0.04,
    "complaint-rate": 0.0008,
}
"""The most that is nobody's business."""


@pytest.fixture(scope="module")
def alarmed(code: bytes) -> Iterator[OnLambda]:
    """A deployment whose alarms are mailed to somebody."""
    with running(code, AlarmAddress="oncall@example.com") as sentinel:
        yield sentinel


@pytest.fixture
def cloudwatch(alarmed: OnLambda) -> "CloudWatchClient":
    """Where alarms are."""
    return alarmed.clients.session.client("cloudwatch", endpoint_url=alarmed.endpoint_url)


def test_these_are_all(cloudwatch: "CloudWatchClient") -> None:
    """And no more: each one asks for a person."""
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]

    assert {each["AlarmName"] for each in alarms} == {f"{NAME}-{name}" for name in TRIPPING}


@pytest.fixture(scope="module")
def quiet(alarmed: OnLambda) -> None:
    """Each had a value that is nobody's business, and is silent."""
    cloudwatch = alarmed.clients.session.client("cloudwatch", endpoint_url=alarmed.endpoint_url)
    for name, value in QUIET.items():
        _report(cloudwatch, _alarm(cloudwatch, name), value)
    for name in QUIET:
        _becomes(cloudwatch, name, "OK")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", [name for name in TRIPPING if name != "reconciler-silent"])
def test_it_is_tripped_by_its_metric(cloudwatch: "CloudWatchClient", name: str) -> None:
    """By the least that matters, and not by the most that does not."""
    _report(cloudwatch, _alarm(cloudwatch, name), TRIPPING[name])

    _becomes(cloudwatch, name, "ALARM")


def test_silence_is_an_alarm(cloudwatch: "CloudWatchClient") -> None:
    """A reconciler that is not invoked at all reports nothing."""
    alarm = _alarm(cloudwatch, "reconciler-silent")

    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)


@pytest.mark.parametrize("name", TRIPPING)
def test_it_tells_somebody(alarmed: OnLambda, cloudwatch: "CloudWatchClient", name: str) -> None:
    """By mail, when it begins and when it ends."""
    alarm = _alarm(cloudwatch, name)
    (topic,) = alarm["AlarmActions"]

    assert alarm["OKActions"] == [topic]
    sns = alarmed.clients.session.client("sns", endpoint_url=alarmed.endpoint_url)
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "oncall@example.com")


@pytest.mark.parametrize("name", TRIPPING)
def test_the_runbook_says_what_to_do(cloudwatch: "CloudWatchClient", name: str) -> None:
    """Under the alarm's own name, which its description gives."""
    alarm = _alarm(cloudwatch, name)

    assert f"docs/runbook.md, {name}." in alarm["AlarmDescription"]
    assert re.search(rf"^## {name}$", RUNBOOK.read_text(), re.MULTILINE)


def _alarm(cloudwatch: "CloudWatchClient", name: str) -> "MetricAlarmTypeDef":
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{NAME}-{name}"])["MetricAlarms"]
    return alarm


def _report(cloudwatch: "CloudWatchClient", alarm: "MetricAlarmTypeDef", value: float) -> None:
    cloudwatch.put_metric_data(
        Namespace=alarm["Namespace"],
        MetricData=[
            {
                "MetricName": alarm["MetricName"],
                "Dimensions": alarm.get("Dimensions", []),
                "Value": value,
            }
        ],
    )


def _becomes(cloudwatch: "CloudWatchClient", name: str, state: str) -> None:
    wait_for(
        lambda: _alarm(cloudwatch, name)["StateValue"] == state or None,
        what=f"{name} is {state}",
    )
