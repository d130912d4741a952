"""The aws family, on an emulator: what template.yaml describes, deployed by CloudFormation."""

import http.client
import io
import json
import zipfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.client import BaseClient

from adapters.aws.admission import DynamoDBAdmissionControl
from adapters.aws.analytics import DynamoDBAnalyticsRepository
from adapters.aws.campaign_changes import DynamoDBCampaignChanges
from adapters.aws.campaigns import DynamoDBCampaignRepository
from adapters.aws.chunks import DynamoDBChunkRepository
from adapters.aws.clients import AwsClients
from adapters.aws.contacts import DynamoDBContactRepository
from adapters.aws.contents import DynamoDBContentRepository
from adapters.aws.dead_letters import READERS, SqsDeadLetters
from adapters.aws.fan_out import DynamoDBFanOutRepository
from adapters.aws.idempotency import DynamoDBIdempotencyRepository
from adapters.aws.invoker import LambdaInvoker
from adapters.aws.job_event import event_to_run, run_to_event
from adapters.aws.job_invoker import LambdaJobInvoker
from adapters.aws.jobs import DynamoDBJobRepository
from adapters.aws.mailer import SesMailer
from adapters.aws.open_work import DynamoDBOpenWork
from adapters.aws.provider_events import SqsProviderEvents
from adapters.aws.queue import SqsSendQueue
from adapters.aws.rate_limiter import DynamoDBRateLimiter
from adapters.aws.scheduler import EventBridgeScheduler
from adapters.aws.segments import DynamoDBSegmentRepository
from adapters.aws.sending_account import SesSendingAccount
from adapters.aws.series import DynamoDBSeriesRepository
from adapters.aws.stack import deploy_stack, verify_sender
from adapters.aws.start_event import body_to_start, event_to_start, start_to_event
from adapters.aws.start_queue import SqsStartQueue
from adapters.aws.suppression_records import suppression_key
from adapters.aws.suppressions import DynamoDBSuppressionRepository
from adapters.aws.table import Table
from adapters.aws.templates import DynamoDBTemplateRepository
from adapters.aws.times import text_to_time
from adapters.aws.webhook_deliveries import DynamoDBWebhookDeliveryRepository
from adapters.aws.webhooks import DynamoDBWebhookRepository
from adapters.system.ids import SystemIds
from domain.chunk import ChunkRef
from domain.dead_letter import SEND_QUEUES, DeadLetterSource
from domain.identifiers import CampaignId
from domain.job_run import Run
from domain.ports.queue import SendQueue
from domain.priority import Priority
from domain.provider_event import ProviderEvent
from domain.start import StartRequest, Trigger
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from tests.conftest import Emulator
from tests.contracts.family import (
    ADDRESS_HASH_KEY,
    SENDER,
    START_LIMITS,
    Allowed,
    DeadLettersUnderTest,
    Family,
    Mail,
    ProviderEventsUnderTest,
    QueueUnderTest,
    StartQueueUnderTest,
)
from tests.contracts.ses_examples import mail, published, told_of
from tests.contracts.settable_clock import SettableClock

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
STACK = "sentinel"

_SHAPE_OF_A_TABLE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
_names = count()


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The stack, and stand-ins that pass on what start-campaign and run-job were invoked with.

    For the invokers functions that fail, so that what they were invoked with goes to their failure
    destinations, queues; for schedules that queue itself (docs/emulators.md).
    """

    emulator: Emulator
    clients: AwsClients
    outputs: dict[str, str]
    table: dict[str, Any]  # Any: a table's shape, as DescribeTable gives it to CreateTable
    function_arn: str
    invocations_url: str
    invocations_arn: str
    job_function_arn: str
    jobs_url: str


@dataclass(frozen=True)
class MadeQueue:
    """A queue with a dead-letter queue of its own; the URLs are those of what is not urgent."""

    queue: SendQueue
    queue_url: str
    dead_letters_url: str
    dead_letters: Callable[[], Sequence[ChunkRef]]


def deploy(emulator: Emulator) -> Deployment:
    """Create the stack and wait until it stands."""
    clients = AwsClients(emulator.region, emulator.endpoint_url)
    outputs = dict(deploy_stack(clients, STACK, TEMPLATE.read_text(), {"Functions": "none"}))
    described: dict[str, Any] = dict(
        clients.dynamodb.describe_table(TableName=outputs["TableName"])["Table"]
    )
    invocations_url = clients.sqs.create_queue(QueueName="invocations")["QueueUrl"]
    invocations_arn = _attributes(clients.sqs, invocations_url)["QueueArn"]
    jobs_url = clients.sqs.create_queue(QueueName="invoked-jobs")["QueueUrl"]
    jobs_arn = _attributes(clients.sqs, jobs_url)["QueueArn"]
    verify_sender(clients, SENDER)
    return Deployment(
        emulator=emulator,
        clients=clients,
        outputs=outputs,
        table={name: described[name] for name in _SHAPE_OF_A_TABLE},
        function_arn=_create_function(clients, emulator, "start-campaign", invocations_arn),
        invocations_url=invocations_url,
        invocations_arn=invocations_arn,
        job_function_arn=_create_function(clients, emulator, "run-job", jobs_arn),
        jobs_url=jobs_url,
    )


def close(clients: AwsClients) -> None:
    """Close the connections of those clients that were made."""
    for made in clients.__dict__.values():
        if isinstance(made, BaseClient):
            made.close()


def aws_family(deployment: Deployment, clients: AwsClients | None = None) -> Family:
    """Over a fresh table of the deployed one's shape, through `clients` or the deployment's."""
    clients = clients or deployment.clients
    clock = SettableClock()
    ids = SystemIds()
    name = create_table(deployment)
    table = Table(clients, name, clock, ids)
    allowed = Allowed()

    def make_queue(*, visibility_timeout: timedelta, max_receives: int) -> QueueUnderTest:
        made = make_aws_queue(
            deployment, clients, visibility_timeout=visibility_timeout, max_receives=max_receives
        )
        return QueueUnderTest(made.queue, made.dead_letters)

    def make_start_queue(
        *, visibility_timeout: timedelta, max_receives: int
    ) -> StartQueueUnderTest:
        url, dead_letters_url = create_queues(
            deployment, "starts", visibility_timeout=visibility_timeout, max_receives=max_receives
        )
        found: list[StartRequest] = []

        def dead_letters() -> Sequence[StartRequest]:
            found.extend(map(body_to_start, _drain(deployment.clients.sqs, dead_letters_url)))
            return tuple(found)

        return StartQueueUnderTest(SqsStartQueue(clients, url), dead_letters)

    def started() -> Sequence[StartRequest]:
        bodies = _drain(deployment.clients.sqs, deployment.invocations_url)
        events = [json.loads(body) for body in bodies]
        return [event_to_start(event.get("requestPayload", event)) for event in events]

    def invoked() -> Sequence[Run]:
        bodies = _drain(deployment.clients.sqs, deployment.jobs_url)
        return [event_to_run(json.loads(body)["requestPayload"]) for body in bodies]

    def delivered(addresses: Collection[str]) -> Sequence[Mail]:
        return [mail for mail in outbox(deployment.emulator) if mail.to in addresses]

    def suppression_of(address: str) -> Suppression | None:
        item = table.get(suppression_key(ADDRESS_HASH_KEY, address))
        if item is None:
            return None
        return Suppression(
            item["address"],
            SuppressionReason(item["reason"]),
            text_to_time(item["since"]),
            SuppressionScope(item["scope"]),
            item.get("note"),
        )

    return Family(
        name="aws",
        ids=ids,
        admission=DynamoDBAdmissionControl(table, START_LIMITS),
        admission_elsewhere=DynamoDBAdmissionControl(table, START_LIMITS),
        analytics=DynamoDBAnalyticsRepository(table),
        campaigns=DynamoDBCampaignRepository(table),
        campaign_changes=DynamoDBCampaignChanges(table),
        chunks=DynamoDBChunkRepository(table, lambda: ADDRESS_HASH_KEY),
        contacts=DynamoDBContactRepository(table, ids, lambda: ADDRESS_HASH_KEY),
        contents=DynamoDBContentRepository(table),
        contents_elsewhere=DynamoDBContentRepository(table),
        fan_out=DynamoDBFanOutRepository(table),
        idempotency=DynamoDBIdempotencyRepository(table),
        invoker=LambdaInvoker(clients, deployment.function_arn),
        job_invoker=LambdaJobInvoker(clients, deployment.job_function_arn),
        jobs=DynamoDBJobRepository(table),
        mailer=SesMailer(clients, SENDER, bulk=True, clock=clock),
        open_work=DynamoDBOpenWork(table),
        rate_limiter=DynamoDBRateLimiter(table, allowed),
        rate_limiter_elsewhere=DynamoDBRateLimiter(table, allowed),
        allowed=allowed,
        scheduler=scheduler_of(deployment, clients),
        segments=DynamoDBSegmentRepository(table),
        series=DynamoDBSeriesRepository(table),
        sending_account=SesSendingAccount(clients),
        suppressions=DynamoDBSuppressionRepository(table, lambda: ADDRESS_HASH_KEY),
        templates=DynamoDBTemplateRepository(table),
        webhooks=DynamoDBWebhookRepository(table),
        webhook_deliveries=DynamoDBWebhookDeliveryRepository(table),
        make_queue=make_queue,
        make_start_queue=make_start_queue,
        make_dead_letters=lambda: make_dead_letters(deployment, clients),
        make_provider_events=lambda: make_provider_events(deployment, clients),
        elapse=lambda _: None,
        started=started,
        invoked=invoked,
        delivered=delivered,
        suppression_of=suppression_of,
    )


def scheduler_of(deployment: Deployment, clients: AwsClients) -> EventBridgeScheduler:
    """In the deployed group, with a queue as the target."""
    return EventBridgeScheduler(
        clients,
        group=deployment.outputs["ScheduleGroupName"],
        target_arn=deployment.invocations_arn,
        role_arn=f"arn:aws:iam::{deployment.emulator.account}:role/scheduler",
        dead_letter_arn=None,
        max_lateness=timedelta(hours=6),
    )


def create_table(deployment: Deployment) -> str:
    """A fresh table of the deployed one's shape; returns its name."""
    name = f"sentinel-{next(_names)}"
    deployment.clients.dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", **deployment.table
    )
    return name


def _create_function(clients: AwsClients, emulator: Emulator, name: str, destination: str) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    raise RuntimeError\n")
    function = clients.lambda_.create_function(
        FunctionName=f"sentinel-{name}",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{emulator.account}:role/{name}",
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )
    clients.lambda_.put_function_event_invoke_config(
        FunctionName=f"sentinel-{name}",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": destination}},
    )
    return function["FunctionArn"]


def make_aws_queue(
    deployment: Deployment,
    clients: AwsClients,
    *,
    visibility_timeout: timedelta,
    max_receives: int,
) -> MadeQueue:
    """Made by the deployment's clients, used through `clients`."""
    urls: dict[Priority, str] = {}
    dead_letters_urls: dict[Priority, str] = {}
    for priority in Priority:
        urls[priority], dead_letters_urls[priority] = create_queues(
            deployment, "send", visibility_timeout=visibility_timeout, max_receives=max_receives
        )
    dead_letter_queue = SqsSendQueue(clients, dead_letters_urls)
    found: list[ChunkRef] = []

    def dead_letters() -> Sequence[ChunkRef]:
        for priority in Priority:
            deliveries = dead_letter_queue.receive(10, timedelta(), priority)
            dead_letter_queue.acknowledge(deliveries)
            found.extend(delivery.chunk for delivery in deliveries)
        return tuple(found)

    return MadeQueue(
        SqsSendQueue(clients, urls),
        urls[Priority.NORMAL],
        dead_letters_urls[Priority.NORMAL],
        dead_letters,
    )


def create_queues(
    deployment: Deployment, kind: str, *, visibility_timeout: timedelta, max_receives: int
) -> tuple[str, str]:
    """The URLs of a queue and of its dead letters."""
    sqs = deployment.clients.sqs
    name = f"{kind}-{next(_names)}"
    dead_letters_url = sqs.create_queue(QueueName=f"{name}-dead-letters")["QueueUrl"]
    redrive = {
        "deadLetterTargetArn": _attributes(sqs, dead_letters_url)["QueueArn"],
        "maxReceiveCount": max_receives,
    }
    queue_url = sqs.create_queue(
        QueueName=name,
        Attributes={
            "VisibilityTimeout": str(int(visibility_timeout.total_seconds())),
            "RedrivePolicy": json.dumps(redrive),
        },
    )["QueueUrl"]
    return queue_url, dead_letters_url


def make_dead_letters(deployment: Deployment, clients: AwsClients) -> DeadLettersUnderTest:
    """Empty queues of a deployment's own; what Lambda and Scheduler leave has AWS's shape."""
    sqs = deployment.clients.sqs
    name = f"stage-{next(_names)}"
    queue_urls = {
        priority: sqs.create_queue(QueueName=f"{name}-{source}")["QueueUrl"]
        for priority, source in SEND_QUEUES.items()
    }
    reports_url = sqs.create_queue(QueueName=f"{name}-provider-events")["QueueUrl"]
    urls = {
        source: sqs.create_queue(QueueName=f"{name}-{source}-dead-letters")["QueueUrl"]
        for source in READERS
    }
    queue = SqsSendQueue(clients, queue_urls)
    invoker = LambdaInvoker(clients, deployment.function_arn)
    job_invoker = LambdaJobInvoker(clients, deployment.job_function_arn)

    def leave_invocation(source: DeadLetterSource, event: str, error: str) -> None:
        record = {
            "version": "1.0",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": json.loads(event),
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorType": "DependencyRefused", "errorMessage": error},
        }
        sqs.send_message(QueueUrl=urls[source], MessageBody=json.dumps(record))

    def leave_schedule(campaign_id: CampaignId, error: str) -> None:
        arn = f"arn:aws:scheduler:eu-central-1:000000000000:schedule/{name}/{campaign_id}"
        attributes = {"ERROR_CODE": "AccessDenied", "ERROR_MESSAGE": error, "SCHEDULE_ARN": arn}
        sqs.send_message(
            QueueUrl=urls[DeadLetterSource.SCHEDULE],
            MessageBody="{}",
            MessageAttributes={
                key: {"DataType": "String", "StringValue": value}
                for key, value in attributes.items()
            },
        )

    def leave_foreign(source: DeadLetterSource) -> None:
        sqs.send_message(QueueUrl=urls[source], MessageBody="Hello, ann@example.com")

    def enqueued(priority: Priority) -> Sequence[ChunkRef]:
        deliveries = queue.receive(10, timedelta(), priority)
        queue.acknowledge(deliveries)
        return [delivery.chunk for delivery in deliveries]

    def dead_letters() -> SqsDeadLetters:
        return SqsDeadLetters(clients, name, queue=queue, invoker=invoker, job_invoker=job_invoker)

    dead_queue = SqsSendQueue(
        deployment.clients, {priority: urls[source] for priority, source in SEND_QUEUES.items()}
    )
    return DeadLettersUnderTest(
        dead_letters=dead_letters(),
        dead_letters_elsewhere=dead_letters(),
        leave_chunks=dead_queue.enqueue,
        leave_queued_start=lambda campaign_id: sqs.send_message(
            QueueUrl=urls[DeadLetterSource.START_QUEUE],
            MessageBody=start_to_event(StartRequest(campaign_id, Trigger.QUEUE)),
        ),
        leave_start=lambda request, error: leave_invocation(
            DeadLetterSource.START, start_to_event(request), error
        ),
        leave_schedule=leave_schedule,
        leave_run=lambda run, error: leave_invocation(
            DeadLetterSource.JOB, run_to_event(run), error
        ),
        leave_report=lambda body: sqs.send_message(
            QueueUrl=urls[DeadLetterSource.PROVIDER_EVENTS], MessageBody=body
        ),
        leave_foreign=leave_foreign,
        enqueued=enqueued,
        reported=lambda: _drain(sqs, reports_url),
    )


def make_provider_events(deployment: Deployment, clients: AwsClients) -> ProviderEventsUnderTest:
    """A topic, and a queue that gets its messages as they are."""
    sqs = deployment.clients.sqs
    sns = deployment.clients.session.client("sns", endpoint_url=deployment.emulator.endpoint_url)
    name = f"told-{next(_names)}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue_url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    queue_arn = _attributes(sqs, queue_url)["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"RawMessageDelivery": "true"},
    )

    def tell(event: ProviderEvent | None) -> None:
        told = {**published("Send"), "mail": mail()} if event is None else told_of(event)
        sns.publish(TopicArn=topic, Message=json.dumps(told))

    return ProviderEventsUnderTest(SqsProviderEvents(clients, queue_url), tell)


def _attributes(sqs: "SQSClient", queue_url: str) -> "dict[QueueAttributeNameType, str]":
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]


def _drain(sqs: "SQSClient", queue_url: str) -> list[str]:
    messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in messages]


def outbox(emulator: Emulator) -> list[Mail]:
    """Every mail of the account, oldest first: the emulator's own page, not a part of AWS."""
    connection = http.client.HTTPConnection(emulator.endpoint_url.removeprefix("http://"))
    try:
        connection.request("GET", f"/_ministack/ses/messages?account={emulator.account}")
        messages = json.load(connection.getresponse())["messages"].get(emulator.account, [])
    finally:
        connection.close()
    return [
        Mail(each["MessageId"], to, each["Subject"], each["BodyHtml"], each["BodyText"])
        for each in messages
        for to in each["To"]
    ]
