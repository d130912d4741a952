"""A deployment as AWS meets it, where an emulator is too kind."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from adapters.aws.clients import AwsClients
from adapters.aws.code_bucket import upload
from adapters.aws.deployment import BUCKET_NAME, TABLE_NAME, AwsDeployment
from adapters.aws.stack import deploy_stack, stack_status
from domain.errors import DependencyRefused
from tests.conftest import Emulator
from tests.contracts.aws_family import TEMPLATE
from tests.contracts.wire import answer, intercepted, query_answer, query_error, through

ACCOUNT = "100000000077"
SENDER = "News <news@mail.example.com>"
BROKEN = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: fine}}
  Nothing: {Type: AWS::Sentinel::Nothing}
"""
LARGEST_IN_A_CALL = 51_200
LONGEST_BUCKET_NAME = 63
FINE = "Resources:\n  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: fine}}\n"


@pytest.fixture
def account(emulator: Emulator) -> AwsClients:
    """An account of its own."""
    return AwsClients(emulator.region, emulator.endpoint_url, ACCOUNT)


def _deploy(clients: AwsClients, name: str) -> dict[str, str]:
    """The parameters and the template that a deployment without functions was made with."""
    deployment = AwsDeployment(clients, name)
    with intercepted(clients.cloudformation, "CreateChangeSet", through) as wire:
        deployment.deploy(TEMPLATE.read_text(), b"code", SENDER, {"Functions": "none"})
    (asked,) = wire.bodies
    count = sum(key.endswith(".ParameterKey") for key in asked)
    parameters = {
        asked[f"Parameters.member.{number}.ParameterKey"]: asked[
            f"Parameters.member.{number}.ParameterValue"
        ]
        for number in range(1, count + 1)
    }
    bucket, key = unquote(asked["TemplateURL"]).removeprefix(f"{clients.endpoint_url}/").split("/")
    template = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return {**parameters, "Template": template, "TemplateBucket": bucket}


def test_the_table_has_a_name_that_is_spelled_out(account: AwsClients) -> None:
    """Only so CloudFormation takes over the one that an earlier deployment left."""
    assert Path(TEMPLATE).read_text().count(TABLE_NAME) == 1

    sent = _deploy(account, "spelled")["Template"]

    assert TABLE_NAME not in sent
    assert "TableName: spelled\n" in sent
    assert account.dynamodb.describe_table(TableName="spelled")


def test_the_bucket_of_files_has_a_name_that_is_spelled_out(account: AwsClients) -> None:
    """Likewise; the longest name of a stage leaves it one that S3 takes."""
    assert Path(TEMPLATE).read_text().count(BUCKET_NAME) == 1
    longest = f"sentinel-{'x' * 21}-data-{ACCOUNT}-ap-southeast-1"
    assert len(longest) <= LONGEST_BUCKET_NAME

    sent = _deploy(account, "spelled-bucket")["Template"]

    name = f"spelled-bucket-data-{ACCOUNT}-{account.region}"
    assert BUCKET_NAME not in sent
    assert f"BucketName: {name}\n" in sent
    assert account.s3.head_bucket(Bucket=name)


def test_the_files_that_a_destroyed_stack_left_are_deleted_when_that_is_asked_for(
    account: AwsClients,
) -> None:
    """More of them than a call deletes; where there are none, there is nothing to do."""
    deployment = AwsDeployment(account, "full")
    _deploy(account, "full")
    name = f"full-data-{ACCOUNT}-{account.region}"
    for number in range(1_001):
        account.s3.put_object(Bucket=name, Key=f"imports/{number}", Body=b"")
    deployment.destroy()
    assert account.s3.head_bucket(Bucket=name)

    deployment.delete_data()
    deployment.delete_data()

    assert name not in {each["Name"] for each in account.s3.list_buckets()["Buckets"]}


def test_package_and_template_share_one_bucket(account: AwsClients) -> None:
    """One that is the stack's own, made by its first deployment; another adds what is new only."""
    sent = [_deploy(account, "stored") for _ in range(2)]

    bucket = f"stored-code-{ACCOUNT}-{account.region}"
    assert {name for each in sent for name in (each["CodeBucket"], each["TemplateBucket"])} == {
        bucket
    }
    kept = account.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(each["Key"].partition(".")[2] for each in kept) == ["yaml", "zip"]


def test_a_template_may_be_larger_than_a_call_takes(account: AwsClients) -> None:
    """Nobody has to count the bytes of a comment."""
    deploy_stack(account, "large", FINE + "#" * LARGEST_IN_A_CALL, {})

    assert stack_status(account, "large") == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "s3.amazonaws.com"),
        ("eu-central-1", "s3.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_cloudformation_is_led_to_s3_of_the_region(region: str, host: str) -> None:
    """By https, which it insists on, in whatever partition."""
    clients = AwsClients(region, access_key=ACCOUNT)
    caller = query_answer(
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Account>{ACCOUNT}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    is_there = query_answer("")
    with (
        intercepted(clients.sts, "GetCallerIdentity", caller),
        intercepted(clients.s3, "HeadBucket", is_there),
        intercepted(clients.s3, "HeadObject", is_there),
    ):
        there = upload(clients, "sentinel", b"content", "yaml")

    assert there.url == f"https://{host}/sentinel-code-{ACCOUNT}-{region}/{there.key}"


def test_mails_may_be_sent_by_whatever_covers_the_sender(account: AwsClients) -> None:
    """Its address, its domain and those above it, and the configuration set that one has."""
    # The emulator forgets which configuration set an identity has.
    has_one = answer({"VerifiedForSendingStatus": True, "ConfigurationSetName": "marketing"})
    with intercepted(account.sesv2_reads, "GetEmailIdentity", has_one):
        allowed = _deploy(account, "covered")["SendingIdentities"].split(",")

    prefix = f"arn:aws:ses:{account.region}:{ACCOUNT}"
    assert allowed == [
        f"{prefix}:identity/news@mail.example.com",
        f"{prefix}:identity/mail.example.com",
        f"{prefix}:identity/example.com",
        f"{prefix}:configuration-set/marketing",
    ]


def test_secrets_are_made_once(account: AwsClients) -> None:
    """Another deployment leaves them as they are, and takes back one that was deleted."""
    first = _deploy(account, "secretive")
    secrets = account.secretsmanager
    key = secrets.get_secret_value(SecretId="secretive/address-hash-key")["SecretString"]
    assert len(key) == 64
    secrets.delete_secret(SecretId="secretive/address-hash-key")

    second = _deploy(account, "secretive")

    assert first["AddressHashKeySecretArn"] == second["AddressHashKeySecretArn"]
    again = secrets.get_secret_value(SecretId="secretive/address-hash-key")["SecretString"]
    assert again == key


def test_a_creation_that_fails_names_the_resource_and_can_be_repeated(account: AwsClients) -> None:
    """The stack that it leaves behind is in nobody's way."""
    with pytest.raises(DependencyRefused, match="Nothing"):
        deploy_stack(account, "broken", BROKEN, {})

    deploy_stack(account, "broken", FINE, {})

    assert stack_status(account, "broken") in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_what_cloudformation_refuses_is_told(account: AwsClients) -> None:
    """An operator learns what is wrong, not only that something is."""
    refuse = query_error("ValidationError", 400)
    with (
        intercepted(account.cloudformation, "CreateChangeSet", refuse),
        pytest.raises(DependencyRefused, match="ValidationError: told by the test"),
    ):
        deploy_stack(account, "refused", FINE, {})
