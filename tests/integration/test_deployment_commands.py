"""From nothing to a first campaign and away again, by the commands of the guide."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from adapters.aws.stack import verify_sender
from entrypoints.local.emulator import running_ministack
from tests.integration.commands import Operator
from tests.integration.waiting import PATIENCE

SENDER = "News <news@example.com>"


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    """With an empty account."""
    with running_ministack(AUTH="true") as endpoint_url:
        operator = Operator(endpoint_url)
        verify_sender(operator.clients, SENDER)
        yield operator


def test_a_deployment_from_its_beginning_to_its_end(operator: Operator) -> None:
    """Deployed, used with a key, deployed again, destroyed, taken up again with its data."""
    deploy = {"SENDER": SENDER, "ARCHITECTURE": "x86_64", "STAGE": "test"}
    status, said = operator.run("deploy", **deploy)
    assert status == 0, said
    (url,) = re.findall(r"serves on (\S+)", said)

    status, said = operator.run(
        "api_keys", "issue", "templates:write", "templates:read", STAGE="test"
    )
    assert status == 0, said
    key = said.split()[0]
    with _client(operator, url, key) as client:
        content = {"subject": "Hi", "html": "Hi", "text": "Hi"}
        body = {"template_id": "hello", "name": "Hello", **content}
        assert client.post("/v1/templates", json=body).status_code == 201
        assert client.get("/v1/campaigns").status_code == 403
    key_id = key.split("_")[1]
    assert key_id in operator.run("api_keys", "list", STAGE="test")[1]

    status, said = operator.run("deploy", LOG_RETENTION_DAYS="7", **deploy)
    assert status == 0, said
    logs = operator.clients.session.client("logs", endpoint_url=operator.endpoint_url)
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/sentinel-test-api")[
        "logGroups"
    ]
    assert group["retentionInDays"] == 7

    assert operator.run("api_keys", "revoke", key_id, STAGE="test")[0] == 0
    assert "nobody" in operator.run("api_keys", "list", STAGE="test")[1]
    status, said = operator.run("destroy", CONFIRM="sentinel-test", STAGE="test")
    assert (status, "The table and the files stay" in said) == (0, True), said
    assert operator.clients.dynamodb.describe_table(TableName="sentinel-test")
    bucket = _files_bucket(operator)
    operator.clients.s3.put_object(Bucket=bucket, Key="imports/imp_1/contacts.csv", Body=b"email")

    status, said = operator.run("deploy", **deploy)
    assert status == 0, said
    (url,) = re.findall(r"serves on (\S+)", said)
    key = operator.run("api_keys", "issue", "templates:read", STAGE="test")[1].split()[0]
    with _client(operator, url, key) as client:
        assert client.get("/v1/templates/hello").status_code == 200
    assert operator.clients.s3.head_object(Bucket=bucket, Key="imports/imp_1/contacts.csv")

    ending = {"CONFIRM": "sentinel-test", "DELETE_DATA": "sentinel-test", "STAGE": "test"}
    status, said = operator.run("destroy", **ending)
    assert status == 0, said
    assert "sentinel-test" not in operator.clients.dynamodb.list_tables()["TableNames"]
    assert bucket not in {each["Name"] for each in operator.clients.s3.list_buckets()["Buckets"]}


@pytest.mark.parametrize(
    ("command", "environment", "remedy"),
    [
        ("deploy", {}, "SENDER"),
        ("deploy", {"SENDER": "nobody"}, "name@example.com"),
        ("deploy", {"SENDER": SENDER, "WORKER_CONCURRENCY": "1"}, "WORKER_CONCURRENCY"),
        ("deploy", {"SENDER": SENDER, "STAGE": "Test!"}, "STAGE"),
        ("deploy", {"SENDER": SENDER, "AWS_REGION": ""}, "AWS_REGION"),
        ("deploy", {"SENDER": SENDER, "AWS_REGION": "nowhere-1"}, "nowhere-1"),
        ("deploy", {"SENDER": SENDER, "AWS_PROFILE": "nobody"}, "AWS_PROFILE"),
        ("deploy", {"SENDER": SENDER, "LOG_RETENTION_DAYS": "31"}, "LOG_RETENTION_DAYS"),
        ("deploy", {"SENDER": SENDER, "LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ("deploy", {"SENDER": SENDER, "ALARM_ADDRESS": "oncall"}, "ALARM_ADDRESS"),
        ("deploy", {"SENDER": SENDER, "SANDBOX_RECIPIENTS": "me"}, "SANDBOX_RECIPIENTS"),
        ("deploy", {"SENDER": SENDER, "ARCHITECTURE": "mips"}, "ARCHITECTURE"),
        ("destroy", {}, "CONFIRM=sentinel "),
        ("destroy", {"CONFIRM": "sentinel"}, "no stack sentinel in "),
        ("api_keys", {"AWS_PROFILE": "nobody"}, "AWS_PROFILE"),
        ("dead_letters", {"STAGE": "Test!"}, "STAGE"),
        ("destroy", {"CONFIRM": "sentinel-test"}, "CONFIRM=sentinel "),
        ("destroy", {"CONFIRM": "sentinel", "DELETE_DATA": "yes"}, "DELETE_DATA=sentinel "),
    ],
)
def test_a_command_that_is_told_something_wrong(
    operator: Operator, command: str, environment: dict[str, str], remedy: str
) -> None:
    """It names the variable, changes nothing, and fails."""
    arguments = ("list",) if command in {"api_keys", "dead_letters"} else ()
    status, said = operator.run(command, *arguments, **environment)

    assert status == 2
    assert remedy in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["api_keys", "dead_letters"])
def test_what_a_deployment_has_that_is_not_there(operator: Operator, command: str) -> None:
    """It says which, and what to do."""
    status, said = operator.run(command, "list", STAGE="nowhere")

    assert status == 2
    assert "no stack sentinel-nowhere" in said
    assert "make deploy" in said


def test_what_the_stack_of_an_earlier_release_does_not_have(operator: Operator) -> None:
    """It is there, and is told so: what is missing comes with the deployment of this release."""
    queue = {"Type": "AWS::SQS::Queue"}
    outputs = {"TableName": {"Value": "sentinel-earlier"}, "SendQueueUrl": {"Value": "…/send"}}
    operator.clients.cloudformation.create_stack(
        StackName="sentinel-earlier",
        TemplateBody=json.dumps({"Resources": {"Queue": queue}, "Outputs": outputs}),
    )

    status, said = operator.run("dead_letters", "list", STAGE="earlier")

    assert status == 2
    assert "the stack sentinel-earlier is of an earlier release" in said
    assert "make deploy" in said


def _files_bucket(operator: Operator) -> str:
    (name,) = (
        each["Name"]
        for each in operator.clients.s3.list_buckets()["Buckets"]
        if each["Name"].startswith("sentinel-test-data-")
    )
    return name


def _client(operator: Operator, url: str, key: str) -> httpx.Client:
    """As a browser finds the API, whose host's name nobody but the emulator knows."""
    headers = {"Host": url.removeprefix("http://"), "Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=operator.endpoint_url, headers=headers, timeout=PATIENCE)
