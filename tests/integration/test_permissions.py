"""What each function may not do, tried with a session of its own role, permissions enforced."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.integration.on_lambda import ACCOUNT, NAME, REGION, OnLambda

SENDER = "hello@example.com"
_KEY = {"pk": {"S": "x"}, "sk": {"S": "x"}}
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}

Call = Callable[["Session"], object]


@dataclass(frozen=True)
class Session:
    """Clients that have one role's permissions."""

    sentinel: OnLambda
    session: boto3.Session

    def client(self, service: str) -> Any:  # noqa: ANN401  of any service
        """One of them."""
        return self.session.client(service, endpoint_url=self.sentinel.endpoint_url)  # type: ignore[call-overload]  # any service's name

    @property
    def send_queue(self) -> str:
        """Its URL."""
        return self.sentinel.outputs["SendQueueUrl"]

    @property
    def bucket(self) -> str:
        """Of files."""
        return self.sentinel.outputs["FilesBucketName"]

    def queue(self, name: str) -> str:
        """Of another queue."""
        return self.send_queue.replace(f"{NAME}-send", f"{NAME}-{name}")


@pytest.fixture(scope="module")
def sessions(on_lambda: OnLambda) -> Callable[[str], Session]:
    """A session of a role, by the role's logical id."""
    clients = on_lambda.clients
    resources = clients.cloudformation.describe_stack_resources(StackName=NAME)["StackResources"]
    roles = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::IAM::Role"
    }

    @cache
    def assume(logical_id: str) -> Session:
        # Only Lambda and Scheduler may; for the test its own account may, too.
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        role = roles[logical_id]
        clients.iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
        credentials = clients.sts.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="test"
        )["Credentials"]
        session = boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=REGION,
        )
        return Session(on_lambda, session)

    return assume


def _read_quota(session: Session) -> object:
    return session.client("sesv2").get_account()


def _send_mail(session: Session, sender: str = SENDER) -> object:
    return session.client("sesv2").send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["somebody@example.com"]},
        Content={
            "Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hi"}}},
        },
    )


def _send_mails_in_bulk(session: Session) -> object:
    return session.client("sesv2").send_bulk_email(
        FromEmailAddress=SENDER,
        DefaultContent={
            "Template": {
                "TemplateContent": {"Subject": "Hi", "Text": "Hi"},
                "TemplateData": "{}",
            }
        },
        BulkEmailEntries=[{"Destination": {"ToAddresses": ["somebody@example.com"]}}],
    )


def _send_mail_as_another(session: Session) -> object:
    return _send_mail(session, "ceo@example.org")


def _enqueue(session: Session) -> object:
    return session.client("sqs").send_message(QueueUrl=session.send_queue, MessageBody="x")


def _enqueue_elsewhere(session: Session) -> object:
    queue = session.queue("send-dead-letters")
    return session.client("sqs").send_message(QueueUrl=queue, MessageBody="x")


def _enqueue_urgent(session: Session) -> object:
    queue = session.queue("send-urgent")
    return session.client("sqs").send_message(QueueUrl=queue, MessageBody="x")


def _receive_urgent(session: Session) -> object:
    return session.client("sqs").receive_message(QueueUrl=session.queue("send-urgent"))


def _receive(session: Session) -> object:
    return session.client("sqs").receive_message(QueueUrl=session.send_queue)


def _receive_told(session: Session) -> object:
    return session.client("sqs").receive_message(QueueUrl=session.queue("provider-events"))


def _tell(session: Session) -> object:
    topic = session.sentinel.outputs["ProviderEventsTopicArn"]
    return session.client("sns").publish(TopicArn=topic, Message="x")


def _tell_the_queue(session: Session) -> object:
    queue = session.queue("provider-events")
    return session.client("sqs").send_message(QueueUrl=queue, MessageBody="x")


def _stop_events(session: Session) -> object:
    return session.client("sesv2").delete_configuration_set(ConfigurationSetName=NAME)


def _look_at_dead_letters(session: Session, source: str = "start") -> object:
    return session.client("sqs").receive_message(QueueUrl=session.queue(f"{source}-dead-letters"))


def _find_dead_letters(session: Session) -> object:
    return session.client("sqs").get_queue_url(QueueName=f"{NAME}-start-dead-letters")


def _look_at_unsent(session: Session) -> object:
    return _look_at_dead_letters(session, "send")


def _look_at_unstarted(session: Session) -> object:
    return _look_at_dead_letters(session, "start-queue")


def _look_at_unscheduled(session: Session) -> object:
    return _look_at_dead_letters(session, "schedule")


def _look_at_unrun(session: Session) -> object:
    return _look_at_dead_letters(session, "job")


def _look_at_untold(session: Session) -> object:
    return _look_at_dead_letters(session, "provider-events")


def _let_dead_letter_go(session: Session) -> object:
    return session.client("sqs").change_message_visibility(
        QueueUrl=session.queue("start-dead-letters"), ReceiptHandle="x", VisibilityTimeout=0
    )


def _discard(session: Session) -> object:
    return session.client("sqs").delete_message(
        QueueUrl=session.queue("start-dead-letters"), ReceiptHandle="x"
    )


def _acknowledge(session: Session) -> object:
    return session.client("sqs").delete_message(QueueUrl=session.send_queue, ReceiptHandle="x")


def _find_told(session: Session) -> object:
    return session.client("sqs").get_queue_url(QueueName=f"{NAME}-provider-events")


_DEAD_LETTERS = (
    _discard,
    _find_dead_letters,
    _let_dead_letter_go,
    _look_at_dead_letters,
    _look_at_unrun,
    _look_at_unscheduled,
    _look_at_unsent,
    _look_at_unstarted,
    _look_at_untold,
    _tell_the_queue,
)
"""For nobody but who replays them."""


def _purge(session: Session) -> object:
    return session.client("sqs").purge_queue(QueueUrl=session.send_queue)


def _queue_start(session: Session) -> object:
    queue = session.queue("start-queue")
    return session.client("sqs").send_message(QueueUrl=queue, MessageBody="x")


def _receive_starts(session: Session) -> object:
    return session.client("sqs").receive_message(QueueUrl=session.queue("start-queue"))


def _start(session: Session) -> object:
    return session.client("lambda").invoke(
        FunctionName=f"{NAME}-start-campaign", InvocationType="Event", Payload=b"{}"
    )


def _run_job(session: Session) -> object:
    return session.client("lambda").invoke(
        FunctionName=f"{NAME}-run-job",
        InvocationType="Event",
        Payload=b'{"schema": 1, "job_id": "exp_none"}',
    )


def _invoke_worker(session: Session) -> object:
    return session.client("lambda").invoke(FunctionName=f"{NAME}-send-worker", Payload=b"{}")


def _change_code(session: Session) -> object:
    return session.client("lambda").update_function_configuration(
        FunctionName=f"{NAME}-send-worker", Timeout=1
    )


def _schedule(session: Session, group: str = NAME) -> object:
    return session.client("scheduler").create_schedule(
        GroupName=group,
        Name="x",
        ScheduleExpression="at(2030-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:x", "RoleArn": "arn:x"},
    )


def _schedule_in_another_group(session: Session) -> object:
    return _schedule(session, "default")


def _reschedule(session: Session) -> object:
    return session.client("scheduler").update_schedule(
        GroupName=NAME,
        Name="x",
        ScheduleExpression="at(2031-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:x", "RoleArn": "arn:x"},
    )


def _unschedule(session: Session) -> object:
    return session.client("scheduler").delete_schedule(GroupName=NAME, Name="x")


def _stop_the_reconciler(session: Session) -> object:
    return session.client("events").disable_rule(Name=f"{NAME}-reconcile")


def _write(session: Session) -> object:
    return session.client("dynamodb").put_item(TableName=NAME, Item=_KEY)


def _delete(session: Session) -> object:
    return session.client("dynamodb").delete_item(TableName=NAME, Key=_KEY)


def _count(session: Session) -> object:
    return session.client("dynamodb").update_item(
        TableName=NAME,
        Key=_KEY,
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def _scan(session: Session) -> object:
    return session.client("dynamodb").scan(TableName=NAME)


def _read_another_table(session: Session) -> object:
    return session.client("dynamodb").get_item(TableName="another", Key=_KEY)


def _open_work(session: Session) -> object:
    return session.client("dynamodb").query(
        TableName=NAME,
        IndexName="open_work",
        KeyConditionExpression="open_shard = :shard",
        ExpressionAttributeValues={":shard": {"S": "campaigns"}},
    )


def _list_campaigns(session: Session) -> object:
    return session.client("dynamodb").query(
        TableName=NAME,
        IndexName="listing",
        KeyConditionExpression="listing = :listing",
        ExpressionAttributeValues={":listing": {"S": "campaigns"}},
    )


def _read_api_keys(session: Session) -> object:
    arn = session.sentinel.outputs["ApiKeysSecretArn"]
    return session.client("secretsmanager").get_secret_value(SecretId=arn)


def _write_api_keys(session: Session) -> object:
    arn = session.sentinel.outputs["ApiKeysSecretArn"]
    return session.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="{}")


def _read_hash_key(session: Session) -> object:
    return session.client("secretsmanager").get_secret_value(SecretId=f"{NAME}/address-hash-key")


def _put_file(session: Session, name: str = "imports/x/contacts.csv") -> object:
    return session.client("s3").put_object(Bucket=session.bucket, Key=name, Body=b"")


def _get_file(session: Session, name: str = "exports/x/contacts.csv") -> object:
    return session.client("s3").get_object(Bucket=session.bucket, Key=name)


def _look_for_file(session: Session) -> object:
    return session.client("s3").list_objects_v2(Bucket=session.bucket)


def _delete_file(session: Session, name: str = "exports/x/contacts.csv") -> object:
    return session.client("s3").delete_object(Bucket=session.bucket, Key=name)


def _put_export(session: Session) -> object:
    return _put_file(session, "exports/x/contacts.csv")


def _get_import(session: Session) -> object:
    return _get_file(session, "imports/x/contacts.csv")


def _delete_import(session: Session) -> object:
    return _delete_file(session, "imports/x/contacts.csv")


def _put_file_elsewhere(session: Session) -> object:
    return _put_file(session, "x")


def _get_file_elsewhere(session: Session) -> object:
    return _get_file(session, "x")


def _open_the_bucket(session: Session) -> object:
    return session.client("s3").delete_bucket_policy(Bucket=session.bucket)


_FILES = (_put_file, _get_file, _look_for_file, _delete_file)

_NOBODY = (
    _change_code,
    _enqueue_elsewhere,
    _get_file_elsewhere,
    _invoke_worker,
    _open_the_bucket,
    _purge,
    _put_file_elsewhere,
    _read_another_table,
    _scan,
    _schedule_in_another_group,
    _send_mail_as_another,
    _stop_events,
    _stop_the_reconciler,
    _tell,
    _write_api_keys,
)
"""What no function may do."""

_NOT: dict[str, tuple[Call, ...]] = {
    "CreateCampaignRole": (
        _receive_starts,
        *_DEAD_LETTERS,
        *_FILES,
        _delete,
        _list_campaigns,
        _open_work,
        _read_hash_key,
        _receive,
        _receive_urgent,
        _run_job,
        _send_mail,
    ),
    "ApiRole": (
        _queue_start,
        _receive_starts,
        _acknowledge,
        _open_work,
        _put_export,
        _receive,
        _receive_urgent,
        _receive_told,
        _reschedule,
        _schedule,
        _send_mails_in_bulk,
        _unschedule,
    ),
    "StartCampaignRole": (
        *_DEAD_LETTERS,
        *_FILES,
        _count,
        _delete,
        _list_campaigns,
        _open_work,
        _read_api_keys,
        _read_hash_key,
        _receive,
        _receive_urgent,
        _run_job,
        _schedule,
        _send_mail,
    ),
    "SendWorkerRole": (
        _queue_start,
        _receive_starts,
        *_DEAD_LETTERS,
        *_FILES,
        _delete,
        _list_campaigns,
        _open_work,
        _read_api_keys,
        _receive_told,
        _schedule,
        _start,
    ),
    "RunJobRole": (
        _queue_start,
        _receive_starts,
        *_DEAD_LETTERS,
        _enqueue,
        _enqueue_urgent,
        _open_work,
        _read_api_keys,
        _receive,
        _receive_urgent,
        _schedule,
        _send_mail,
        _start,
    ),
    "ReconcileRole": (
        _receive_starts,
        *_DEAD_LETTERS,
        *_FILES,
        _count,
        _delete,
        _list_campaigns,
        _read_api_keys,
        _read_hash_key,
        _receive,
        _receive_urgent,
        _receive_told,
        _send_mail,
    ),
    "ProviderEventsRole": (
        _queue_start,
        _receive_starts,
        *_DEAD_LETTERS,
        *_FILES,
        _delete,
        _enqueue,
        _enqueue_urgent,
        _list_campaigns,
        _open_work,
        _read_api_keys,
        _read_quota,
        _receive,
        _receive_urgent,
        _schedule,
        _send_mail,
        _start,
    ),
    "WebhooksRole": (
        _queue_start,
        _receive_starts,
        *_DEAD_LETTERS,
        *_FILES,
        _count,
        _enqueue,
        _enqueue_urgent,
        _list_campaigns,
        _read_api_keys,
        _read_quota,
        _receive,
        _receive_urgent,
        _receive_told,
        _run_job,
        _schedule,
        _send_mail,
        _start,
    ),
    "SchedulerInvokeRole": (
        _queue_start,
        _receive_starts,
        *_DEAD_LETTERS,
        *_FILES,
        _delete,
        _enqueue,
        _enqueue_urgent,
        _read_api_keys,
        _run_job,
        _schedule,
        _send_mail,
        _write,
    ),
}
_MAY: dict[str, tuple[Call, ...]] = {
    "CreateCampaignRole": (
        _enqueue,
        _enqueue_urgent,
        _queue_start,
        _read_api_keys,
        _reschedule,
        _schedule,
        _start,
        _unschedule,
        _write,
    ),
    "ApiRole": (
        *_DEAD_LETTERS,
        *_FILES,
        _count,
        _delete,
        _delete_import,
        _enqueue,
        _enqueue_urgent,
        _find_told,
        _get_import,
        _list_campaigns,
        _read_api_keys,
        _read_hash_key,
        _read_quota,
        _run_job,
        _send_mail,
        _start,
        _write,
    ),
    "StartCampaignRole": (
        _enqueue,
        _enqueue_urgent,
        _queue_start,
        _receive_starts,
        _start,
        _write,
    ),
    "SendWorkerRole": (
        _enqueue,
        _enqueue_urgent,
        _read_hash_key,
        _read_quota,
        _receive,
        _receive_urgent,
        _send_mail,
        _write,
    ),
    "RunJobRole": (
        *_FILES,
        _count,
        _delete,
        _delete_import,
        _get_import,
        _list_campaigns,
        _put_export,
        _read_hash_key,
        _run_job,
        _write,
    ),
    "ReconcileRole": (
        _enqueue,
        _enqueue_urgent,
        _open_work,
        _queue_start,
        _read_quota,
        _run_job,
        _start,
        _write,
    ),
    "ProviderEventsRole": (_read_hash_key, _receive_told, _write),
    "WebhooksRole": (_delete, _open_work, _read_hash_key, _write),
    "SchedulerInvokeRole": (_start,),
}


def _cases(calls: dict[str, tuple[Call, ...]], *more: Call) -> list[tuple[str, Call]]:
    return [(role, call) for role, own in calls.items() for call in (*own, *more)]


@pytest.mark.parametrize(("role", "call"), _cases(_NOT, *_NOBODY))
def test_a_function_is_denied_what_it_does_not_need(
    sessions: Callable[[str], Session], role: str, call: Call
) -> None:
    """By the service, whatever its code would try."""
    assert _refusal(sessions(role), call) in _DENIED


@pytest.mark.parametrize(("role", "call"), _cases(_MAY))
def test_a_function_may_do_what_it_needs(
    sessions: Callable[[str], Session], role: str, call: Call
) -> None:
    """The same calls, by those who need them: so a denial is not just a wrong call."""
    assert _refusal(sessions(role), call) not in _DENIED


def _refusal(session: Session, call: Call) -> str | None:
    """The code of the service's error, None where it took the call."""
    try:
        call(session)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None
