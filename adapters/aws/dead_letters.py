"""Dead letters in SQS: of queues, of Lambda's failed starts and runs of jobs, and of Scheduler."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from adapters.aws.job_event import event_to_run
from adapters.aws.queue import body_to_chunk
from adapters.aws.start_event import body_to_start, event_to_start
from adapters.aws.table import UnknownLayoutError, campaign_id_of
from domain.chunk import ChunkRef
from domain.dead_letter import (
    SEND_QUEUES,
    DeadLetter,
    DeadLetterSource,
    ProviderReport,
    Work,
    shown_text,
)
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.job_run import ErasureRun, JobRun
from domain.ports.invoker import Invoker
from domain.ports.job_invoker import JobInvoker
from domain.ports.queue import SendQueue
from domain.start import StartRequest, Trigger

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef, ReceiveMessageResultTypeDef

_HELD_SECONDS = 30
"""Hidden from who looks at the same time, for the looking only: then let go."""
_POLL_SECONDS = 1
"""A long poll asks every server: a short one may miss what is there."""
_MESSAGES_A_REQUEST = 10
_MOST = 1_000

Reading = tuple[Work | None, str]
"""What a message asks for, and why it was given up."""


def read_send(message: "MessageTypeDef") -> Reading:
    """A message that SQS moved says nothing of the reason. Raises what `body_to_chunk` does."""
    return body_to_chunk(message["Body"]), "received too often; the worker's log says why"


def read_start(message: "MessageTypeDef") -> Reading:
    """A start that failed. Raises as `_of_invocation`."""
    return _of_invocation(message, event_to_start)


def read_queued_start(message: "MessageTypeDef") -> Reading:
    """As a message of the send queue. Raises what `body_to_start` does."""
    return body_to_start(message["Body"]), "received too often; the log of starts says why"


def read_job(message: "MessageTypeDef") -> Reading:
    """A run of a job that failed. Raises as `_of_invocation`."""
    return _of_invocation(message, event_to_run)


def _of_invocation(
    message: "MessageTypeDef", event_to_work: Callable[[Mapping[str, Any]], Work]
) -> Reading:
    """The record of a failed invocation.

    AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations". Raises
    ValueError, KeyError, TypeError or AttributeError where it is none.
    """
    record = json.loads(message["Body"])
    work = event_to_work(record["requestPayload"])
    answer = record.get("responsePayload") or {}
    words = [
        record.get("requestContext", {}).get("condition"),
        answer.get("errorType") or record.get("responseContext", {}).get("functionError"),
        answer.get("errorMessage"),
    ]
    return work, ": ".join(str(word) for word in words if word)


def read_schedule(message: "MessageTypeDef") -> Reading:
    """What Scheduler could not deliver: the schedule has the campaign's name.

    EventBridge Scheduler User Guide, "Configuring a dead-letter queue". Raises as `_of_invocation`.
    """
    attributes = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    schedule = attributes.get("SCHEDULE_ARN", "").rpartition("/")[2]
    work = (
        StartRequest(campaign_id_of({"campaign_id": schedule}), Trigger.SCHEDULE)
        if schedule
        else event_to_start(json.loads(message["Body"]))
    )
    words = [attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE")]
    return work, ": ".join(word for word in words if word)


def read_provider_event(message: "MessageTypeDef") -> Reading:
    """Any object: whether it is of Sentinel's mails, who takes it in tells.

    Raises ValueError, or TypeError where it is none.
    """
    if not isinstance(json.loads(message["Body"]), dict):
        raise TypeError
    return ProviderReport(message["Body"]), "received too often; the consumer's log says why"


READERS: Mapping[DeadLetterSource, Callable[["MessageTypeDef"], Reading]] = {
    **dict.fromkeys(SEND_QUEUES.values(), read_send),
    DeadLetterSource.START: read_start,
    DeadLetterSource.START_QUEUE: read_queued_start,
    DeadLetterSource.SCHEDULE: read_schedule,
    DeadLetterSource.JOB: read_job,
    DeadLetterSource.PROVIDER_EVENTS: read_provider_event,
}
"""One for each queue of dead letters, `<name>-<source>-dead-letters`."""


class SqsDeadLetters:
    """Implements `domain.ports.dead_letters.DeadLetters` for the deployment `name`."""

    def __init__(
        self,
        clients: AwsClients,
        name: str,
        *,
        queue: SendQueue,
        invoker: Invoker,
        job_invoker: JobInvoker,
    ) -> None:
        """Replayed on `queue` and by the invokers."""
        self._clients = clients
        self._name = name
        self._queue = queue
        self._invoker = invoker
        self._job_invoker = job_invoker

    def all(self) -> Sequence[DeadLetter]:
        """Receives until nothing new comes, then makes all visible again; all queues at once.

        A look of which an answer may be lost is none: it raises DependencyUnavailable.
        """
        with ThreadPoolExecutor(len(READERS)) as threads:
            return [letter for found in threads.map(self._of, READERS) for letter in found]

    def replay(self, letter: DeadLetter) -> None:
        """As anybody asks for such work; then DeleteMessage."""
        match letter.work:
            case ChunkRef() as chunk:
                if self._queue.enqueue([chunk], letter.priority):
                    raise DependencyRefused("The send queue did not take the chunk.")
            case StartRequest(campaign_id=campaign_id):
                self._invoker.start(campaign_id)
            case JobRun(job_id=job_id):
                self._job_invoker.run(job_id)
            case ErasureRun(contact_id=contact_id):
                self._job_invoker.erase(contact_id)
            case ProviderReport(body=body):
                self._send_again(letter.source, body)
            case None:
                raise ValueError("not a message of Sentinel")
        self.discard(letter)

    def discard(self, letter: DeadLetter) -> None:
        """DeleteMessage, by the receipt of the look at it."""
        url = self._url(letter.source)
        if url is not None:
            with translated("SQS DeleteMessage"):
                self._clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=letter.receipt)

    def _send_again(self, source: DeadLetterSource, body: str) -> None:
        """On the queue that it was moved from."""
        sqs = self._clients.sqs
        with translated("SQS SendMessage"):
            url = sqs.get_queue_url(QueueName=f"{self._name}-{source}")["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=body)

    def _of(self, source: DeadLetterSource) -> Sequence[DeadLetter]:
        url = self._url(source)
        if url is None:
            return ()
        found: dict[str, MessageTypeDef] = {}
        is_repeated = False
        try:
            while len(found) < _MOST:
                before = len(found)
                # One that was not held long enough comes again: its last receipt is the good one.
                answer = self._receive(url)
                found.update({each["MessageId"]: each for each in answer.get("Messages", [])})
                is_repeated |= answer["ResponseMetadata"]["RetryAttempts"] > 0
                if len(found) == before:
                    break
        finally:
            self._let_go(url, [each["ReceiptHandle"] for each in found.values()])
        if is_repeated:
            # The first may have been carried out: what was in its answer is hidden from the second.
            raise DependencyUnavailable(
                "SQS ReceiveMessage: an answer may be lost, and dead letters hidden with it; look "
                f"again in {_HELD_SECONDS} s"
            )
        letters = [_letter(source, message) for message in found.values()]
        return sorted(letters, key=lambda each: each.first_sent_at)

    def _receive(self, url: str) -> "ReceiveMessageResultTypeDef":
        with translated("SQS ReceiveMessage"):
            return self._clients.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=_MESSAGES_A_REQUEST,
                VisibilityTimeout=_HELD_SECONDS,
                WaitTimeSeconds=_POLL_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
                MessageAttributeNames=["All"],
            )

    def _let_go(self, url: str, receipts: Sequence[str]) -> None:
        """One that cannot be let go is seen again when it was held long enough."""
        for start in range(0, len(receipts), _MESSAGES_A_REQUEST):
            with translated("SQS ChangeMessageVisibilityBatch"):
                self._clients.sqs.change_message_visibility_batch(
                    QueueUrl=url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                        for index, receipt in enumerate(
                            receipts[start : start + _MESSAGES_A_REQUEST]
                        )
                    ],
                )

    def _url(self, source: DeadLetterSource) -> str | None:
        """None where there is no such queue: not every deployment has all."""
        sqs = self._clients.sqs
        with translated("SQS GetQueueUrl"):
            try:
                return sqs.get_queue_url(QueueName=f"{self._name}-{source}-dead-letters")[
                    "QueueUrl"
                ]
            except sqs.exceptions.QueueDoesNotExist:
                return None


def _letter(source: DeadLetterSource, message: "MessageTypeDef") -> DeadLetter:
    attributes = message["Attributes"]
    work, reason = _read(source, message)
    return DeadLetter(
        source=source,
        message_id=message["MessageId"],
        work=work,
        reason=shown_text(reason) or "the message does not say",
        first_sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1_000, UTC),
        receives=int(attributes["ApproximateReceiveCount"]),
        receipt=message["ReceiptHandle"],
    )


def _read(source: DeadLetterSource, message: "MessageTypeDef") -> Reading:
    try:
        return READERS[source](message)
    except json.JSONDecodeError:
        fault = "not JSON"
    except KeyError as error:
        fault = f"without {error.args[0]!r}"
    except UnknownLayoutError as error:
        fault = str(error)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        # Their texts may repeat what is in it.
        fault = "JSON of another shape"
    return None, f"cannot be read: {fault}"
