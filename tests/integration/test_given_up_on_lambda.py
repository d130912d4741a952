"""Functions that fail for good: what they gave up is replayed once they are mended."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.commands import Operator
from tests.integration.deployed import everyone
from tests.integration.on_lambda import NAME, OnLambda
from tests.integration.waiting import wait_for

PEOPLE = 120
CHUNKS = 3


@contextmanager
def broken(sentinel: OnLambda, function: str) -> Iterator[None]:
    """Meanwhile it looks for its records in a table that is not there."""
    lambda_, name = sentinel.clients.lambda_, f"{NAME}-{function}"
    variables = lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    wrong = {**variables, "TABLE_NAME": "nobody-made-it"}
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": wrong})
    yield
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_what_failed_functions_gave_up_is_replayed(on_lambda: OnLambda) -> None:
    """First the start, then every chunk beside a foreign message; in the end everybody is mailed.

    Once: the reconciler tried meanwhile, too.
    """
    sentinel, operator = on_lambda, Operator(on_lambda.endpoint_url)
    sentinel.add_people(PEOPLE)
    sqs, url = sentinel.clients.sqs, sentinel.outputs["SendQueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    with broken(sentinel, "send-worker"):
        with broken(sentinel, "start-campaign"):
            campaign_id = sentinel.post({}).json()["campaign_id"]
            wait_for(
                lambda: sentinel.waiting("start-dead-letters") or None,
                what="the start is given up",
            )
            # Before it is mended: the reconciler has it started, too, in a minute.
            status, said = operator.run("dead_letters", "list")
        assert status == 1, said
        start, *_ = re.findall(rf"^(\S+) +start +start of {campaign_id} ", said, re.MULTILINE)
        assert re.search("why +RetriesExhausted: .+: DynamoDB GetItem: AccessDenied", said), said
        assert "replay   the campaign is due and has not started" in said

        status, said = operator.run("dead_letters", "replay", start)
        assert (status, said.startswith(f"Replayed: {start}")) == (0, True), said
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        wait_for(
            lambda: sentinel.waiting("send-dead-letters") > CHUNKS or None,
            what="every chunk is given up, and the foreign message",
        )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "540"})
    said = operator.run("dead_letters", "list")[1]
    chunks = re.findall(rf"^\S+ +send +{campaign_id}, range 0, chunk (\d)", said, re.MULTILINE)
    assert set(chunks) == {"0", "1", "2"}
    (foreign,) = re.findall(r"^(\S+) +send +not a message of Sentinel$", said, re.MULTILINE)

    assert operator.run("dead_letters", "replay", "all")[0] == 1
    sentinel.sent(campaign_id)

    assert sentinel.mails() == everyone(PEOPLE)
    assert operator.run("dead_letters", "discard", foreign)[0] == 0
    assert operator.run("dead_letters", "list") == (
        0,
        "No dead letters: nothing of sentinel was given up.\n",
    )


def test_it_is_dealt_with_over_the_api(on_lambda: OnLambda) -> None:
    """Of every queue, by the role of the function: listed, replayed, discarded."""
    sqs = on_lambda.clients.sqs
    bodies = {
        "send": {"schema": 1, "campaign_id": "cmp_gone", "range": 0, "chunk": 0},
        "start": {
            "requestPayload": {"schema": 1, "campaign_id": "cmp_gone", "trigger": "direct invoke"}
        },
        "start-queue": {"schema": 1, "campaign_id": "cmp_gone", "trigger": "start queue"},
        "schedule": {"schema": 1, "campaign_id": "cmp_gone", "trigger": "direct invoke"},
        "job": {"requestPayload": {"schema": 1, "job_id": "exp_gone"}},
        "provider-events": {"mail": {}},
    }
    messages = [(source, json.dumps(body)) for source, body in bodies.items()]
    for source, text in [*messages, ("provider-events", "hello")]:
        queue = sqs.get_queue_url(QueueName=f"{NAME}-{source}-dead-letters")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody=text)

    with on_lambda.http() as client:
        listed = client.get("/v1/dead-letters").json()
        assert [each["source"] for each in listed["items"]] == [*bodies, "provider-events"]
        assert listed["waiting"] == len(bodies) + 1
        for each in listed["items"]:
            path = f"/v1/dead-letters/{each['dead_letter_id']}"
            if each["subject"] == "not a message of Sentinel":
                assert client.post(f"{path}/replay").status_code == 409
                assert client.delete(path).status_code == 204
            else:
                replayed = client.post(f"{path}/replay")
                assert (replayed.status_code, replayed.json()["source"]) == (202, each["source"])
        left = {each["dead_letter_id"] for each in client.get("/v1/dead-letters").json()["items"]}

    assert not left & {each["dead_letter_id"] for each in listed["items"]}
