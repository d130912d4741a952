"""What an AWS account allows and holds, read and never changed."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import boto3
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ProfileNotFound,
    UnknownRegionError,
)
from botocore.session import get_session

from adapters.aws.clients import AwsClients
from adapters.aws.faults import BOTO3_ERRORS, code_of, fault_of, translated
from adapters.aws.identities import names_covering
from adapters.aws.sending_account import quota_of
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
    StackContents,
    Trust,
    TrustCondition,
    Unread,
)
from domain.errors import DependencyRefused

NO_CREDENTIALS = (CredentialRetrievalError, NoCredentialsError, ProfileNotFound)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_NO_SUCH_STACK = "ValidationError"
_REPUTATION = timedelta(days=14)
"""What SES told within it is still told: it does when it counts anew, which takes mails."""
_DAY = timedelta(days=1)
_KEY_BITS = {"RSA_1024_BIT": 1_024, "RSA_2048_BIT": 2_048}
_COMPARING_TEXT = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")

Found = TypeVar("Found")


def is_region(name: str) -> bool:
    """Whether AWS has such a region, by its name. Raises DependencyRefused."""
    try:
        get_session().get_partition_for_region(name)
    except UnknownRegionError:
        return False
    except NO_CREDENTIALS as error:
        raise no_credentials(error) from error
    return True


def no_credentials(error: Exception) -> DependencyRefused:
    """One of NO_CREDENTIALS, with what to do about it."""
    return DependencyRefused(
        "No credentials of an AWS account are found: log in, or name a profile in AWS_PROFILE "
        f"({type(error).__name__})."
    )


def account_number(clients: AwsClients) -> str:
    """Of whoever's credentials these are. Raises DependencyFault."""
    with translated("STS GetCallerIdentity", told=True):
        try:
            return clients.sts.get_caller_identity()["Account"]
        except NO_CREDENTIALS as error:
            raise no_credentials(error) from error


def configured_region() -> str | None:
    """The region that the profile or AWS_DEFAULT_REGION names."""
    with translated("AWS configuration"):
        return boto3.Session().region_name


def read_account(clients: AwsClients, senders: Sequence[str], stack: str, now: datetime) -> Account:
    """What bears on the stack of that name, and on sending from its senders and these.

    What cannot be read is Unread. Raises DependencyFault where nobody can be asked: without
    credentials, with wrong ones, or without a connection.
    """
    caller = _caller(clients)
    deployed = _read("cloudformation:DescribeStacks", lambda: _stack(clients, stack))
    others = deployed.senders if isinstance(deployed, Stack) else ()
    return Account(
        caller=caller,
        sending=_read("ses:GetAccount", lambda: _sending(clients)),
        reputation=_read("cloudwatch:GetMetricStatistics", lambda: _reputation(clients, now)),
        senders=tuple(_sender(clients, each) for each in dict.fromkeys((*senders, *others))),
        concurrency=_read("lambda:GetAccountSettings", lambda: _concurrency(clients)),
        stack=deployed,
    )


def _read(permission: str, reading: Callable[[], Found]) -> Found | Unread:
    try:
        return reading()
    except BOTO3_ERRORS as error:
        return _unread(permission, error)
    except (KeyError, ValueError):
        return Unread(permission, "an answer that cannot be read", is_denied=False)


def _unread(permission: str, error: Exception) -> Unread:
    if isinstance(error, ClientError):
        code = code_of(error)
        return Unread(permission, code, is_denied=code in _DENIED)
    return Unread(permission, type(error).__name__, is_denied=False)


def _caller(clients: AwsClients) -> Caller | Unread:
    permission = "sts:GetCallerIdentity"
    try:
        answer = clients.sts.get_caller_identity()
    except BOTO3_ERRORS as error:
        unread = _unread(permission, error)
        if unread.is_denied:
            return unread
        raise fault_of("STS GetCallerIdentity", error) from error
    return Caller(answer["Account"], answer["Arn"], clients.region)


def _sending(clients: AwsClients) -> Sending:
    answer = clients.sesv2_reads.get_account()
    quota = quota_of(answer)
    return Sending(
        has_production_access=answer["ProductionAccessEnabled"],
        is_enabled=answer["SendingEnabled"],
        enforcement=answer["EnforcementStatus"],
        max_rate=quota.max_rate,
        max_a_day=quota.max_a_day,
        sent_last_day=quota.sent_last_day,
    )


def _reputation(clients: AwsClients, now: datetime) -> Reputation:
    return Reputation(
        bounces=_latest(clients, "Reputation.BounceRate", now),
        complaints=_latest(clients, "Reputation.ComplaintRate", now),
    )


def _latest(clients: AwsClients, metric: str, now: datetime) -> float | None:
    """Of the last day that has a value, the highest: as the alarms take it."""
    answer = clients.cloudwatch.get_metric_statistics(
        Namespace="AWS/SES",
        MetricName=metric,
        StartTime=now - _REPUTATION,
        EndTime=now,
        Period=int(_DAY.total_seconds()),
        Statistics=["Maximum"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return points[-1]["Maximum"] if points else None


def _sender(clients: AwsClients, address: str) -> Sender:
    return Sender(address, _read("ses:GetEmailIdentity", lambda: _identities(clients, address)))


def _identities(clients: AwsClients, address: str) -> tuple[Identity, ...]:
    names = names_covering(address)
    return tuple(found for name in names if (found := _identity(clients, name)) is not None)


def _identity(clients: AwsClients, name: str) -> Identity | None:
    ses = clients.sesv2_reads
    try:
        answer = ses.get_email_identity(EmailIdentity=name)
    except ses.exceptions.NotFoundException:
        return None
    dkim = answer.get("DkimAttributes", {})
    mail_from = answer.get("MailFromAttributes", {})
    return Identity(
        name=name,
        is_verified=answer["VerifiedForSendingStatus"],
        signs=dkim.get("SigningEnabled", False),
        dkim=dkim.get("Status", "NOT_STARTED"),
        key_bits=_KEY_BITS.get(dkim.get("CurrentSigningKeyLength", "")),
        mail_from=mail_from.get("MailFromDomain") or None,
        mail_from_status=mail_from.get("MailFromDomainStatus"),
        rejects_without_mail_from=mail_from.get("BehaviorOnMxFailure") == "REJECT_MESSAGE",
    )


def _concurrency(clients: AwsClients) -> Concurrency:
    limit = clients.lambda_.get_account_settings()["AccountLimit"]
    return Concurrency(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"])


def _stack(clients: AwsClients, name: str) -> Stack | None:
    try:
        answer = clients.cloudformation.describe_stacks(StackName=name)
    except ClientError as error:
        if code_of(error) == _NO_SUCH_STACK:
            return None
        raise
    described = answer["Stacks"][0]
    return Stack(
        name=name,
        status=described["StackStatus"],
        parameters={
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in described.get("Parameters", [])
        },
        contents=_read("cloudformation:DescribeStackResources", lambda: _contents(clients, name)),
        outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
    )


def _contents(clients: AwsClients, stack: str) -> StackContents:
    answer = clients.cloudformation.describe_stack_resources(StackName=stack)
    names: dict[str, dict[str, str]] = {}
    for each in answer["StackResources"]:
        physical = each.get("PhysicalResourceId")
        if physical is not None:
            names.setdefault(each["ResourceType"], {})[each["LogicalResourceId"]] = physical
    functions = names.get("AWS::Lambda::Function", {}).values()
    return StackContents(
        roles={
            logical: _read("iam:GetRole", partial(_role, clients, name))
            for logical, name in names.get("AWS::IAM::Role", {}).items()
        },
        schedule_groups=names.get("AWS::Scheduler::ScheduleGroup", {}),
        reserved=_read(
            "lambda:GetFunctionConcurrency",
            lambda: sum(_reserved(clients, name) for name in functions),
        ),
    )


def _reserved(clients: AwsClients, function: str) -> int:
    lambda_ = clients.lambda_
    try:
        answer = lambda_.get_function_concurrency(FunctionName=function)
    except lambda_.exceptions.ResourceNotFoundException:
        return 0
    return answer.get("ReservedConcurrentExecutions", 0)


def _role(clients: AwsClients, name: str) -> Role | None:
    iam = clients.iam
    try:
        answer = iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        return None
    # Typed as text, which it is on the wire; botocore parses it.
    document: Any = answer["Role"]["AssumeRolePolicyDocument"]
    policy = json.loads(document) if isinstance(document, str) else document
    return Role(name, tuple(_trust(each) for each in _listed(policy["Statement"]) if _allows(each)))


def _allows(statement: Mapping[str, Any]) -> bool:
    actions = {action.lower() for action in _listed(statement.get("Action"))}
    return statement.get("Effect") == "Allow" and bool(actions & {"sts:assumerole", "sts:*", "*"})


def _trust(statement: Mapping[str, Any]) -> Trust:
    principal = statement.get("Principal", {})
    services = principal.get("Service") if isinstance(principal, Mapping) else None
    return Trust(
        frozenset(_listed(services)),
        tuple(
            TrustCondition(operator, key.lower(), frozenset(_listed(values)))
            for operator, tests in statement.get("Condition", {}).items()
            if operator in _COMPARING_TEXT
            for key, values in tests.items()
        ),
    )


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401  IAM writes one for a list of one
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
