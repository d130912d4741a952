"""Dead letters as SQS, Lambda and Scheduler leave them, and what the calls do when they fail."""

import json
from collections.abc import Mapping

import pytest

from adapters.aws.clients import AwsClients
from adapters.aws.dead_letters import SqsDeadLetters
from adapters.aws.invoker import LambdaInvoker
from adapters.aws.job_invoker import LambdaJobInvoker
from adapters.aws.queue import SqsSendQueue, chunk_to_body
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetter
from domain.errors import DependencyFault, DependencyRefused, DependencyUnavailable
from domain.priority import Priority
from domain.start import StartRequest, Trigger
from tests.contracts.aws_family import Deployment
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.wire import Step, answer, cut, intercepted, lost_answer, through

CHUNK = ChunkRef(CAMPAIGN_ID, 0, 0)
START = {"schema": 1, "campaign_id": CAMPAIGN_ID, "trigger": "direct invoke"}


class Stage:
    """Queues of its own name, made as a test needs them."""

    def __init__(self, deployment: Deployment, clients: AwsClients, name: str) -> None:
        """With a send queue and nothing else."""
        self._sqs = deployment.clients.sqs
        self._name = name
        self.clients = clients
        self.send_queue_url = self.make("send")
        self.dead_letters = SqsDeadLetters(
            clients,
            name,
            queue=SqsSendQueue(clients, {Priority.NORMAL: self.send_queue_url}),
            invoker=LambdaInvoker(clients, deployment.function_arn),
            job_invoker=LambdaJobInvoker(clients, deployment.job_function_arn),
        )

    def make(self, queue: str) -> str:
        """Its URL."""
        return self._sqs.create_queue(QueueName=f"{self._name}-{queue}")["QueueUrl"]

    def leave(self, source: str, body: str, **attributes: str) -> None:
        """On its queue of dead letters."""
        self._sqs.send_message(
            QueueUrl=self.make(f"{source}-dead-letters"),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def only(self) -> DeadLetter:
        """The only one."""
        (letter,) = self.dead_letters.all()
        return letter


@pytest.fixture
def stage(
    deployment: Deployment,
    clients: AwsClients,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    """Named after the test."""
    monkeypatch.setattr("adapters.aws.dead_letters._POLL_SECONDS", 0)
    return Stage(deployment, clients, f"dead-{abs(hash(request.node.name))}")


def test_queues_that_are_not_there_count_as_empty(stage: Stage) -> None:
    """Not every deployment has all: the local runner's has no functions."""
    assert list(stage.dead_letters.all()) == []

    stage.leave("send", chunk_to_body(CHUNK))

    assert stage.only().work == CHUNK


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (
            {
                "requestContext": {"condition": "RetriesExhausted"},
                "responseContext": {"functionError": "Unhandled"},
                "responsePayload": {"errorType": "KeyError", "errorMessage": "'ann@example.com'"},
            },
            "RetriesExhausted: KeyError: …@…",
        ),
        (
            {
                "requestContext": {"condition": "RetriesExhausted"},
                "responseContext": {"functionError": "Unhandled"},
                "responsePayload": None,
            },
            "RetriesExhausted: Unhandled",
        ),
        ({"requestContext": {"condition": "EventAgeExceeded"}}, "EventAgeExceeded"),
        ({}, "the message does not say"),
    ],
)
def test_lambdas_record_tells_why(stage: Stage, outcome: Mapping[str, object], reason: str) -> None:
    """Also of an invocation that never ran; without what may be somebody's address."""
    stage.leave("start", json.dumps({"requestPayload": START, **outcome}))

    letter = stage.only()

    assert letter.work == StartRequest(CAMPAIGN_ID)
    assert letter.reason == reason


def test_schedulers_message_names_its_schedule(stage: Stage) -> None:
    """Whatever is in its body: Scheduler may have cut it."""
    stage.leave(
        "schedule",
        '{"FunctionName": "arn:aws:lambda:…", "Payload": "{',
        ERROR_CODE="AWS.Lambda.AccessDeniedException",
        ERROR_MESSAGE="User is not authorized",
        SCHEDULE_ARN=f"arn:aws:scheduler:eu-central-1:000000000000:schedule/prod/{CAMPAIGN_ID}",
    )

    letter = stage.only()

    assert letter.work == StartRequest(CAMPAIGN_ID, Trigger.SCHEDULE)
    assert letter.reason == "AWS.Lambda.AccessDeniedException: User is not authorized"


def test_schedulers_message_may_be_the_start_itself(stage: Stage) -> None:
    """As the schedule's input has it."""
    stage.leave("schedule", json.dumps({**START, "trigger": Trigger.SCHEDULE}))

    assert stage.only().work == StartRequest(CAMPAIGN_ID, Trigger.SCHEDULE)


@pytest.mark.parametrize(
    ("source", "body", "reason"),
    [
        ("send", "{}", "without 'schema'"),
        ("send", "[" * 100_000, "JSON of another shape"),
        ("send", '{"schema": Infinity}', "JSON of another shape"),
        ("send", '{"schema": 2}', "of layout 2, and this code knows 1"),
        ("start", "[]", "JSON of another shape"),
        ("start", json.dumps({"requestPayload": "ann@example.com"}), "JSON of another shape"),
        ("start", json.dumps(START), "without 'requestPayload'"),
        (
            "start",
            json.dumps({"requestPayload": START, "responsePayload": "ann"}),
            "JSON of another shape",
        ),
        ("schedule", '{"schema": 1}', "without 'campaign_id'"),
        ("job", json.dumps({"requestPayload": {"schema": 1}}), "without 'job_id'"),
        ("provider-events", "7", "JSON of another shape"),
    ],
)
def test_a_message_of_another_shape_is_foreign(
    stage: Stage, source: str, body: str, reason: str
) -> None:
    """It is told how it differs, and nothing else of it."""
    stage.leave(source, body)

    letter = stage.only()

    assert letter.work is None
    assert letter.reason == f"cannot be read: {reason}"


@pytest.mark.parametrize("step", [cut, answer({"Successful": [], "Failed": []})])
@pytest.mark.usefixtures("no_backoff")
def test_one_that_the_send_queue_did_not_take_stays(stage: Stage, step: Step) -> None:
    """It is discarded only after its replay was accepted."""
    stage.leave("send", chunk_to_body(CHUNK))
    letter = stage.only()

    with intercepted(stage.clients.sqs, "SendMessageBatch", step), pytest.raises(DependencyFault):
        stage.dead_letters.replay(letter)

    assert stage.only().work == CHUNK


@pytest.mark.usefixtures("no_backoff")
def test_one_that_cannot_be_removed_was_replayed_all_the_same(stage: Stage) -> None:
    """At least once: it says that it stays, and may be replayed again."""
    stage.leave("send", chunk_to_body(CHUNK))
    letter = stage.only()

    with intercepted(stage.clients.sqs, "DeleteMessage", cut), pytest.raises(DependencyFault):
        stage.dead_letters.replay(letter)

    assert stage.only().work == CHUNK
    sqs = stage.clients.sqs
    (message,) = sqs.receive_message(QueueUrl=stage.send_queue_url)["Messages"]
    assert message["Body"] == chunk_to_body(CHUNK)


def test_what_was_received_is_let_go_though_the_looking_fails(stage: Stage) -> None:
    """Whoever looks next need not wait."""
    stage.leave("send", chunk_to_body(CHUNK))
    denied = answer({"__type": "com.amazonaws.sqs#AccessDenied", "message": ""}, 403)

    with (
        intercepted(stage.clients.sqs, "ReceiveMessage", lambda _: None, denied),
        pytest.raises(DependencyRefused, match="SQS ReceiveMessage: AccessDenied"),
    ):
        stage.dead_letters.all()

    assert stage.only().work == CHUNK


def test_one_that_comes_again_during_the_look_can_be_dealt_with(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look may take longer than it holds them: then the last receipt is the one that is good."""
    monkeypatch.setattr("adapters.aws.dead_letters._HELD_SECONDS", 0)
    stage.leave("send", chunk_to_body(CHUNK))

    stage.dead_letters.discard(stage.only())

    assert list(stage.dead_letters.all()) == []


@pytest.mark.usefixtures("no_backoff")
def test_a_look_whose_answer_was_lost_is_no_look(stage: Stage) -> None:
    """What was in it is hidden from the next try: nobody is told that there is nothing."""
    stage.leave("send", chunk_to_body(CHUNK))

    with (
        intercepted(stage.clients.sqs, "ReceiveMessage", lost_answer, through),
        pytest.raises(DependencyUnavailable, match="in 30 s"),
    ):
        stage.dead_letters.all()


def test_a_very_long_queue_is_looked_at_in_part(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is dealt with makes room for the rest."""
    monkeypatch.setattr("adapters.aws.dead_letters._MOST", 10)
    for number in range(25):
        stage.leave("send", chunk_to_body(ChunkRef(CAMPAIGN_ID, 0, number)))
    seen = set()

    while letters := stage.dead_letters.all():
        assert len(letters) < 20
        for letter in letters:
            seen.add(letter.work)
            stage.dead_letters.discard(letter)

    assert len(seen) == 25
