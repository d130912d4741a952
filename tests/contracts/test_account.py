"""What an account allows and holds, read from the emulator, and from what AWS alone answers."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from adapters.aws.account import read_account
from adapters.aws.clients import AwsClients
from adapters.aws.stack import deploy_stack, verify_sender
from domain.account import (
    Account,
    Caller,
    Concurrency,
    Identity,
    Role,
    Sender,
    Sending,
    Stack,
    StackContents,
    Trust,
    TrustCondition,
    Unread,
)
from domain.errors import DependencyFault
from entrypoints.deployment.finding import Level, Wanted
from entrypoints.deployment.preflight import findings, main
from tests.conftest import Emulator
from tests.contracts.aws_family import close
from tests.contracts.wire import Step, answer, cut, error, intercepted

ADDRESS = "news@example.com"
"""No test here makes it or its domain an identity, but in an account of its own."""
STACK = "watched"
DENIED = error("AccessDeniedException", 403)
THROTTLED = error("TooManyRequestsException", 429)
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
            "Effect": "Deny",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
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
            "SendRate": {"Type": "Number", "Default": 14},
            "Functions": {"Type": "String", "Default": "none"},
        },
        "Resources": {
            "SchedulerInvokeRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": "watched-invoke", "AssumeRolePolicyDocument": _TRUST},
            },
            "ScheduleGroup": {
                "Type": "AWS::Scheduler::ScheduleGroup",
                "Properties": {"Name": "watched-group"},
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


def xml_error(code: str, status: int = 403) -> Step:
    """Answer with an error, as AWS's query protocol has it."""

    def step(request: AWSPreparedRequest) -> AWSResponse:
        return xml_response(request, code, status)

    return step
