"""What SQS, EventBridge Scheduler and Lambda answer and no emulator does, met by the aws family."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from adapters.aws.clients import AwsClients
from adapters.aws.invoker import LambdaInvoker
from adapters.aws.queue import SqsSendQueue
from adapters.aws.scheduler import EventBridgeScheduler
from domain.errors import DependencyFault, DependencyRefused, DependencyUnavailable
from domain.identifiers import CampaignId
from domain.ports.scheduler import Scheduler
from domain.priority import Priority
from domain.schedule import Schedule
from domain.start import StartRequest
from tests.contracts.aws_family import (
    Deployment,
    MadeQueue,
    aws_family,
    make_aws_queue,
)
from tests.contracts.eventually import eventually
from tests.contracts.family import Family
from tests.contracts.raw_server import http_answer, raw_server
from tests.contracts.test_queue import NOW, chunks_of, refs
from tests.contracts.wire import (
    Step,
    answer,
    body_of,
    cut,
    error,
    forward,
    intercepted,
    lost_answer,
    response,
    through,
)

pytestmark = pytest.mark.usefixtures("no_backoff")

AT = datetime(2099, 3, 1, 9, 30, 15, tzinfo=UTC)
THROTTLED = error("ThrottlingException")
FAILED = error("InternalFailure", 500)


@pytest.fixture
def family(deployment: Deployment, clients: AwsClients) -> Family:
    """The aws family over clients of this test's own."""
    return aws_family(deployment, clients)


@pytest.fixture
def made(deployment: Deployment, clients: AwsClients) -> MadeQueue:
    """A queue whose messages come again at once, three times."""
    return make_aws_queue(deployment, clients, visibility_timeout=NOW, max_receives=3)


@pytest.fixture
def campaign_id(family: Family) -> CampaignId:
    """A campaign of this test's own."""
    return family.ids.campaign_id()


@pytest.fixture
def schedule(campaign_id: CampaignId) -> Schedule:
    """Its first."""
    return Schedule(campaign_id, 1, AT)


# The send queue.


def only_even_entries(request: AWSPreparedRequest) -> AWSResponse:
    """A batch of which every second entry fails, for reasons of either side."""
    body = body_of(request)
    answered = forward(request, {**body, "Entries": body["Entries"][::2]})
    failed = [
        {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": "later"}
        for entry in body["Entries"][1::2]
    ]
    return response(request, {**answered, "Failed": failed})


def test_chunks_that_the_queue_did_not_take_are_returned(
    made: MadeQueue, clients: AwsClients
) -> None:
    """Those, and no others, of every batch; enqueued again they are all there."""
    wanted = refs(25)

    with intercepted(clients.sqs, "SendMessageBatch", only_even_entries) as wire:
        refused = made.queue.enqueue(wanted, Priority.NORMAL)

    evens = wanted[0:10:2] + wanted[10:20:2] + wanted[20:25:2]
    assert wire.requests == 3
    assert sorted(refused, key=wanted.index) == [each for each in wanted if each not in evens]
    assert list(made.queue.enqueue(refused, Priority.NORMAL)) == []
    found = set()
    while deliveries := made.queue.receive(10, NOW, Priority.NORMAL):
        found |= {delivery.chunk for delivery in deliveries}
        made.queue.acknowledge(deliveries)
    assert found == set(wanted)


def test_one_that_could_not_be_removed_comes_again(made: MadeQueue, clients: AwsClients) -> None:
    """And is no fault; the others are removed."""
    made.queue.enqueue(refs(4), Priority.NORMAL)
    deliveries = sorted(
        made.queue.receive(10, NOW, Priority.NORMAL), key=lambda each: each.chunk.number
    )

    with intercepted(clients.sqs, "DeleteMessageBatch", only_even_entries):
        made.queue.acknowledge(deliveries)

    assert chunks_of(made.queue.receive(10, NOW, Priority.NORMAL)) == [refs(4)[1], refs(4)[3]]


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (error("QueueDoesNotExist"), DependencyRefused),
        (FAILED, DependencyUnavailable),
        (cut, DependencyUnavailable),
    ],
    ids=["gone", "failed", "cut"],
)
def test_a_queue_that_cannot_be_used_is_a_fault(
    made: MadeQueue, clients: AwsClients, step: Step, fault: type[DependencyFault]
) -> None:
    """Never an empty answer, which would be taken for success or for no messages."""
    made.queue.enqueue(refs(1), Priority.NORMAL)
    deliveries = made.queue.receive(10, NOW, Priority.NORMAL)

    with intercepted(clients.sqs, "SendMessageBatch", step), pytest.raises(fault):
        made.queue.enqueue(refs(1), Priority.NORMAL)
    with intercepted(clients.sqs, "ReceiveMessage", step), pytest.raises(fault):
        made.queue.receive(10, NOW, Priority.NORMAL)
    with intercepted(clients.sqs, "DeleteMessageBatch", step), pytest.raises(fault):
        made.queue.acknowledge(deliveries)


def test_a_batch_of_which_nothing_is_said_is_not_taken_for_success(
    made: MadeQueue, clients: AwsClients
) -> None:
    """An answer cut short parses as an empty one; the chunks may have to be enqueued again."""
    with intercepted(clients.sqs, "SendMessageBatch", answer({})):
        try:
            refused = made.queue.enqueue(refs(3), Priority.NORMAL)
        except DependencyUnavailable:
            return

    assert list(refused) == refs(3)


def test_a_queue_that_never_was_is_refused(clients: AwsClients, made: MadeQueue) -> None:
    """By the emulator itself."""
    queue = SqsSendQueue(clients, {Priority.NORMAL: f"{made.queue_url}-never-was"})

    with pytest.raises(DependencyRefused):
        queue.enqueue(refs(1), Priority.NORMAL)
    with pytest.raises(DependencyRefused):
        queue.receive(10, NOW, Priority.NORMAL)


@pytest.mark.parametrize(
    "body", ["", "nonsense", "[]", "7", "null", "{}", '{"campaign_id": "x", "range": "y"}']
)
def test_a_foreign_message_is_left_and_disturbs_nobody(
    made: MadeQueue, clients: AwsClients, body: str
) -> None:
    """It is not received, nor are the others held up; it ends in the dead-letter queue."""
    clients.sqs.send_message(QueueUrl=made.queue_url, MessageBody=body or " ")
    made.queue.enqueue(refs(1), Priority.NORMAL)

    for _ in range(3):
        assert chunks_of(made.queue.receive(10, NOW, Priority.NORMAL)) == refs(1)

    def dead_bodies() -> list[str]:
        made.queue.receive(10, NOW, Priority.NORMAL)
        answer = clients.sqs.receive_message(
            QueueUrl=made.dead_letters_url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [message["Body"] for message in answer.get("Messages", [])]

    eventually(lambda: (body or " ") in dead_bodies())


# The scheduler.


@pytest.mark.parametrize("step", [THROTTLED, FAILED, cut], ids=["throttled", "failed", "cut"])
def test_what_passes_is_waited_out(
    family: Family, clients: AwsClients, schedule: Schedule, step: Step
) -> None:
    """Of every call that the scheduler makes."""
    newer = replace(schedule, version=2)

    with (
        intercepted(clients.scheduler, "CreateSchedule", step, through),
        intercepted(clients.scheduler, "GetSchedule", step, through),
        intercepted(clients.scheduler, "UpdateSchedule", step, through),
        intercepted(clients.scheduler, "DeleteSchedule", step, through),
    ):
        family.scheduler.put(schedule)
        family.scheduler.put(newer)
        assert family.scheduler.get(schedule.campaign_id) == newer
        family.scheduler.delete(schedule.campaign_id)

    assert family.scheduler.get(schedule.campaign_id) is None


@dataclass(frozen=True)
class Call:
    """One call of the scheduler, and the method that makes it."""

    operation: str
    act: Callable[[Scheduler, Schedule], object]


CALLS = [
    Call("CreateSchedule", lambda scheduler, new: scheduler.put(new)),
    Call("UpdateSchedule", lambda scheduler, old: scheduler.put(replace(old, version=2))),
    Call("GetSchedule", lambda scheduler, old: scheduler.get(old.campaign_id)),
    Call("DeleteSchedule", lambda scheduler, old: scheduler.delete(old.campaign_id)),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (THROTTLED, DependencyFault),
        (error("ServiceQuotaExceededException", 402), DependencyRefused),
        (error("AccessDeniedException", 403), DependencyRefused),
        (FAILED, DependencyUnavailable),
        (cut, DependencyUnavailable),
    ],
    ids=["throttled", "quota", "denied", "failed", "cut"],
)
def test_what_lasts_is_a_fault_and_may_be_repeated(  # noqa: PLR0913, PLR0917  fixtures
    family: Family,
    clients: AwsClients,
    schedule: Schedule,
    call: Call,
    step: Step,
    fault: type[DependencyFault],
) -> None:
    """Told apart by whether something may have changed."""
    if call.operation != "CreateSchedule":
        family.scheduler.put(schedule)

    with intercepted(clients.scheduler, call.operation, step), pytest.raises(fault):
        call.act(family.scheduler, schedule)

    call.act(family.scheduler, schedule)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_a_lost_answer_is_the_success_it_was(
    family: Family, clients: AwsClients, schedule: Schedule, call: Call
) -> None:
    """The repetition finds a schedule made, moved or gone already: as was wanted."""
    if call.operation != "CreateSchedule":
        family.scheduler.put(schedule)

    with intercepted(clients.scheduler, call.operation, lost_answer, through) as wire:
        call.act(family.scheduler, schedule)

    assert wire.requests == 2


@pytest.mark.parametrize("call", CALLS[:2], ids=lambda call: call.operation)
def test_a_lost_answer_and_a_throttle_after_it_are_not_a_refusal(
    family: Family, clients: AwsClients, schedule: Schedule, call: Call
) -> None:
    """That the last request changed nothing does not mean that the first did not."""
    if call.operation != "CreateSchedule":
        family.scheduler.put(schedule)

    with (
        intercepted(clients.scheduler, call.operation, lost_answer, THROTTLED),
        pytest.raises(DependencyUnavailable),
    ):
        call.act(family.scheduler, schedule)


def test_a_schedule_that_fired_while_it_was_moved_is_made_again(
    family: Family, clients: AwsClients, schedule: Schedule
) -> None:
    """Create meets it, update finds it gone."""
    with intercepted(clients.scheduler, "CreateSchedule", error("ConflictException", 409), through):
        family.scheduler.put(schedule)

    assert family.scheduler.get(schedule.campaign_id) == schedule


def test_a_schedule_that_keeps_coming_and_going_is_a_fault(
    family: Family, clients: AwsClients, schedule: Schedule
) -> None:
    """Not for ever."""
    with (
        intercepted(clients.scheduler, "CreateSchedule", error("ConflictException", 409)),
        pytest.raises(DependencyFault),
    ):
        family.scheduler.put(schedule)


def test_a_group_that_does_not_exist_is_refused(
    deployment: Deployment, clients: AwsClients, schedule: Schedule
) -> None:
    """By the emulator itself; nothing can be scheduled in it."""
    scheduler = EventBridgeScheduler(
        clients,
        group="never-was",
        target_arn=deployment.function_arn,
        role_arn="arn:aws:iam::100000000001:role/scheduler",
        dead_letter_arn=None,
        max_lateness=timedelta(hours=6),
    )

    with pytest.raises(DependencyRefused):
        scheduler.put(schedule)


@pytest.mark.parametrize(
    ("max_lateness", "seconds"),
    [
        (timedelta(seconds=1), 60),
        (timedelta(hours=6), 21_600),
        (timedelta(days=3), 86_400),
    ],
)
def test_a_schedule_is_made_as_the_protocol_wants_it(
    deployment: Deployment,
    clients: AwsClients,
    schedule: Schedule,
    max_lateness: timedelta,
    seconds: int,
) -> None:
    """In UTC, at its second, gone afterwards, retried no longer than a start may be late."""
    scheduler = EventBridgeScheduler(
        clients,
        group=deployment.outputs["ScheduleGroupName"],
        target_arn=deployment.function_arn,
        role_arn="arn:aws:iam::100000000001:role/scheduler",
        dead_letter_arn=deployment.invocations_arn,
        max_lateness=max_lateness,
    )

    with intercepted(clients.scheduler, "CreateSchedule", through) as wire:
        scheduler.put(replace(schedule, at=AT + timedelta(milliseconds=500)))

    (asked,) = wire.bodies
    target = asked["Target"]
    assert asked["ScheduleExpression"] == "at(2099-03-01T09:30:16)"
    assert asked["ScheduleExpressionTimezone"] == "UTC"
    assert asked["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert asked["ActionAfterCompletion"] == "DELETE"
    assert 0 < len(asked["ClientToken"]) <= 64
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == seconds
    assert target["DeadLetterConfig"] == {"Arn": deployment.invocations_arn}
    assert json.loads(target["Input"]) == {
        "schema": 1,
        "campaign_id": schedule.campaign_id,
        "trigger": "EventBridge Scheduler",
    }


def test_a_schedule_of_which_nothing_is_said_is_a_fault(
    family: Family, clients: AwsClients, campaign_id: CampaignId
) -> None:
    """An answer cut short parses as an empty one; it does not say that there is no schedule."""
    with (
        intercepted(clients.scheduler, "GetSchedule", answer({})),
        pytest.raises(DependencyUnavailable),
    ):
        family.scheduler.get(campaign_id)


def test_versions_have_client_tokens_of_their_own(
    family: Family, clients: AwsClients, schedule: Schedule
) -> None:
    """Else a schedule put again after a delete would be taken for the first."""
    with intercepted(clients.scheduler, "CreateSchedule", through) as wire:
        family.scheduler.put(schedule)
        family.scheduler.delete(schedule.campaign_id)
        family.scheduler.put(replace(schedule, version=2))

    first, second = (body["ClientToken"] for body in wire.bodies)
    assert first != second


# The invoker.


def test_a_function_that_does_not_exist_is_refused(
    deployment: Deployment, clients: AwsClients, campaign_id: CampaignId
) -> None:
    """By the emulator itself: nothing will run."""
    invoker = LambdaInvoker(clients, f"{deployment.function_arn}-never-was")

    with pytest.raises(DependencyRefused):
        invoker.start(campaign_id)


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (error("TooManyRequestsException", 429), DependencyFault),
        (error("AccessDeniedException", 403), DependencyRefused),
        (error("ServiceException", 500), DependencyUnavailable),
        (cut, DependencyUnavailable),
    ],
    ids=["throttled", "denied", "failed", "cut"],
)
def test_an_invocation_that_fails_is_a_fault(
    family: Family,
    clients: AwsClients,
    campaign_id: CampaignId,
    step: Step,
    fault: type[DependencyFault],
) -> None:
    """Told apart by whether it may run; of a start, of a job and of an erasure."""
    acts: list[Callable[[], None]] = [
        lambda: family.invoker.start(campaign_id),
        lambda: family.job_invoker.run(family.ids.export_id()),
        lambda: family.job_invoker.erase(family.ids.contact_id()),
    ]
    for act in acts:
        with intercepted(clients.lambda_, "Invoke", step), pytest.raises(fault):
            act()


def test_an_invocation_whose_answer_was_lost_runs_at_least_once(
    family: Family, clients: AwsClients, campaign_id: CampaignId
) -> None:
    """The SDK repeats it; a start is idempotent."""
    with intercepted(clients.lambda_, "Invoke", lost_answer, through) as wire:
        family.invoker.start(campaign_id)

    assert wire.requests == 2
    assert eventually(lambda: StartRequest(campaign_id) in family.started())


def test_a_lost_invocation_and_a_throttle_after_it_are_not_a_refusal(
    family: Family, clients: AwsClients, campaign_id: CampaignId
) -> None:
    """The first may run."""
    throttled = error("TooManyRequestsException", 429)

    with (
        intercepted(clients.lambda_, "Invoke", lost_answer, throttled),
        pytest.raises(DependencyUnavailable),
    ):
        family.invoker.start(campaign_id)


def test_invocations_share_a_connection(
    deployment: Deployment, raw_clients: Callable[[str], AwsClients], campaign_id: CampaignId
) -> None:
    """An answer not read to its end would keep its connection, and the next need another."""
    with raw_server(http_answer(b"", "202 Accepted"), stay=True) as server:
        invoker = LambdaInvoker(raw_clients(server.endpoint_url), deployment.function_arn)
        for _ in range(3):
            invoker.start(campaign_id)

    assert (len(server.requests), server.connections) == (3, 1)


# No AWS at all.


def unreachable_actions(family: Family, schedule: Schedule) -> dict[str, Callable[[], object]]:
    """One call of each port that goes out."""
    queue = family.make_queue(visibility_timeout=NOW, max_receives=3).queue
    return {
        "dynamodb": lambda: family.campaigns.get(schedule.campaign_id),
        "sqs": lambda: queue.enqueue(refs(1), Priority.NORMAL),
        "scheduler": lambda: family.scheduler.put(schedule),
        "lambda": lambda: family.invoker.start(schedule.campaign_id),
    }


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "scheduler", "lambda"])
def test_an_endpoint_that_nobody_listens_at_is_a_fault(
    deployment: Deployment, schedule: Schedule, closed_port: int, service: str
) -> None:
    """And no refusal: of several attempts only the last one is known to have done nothing."""
    unreachable = AwsClients(deployment.emulator.region, f"http://127.0.0.1:{closed_port}")
    act = unreachable_actions(aws_family(deployment, unreachable), schedule)[service]

    with pytest.raises(DependencyUnavailable):
        act()
