"""What an account allows and holds, read from the emulator, and from what AWS alone answers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from adapters.aws.account import read_account
from adapters.aws.clients import AwsClients
from adapters.aws.stack import verify_sender
from domain.account import (
    Account,
    Caller,
    Concurrency,
    Identity,
    Reputation,
    Role,
    Sender,
    Sending,
    Stack,
    Trust,
    TrustCondition,
    Unread,
)
from domain.errors import DependencyFault
from entrypoints.deployment.preflight import main
from tests.conftest import Emulator
from tests.contracts.aws_family import close
from tests.contracts.wire import answer, cut, error, intercepted, query_error, through
from tests.dns_server import name_server

ADDRESS = "news@mail.example.com"
STACK = "watched"
DENIED = error("AccessDeniedException", 403)
QUERY_DENIED = query_error("AccessDenied")
_accounts = count(300_000_000_001)

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                "ArnLike": {"aws:SourceArn": ["arn:one", "arn:two"]},
                "Bool": {"aws:SecureTransport": "true"},
            },
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": {"Ref": "AWS::AccountId"}},
            "Action": "sts:AssumeRole",
        },
        {
            "Effect": "Deny",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs.amazonaws.com"},
            "Action": "sts:TagSession",
        },
    ],
}
_TEMPLATE = json.dumps(
    {
        "Parameters": {
            "SendRate": {"Type": "Number", "Default": 28},
            "Senders": {"Type": "String", "Default": "Shop <shop@xn--bcher-kva.example>"},
        },
        "Outputs": {"ApiUrl": {"Value": "https://api.example"}},
        "Resources": {
            "SchedulerInvokeRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": "watched-invoke", "AssumeRolePolicyDocument": _TRUST},
            },
            "ScheduleGroup": {
                "Type": "AWS::Scheduler::ScheduleGroup",
                "Properties": {"Name": "watched-group"},
            },
            "ApiFunction": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "watched-api",
                    "Runtime": "python3.11",
                    "Handler": "index.handler",
                    "Role": {"Fn::GetAtt": ["SchedulerInvokeRole", "Arn"]},
                    "Code": {"ZipFile": "handler = None"},
                },
            },
        },
    }
)


@pytest.fixture
def account_id() -> str:
    """An account that no other test has."""
    return str(next(_accounts))


@pytest.fixture
def clients(emulator: Emulator, account_id: str) -> Iterator[AwsClients]:
    """Of that account."""
    clients = AwsClients(emulator.region, emulator.endpoint_url, account_id)
    yield clients
    close(clients)


@pytest.fixture
def stack(clients: AwsClients) -> str:
    """One with a role, a schedule group and a function."""
    cloudformation = clients.cloudformation
    cloudformation.create_stack(
        StackName=STACK, TemplateBody=_TEMPLATE, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    return STACK


def read(clients: AwsClients) -> Account:
    """For one sender and one stack."""
    return read_account(clients, [ADDRESS], STACK, datetime.now(UTC))


def deployed(clients: AwsClients) -> Stack:
    """The stack, which is there."""
    stack = read(clients).stack
    assert isinstance(stack, Stack)
    return stack


# Read from the emulator.


def test_an_empty_account_is_read(clients: AwsClients, account_id: str) -> None:
    """Who asks and where, what SES and Lambda allow, no identity and no stack."""
    account = read(clients)

    assert account.caller == Caller(account_id, f"arn:aws:iam::{account_id}:root", clients.region)
    assert account.sending == Sending(
        has_production_access=True,
        is_enabled=True,
        enforcement="HEALTHY",
        max_rate=14.0,
        max_a_day=50_000.0,
        sent_last_day=0.0,
    )
    assert account.reputation == Reputation(bounces=None, complaints=None)
    assert account.senders == (Sender(ADDRESS, ()),)
    limit = clients.lambda_.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    assert account.concurrency == Concurrency(limit, limit)
    assert account.stack is None
    assert not account.is_closed


def test_the_sandbox_is_read(clients: AwsClients) -> None:
    """As an account begins."""
    clients.sesv2.put_account_details(
        ProductionAccessEnabled=False, MailType="MARKETING", WebsiteURL="https://example.com"
    )

    sending = read(clients).sending

    assert isinstance(sending, Sending)
    assert not sending.has_production_access


def test_the_reputation_is_the_latest_that_ses_told(clients: AwsClients) -> None:
    """As its metrics have it."""
    now = datetime.now(UTC)
    for name, value, age in (
        ("Reputation.BounceRate", 0.02, 3),
        ("Reputation.BounceRate", 0.01, 1),
        ("Reputation.ComplaintRate", 0.0004, 2),
    ):
        clients.cloudwatch.put_metric_data(
            Namespace="AWS/SES",
            MetricData=[
                {"MetricName": name, "Value": value, "Timestamp": now - timedelta(days=age)}
            ],
        )

    assert read(clients).reputation == Reputation(bounces=0.01, complaints=0.0004)


def test_the_identities_that_cover_a_sender_are_read(clients: AwsClients) -> None:
    """Its address, its domain and the domain above; the closest first, and no other."""
    for identity in ("example.com", ADDRESS, "other.example.com"):
        verify_sender(clients, identity) if "@" in identity else _make(clients, identity)

    (sender,) = read(clients).senders

    assert sender.identities == (
        Identity(name=ADDRESS, is_verified=True, signs=False, dkim="NOT_STARTED"),
        Identity(name="example.com", is_verified=True, signs=False, dkim="PENDING"),
    )


def test_a_domain_in_its_own_letters_is_asked_for_as_ses_has_it(clients: AwsClients) -> None:
    """In its ASCII form."""
    _make(clients, "xn--mnchen-3ya.example")

    (sender,) = read_account(clients, ["news@münchen.example"], STACK, datetime.now(UTC)).senders

    assert isinstance(sender.identities, tuple)
    assert [identity.name for identity in sender.identities] == ["xn--mnchen-3ya.example"]


def _make(clients: AwsClients, identity: str) -> None:
    clients.sesv2.create_email_identity(EmailIdentity=identity)


@pytest.mark.usefixtures("stack")
def test_a_stack_is_read(clients: AwsClients, account_id: str) -> None:
    """Its state, its parameters, its group, and whom its roles trust to take them on."""
    stack = deployed(clients)

    assert stack.name == STACK
    assert stack.status == "CREATE_COMPLETE"
    assert stack.parameters["SendRate"] == "28"
    assert stack.public_url == "https://api.example"
    assert [sender.address for sender in read(clients).senders] == [ADDRESS, "shop@bücher.example"]
    contents = stack.contents
    assert not isinstance(contents, Unread)
    assert contents.schedule_groups == {"ScheduleGroup": "watched-group"}
    assert contents.reserved == 0
    assert contents.roles == {
        "SchedulerInvokeRole": Role(
            "watched-invoke",
            (
                Trust(
                    frozenset({"scheduler.amazonaws.com"}),
                    (
                        TrustCondition(
                            "StringEquals", "aws:sourceaccount", frozenset({account_id})
                        ),
                        TrustCondition(
                            "ArnLike", "aws:sourcearn", frozenset({"arn:one", "arn:two"})
                        ),
                    ),
                ),
                Trust(frozenset({"lambda.amazonaws.com", "edgelambda.amazonaws.com"})),
                Trust(frozenset()),
            ),
        )
    }


@pytest.mark.usefixtures("stack")
def test_what_a_stacks_functions_reserved_is_read(clients: AwsClients) -> None:
    """Together; a function that was deleted reserves nothing."""
    clients.lambda_.put_function_concurrency(
        FunctionName="watched-api", ReservedConcurrentExecutions=7
    )

    contents = deployed(clients).contents

    assert not isinstance(contents, Unread)
    assert contents.reserved == 7
    clients.lambda_.delete_function(FunctionName="watched-api")
    contents = deployed(clients).contents
    assert not isinstance(contents, Unread)
    assert contents.reserved == 0


@pytest.mark.usefixtures("stack")
def test_a_role_that_was_deleted_is_missed(clients: AwsClients) -> None:
    """The stack still lists it."""
    clients.iam.delete_role(RoleName="watched-invoke")

    contents = deployed(clients).contents

    assert not isinstance(contents, Unread)
    assert contents.roles == {"SchedulerInvokeRole": None}


# What AWS alone answers.


def test_what_the_emulator_cannot_say_of_ses_is_read(clients: AwsClients) -> None:
    """An account under review, paused; a domain that signs, with a return path of its own."""
    told = answer(
        {
            "ProductionAccessEnabled": False,
            "SendingEnabled": False,
            "EnforcementStatus": "PROBATION",
            "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 190.0},
        }
    )
    identity = answer(
        {
            "IdentityType": "DOMAIN",
            "VerifiedForSendingStatus": True,
            "DkimAttributes": {
                "SigningEnabled": True,
                "Status": "SUCCESS",
                "CurrentSigningKeyLength": "RSA_2048_BIT",
            },
            "MailFromAttributes": {
                "MailFromDomain": "bounce.example.com",
                "MailFromDomainStatus": "FAILED",
                "BehaviorOnMxFailure": "REJECT_MESSAGE",
            },
        }
    )

    with (
        intercepted(clients.sesv2_reads, "GetAccount", told),
        intercepted(clients.sesv2_reads, "GetEmailIdentity", through, identity, through),
    ):
        account = read(clients)

    assert account.sending == Sending(
        has_production_access=False,
        is_enabled=False,
        enforcement="PROBATION",
        max_rate=1.0,
        max_a_day=200.0,
        sent_last_day=190.0,
    )
    assert account.senders[0].identities == (
        Identity(
            name="mail.example.com",
            is_verified=True,
            signs=True,
            dkim="SUCCESS",
            key_bits=2_048,
            mail_from="bounce.example.com",
            mail_from_status="FAILED",
            rejects_without_mail_from=True,
        ),
    )


@pytest.mark.usefixtures("no_backoff")
def test_a_throttled_question_is_asked_again(clients: AwsClients) -> None:
    """SES answers one a second."""
    throttled = error("TooManyRequestsException", 429)

    with intercepted(clients.sesv2_reads, "GetAccount", throttled, through) as wire:
        account = read(clients)

    assert isinstance(account.sending, Sending)
    assert wire.requests == 2


@pytest.mark.usefixtures("stack")
def test_whatever_is_denied_is_named_by_its_permission(clients: AwsClients) -> None:
    """And the rest is read all the same."""
    with (
        intercepted(clients.sesv2_reads, "GetEmailIdentity", DENIED),
        intercepted(clients.lambda_, "GetFunctionConcurrency", DENIED),
        intercepted(clients.iam, "GetRole", QUERY_DENIED),
    ):
        account = read(clients)

    assert isinstance(account.sending, Sending)
    assert account.senders[0].identities == _denied("ses:GetEmailIdentity")
    assert isinstance(account.stack, Stack)
    contents = account.stack.contents
    assert not isinstance(contents, Unread)
    assert contents.reserved == _denied("lambda:GetFunctionConcurrency")
    assert contents.roles == {"SchedulerInvokeRole": _denied("iam:GetRole", "AccessDenied")}
    with intercepted(clients.cloudformation, "DescribeStackResources", QUERY_DENIED):
        assert deployed(clients).contents == _denied(
            "cloudformation:DescribeStackResources", "AccessDenied"
        )


def _denied(permission: str, reason: str = "AccessDeniedException") -> Unread:
    return Unread(permission, reason, is_denied=True)


def test_an_account_that_denies_everything_is_closed(clients: AwsClients) -> None:
    """Even the question who is asking, which no policy of its own can deny."""
    with (
        intercepted(clients.sts, "GetCallerIdentity", QUERY_DENIED),
        intercepted(clients.sesv2_reads, "GetAccount", DENIED),
        intercepted(clients.sesv2_reads, "GetEmailIdentity", DENIED),
        intercepted(clients.lambda_, "GetAccountSettings", DENIED),
        intercepted(clients.cloudformation, "DescribeStacks", QUERY_DENIED),
        intercepted(clients.cloudwatch, "GetMetricStatistics", DENIED),
    ):
        account = read(clients)

    assert account.reputation == _denied("cloudwatch:GetMetricStatistics")
    assert account.caller == _denied("sts:GetCallerIdentity", "AccessDenied")
    assert account.is_closed


@pytest.mark.usefixtures("no_backoff")
def test_a_question_without_an_answer_is_not_denied(clients: AwsClients) -> None:
    """Nobody has to be granted anything."""
    with intercepted(clients.lambda_, "GetAccountSettings", cut):
        concurrency = read(clients).concurrency

    assert concurrency == Unread(
        "lambda:GetAccountSettings", "ConnectionClosedError", is_denied=False
    )


def test_an_answer_that_lacks_what_was_asked_for_is_not_believed(clients: AwsClients) -> None:
    """It is unread, and no crash."""
    with intercepted(clients.sesv2_reads, "GetAccount", answer({})):
        sending = read(clients).sending

    assert isinstance(sending, Unread)
    assert not sending.is_denied


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_with_wrong_credentials_nobody_is_asked(clients: AwsClients, code: str) -> None:
    """The fault says which call found them wrong."""
    with (
        intercepted(clients.sts, "GetCallerIdentity", query_error(code)),
        intercepted(clients.sesv2_reads, "GetAccount", through) as wire,
        pytest.raises(DependencyFault, match=f"STS GetCallerIdentity: {code}"),
    ):
        read(clients)

    assert wire.requests == 0


# The command.


@pytest.fixture
def environment(
    emulator: Emulator, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """As somebody's shell has it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account_id)
    return {"AWS_REGION": emulator.region}


@pytest.fixture
def server() -> Iterator[str]:
    """A DNS that knows one record."""
    with name_server({("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=none"']}) as (host, port):
        yield f"{host}:{port}"


def test_the_command_tells_the_worst_first_and_fails(
    environment: dict[str, str], account_id: str, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Aligned, with the remedy below each finding."""
    status = main(["--sender", f"News <{ADDRESS}>", "--name-server", server], environment)

    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert lines[0].startswith(f"FAIL  sender {ADDRESS}")
    assert lines[1].startswith("      → Verify the domain:")
    command = "`aws sesv2 create-email-identity --email-identity mail.example.com`"
    assert any(command in line for line in lines)
    rows = [line for line in lines if line.startswith(("FAIL", "WARN", "OK"))]
    assert account_id in "".join(rows)
    found = lines[0].index("neither")
    assert {line[found - 2 : found] for line in rows} == {"  "}
    assert not any(line[found].isspace() for line in rows)


def test_the_command_succeeds_where_nothing_fails(
    environment: dict[str, str],
    clients: AwsClients,
    server: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A warning is no failure: the domain signs nothing yet."""
    _make(clients, "example.com")

    status = main(["--sender", ADDRESS, "--json", "--name-server", server], environment)

    told = json.loads(capsys.readouterr().out)
    assert status == 0
    assert told["schema"] == 1
    assert told["findings"][0]["level"] == "WARN"
    assert told["findings"][0]["subject"] == f"sender {ADDRESS}: DKIM"
    found = {each["subject"]: each["found"] for each in told["findings"]}
    assert found[f"sender {ADDRESS}: DMARC"] == "p=none, by _dmarc.example.com"
    assert set(told["findings"][0]) == {"level", "subject", "found", "remedy"}


def test_the_command_without_credentials_says_how_to_give_them(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing was checked, which is not the same as a failure."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    status = main(["--sender", ADDRESS], environment)

    told = capsys.readouterr()
    assert status == 2
    assert told.out == ""
    assert "NoCredentialsError" in told.err
    assert "AWS_PROFILE" in told.err


def test_the_command_without_a_region_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    """An account is another one in each region, as far as SES goes."""
    status = main(["--sender", ADDRESS], {})

    assert status == 2
    assert "--region" in capsys.readouterr().err
