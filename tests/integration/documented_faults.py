"""What AWS documents and no emulator does: refusals, partial failures, and connections that break.

A fault has one of `service_proxy.Fault`'s forms. Codes and statuses are held to botocore's service
models by `test_disturbed.py`; per-entry shapes are those of the services' API references.
"""

import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Any

from tests.integration.service_proxy import Answer, Fault, Forward, Request

_TRANSACTION_CONFLICT = "TransactionConflict"
_LATE_SECONDS = 3.0
"""Longer than the local runner's timeout for SES in these tests, shorter than DynamoDB's."""


@dataclass(frozen=True)
class Refusal:
    """An error of one service: its code, and the HTTP status that it comes with."""

    service: str
    code: str
    status: int
    message: str = "Rate exceeded"

    def __call__(self, request: Request, forward: Forward) -> Answer:
        """Nothing is carried out."""
        del request, forward
        if self.service == "dynamodb":
            kind = f"com.amazonaws.dynamodb.v20120810#{self.code}"
            return _refused(self.status, {"__type": kind, "message": self.message})
        if self.service == "sqs":
            kind = f"com.amazonaws.sqs#{self.code}"
            return _refused(self.status, {"__type": kind, "message": self.message})
        return _refused(self.status, {"message": self.message}, self.code)


def _refused(status: int, body: Mapping[str, object], kind: str | None = None) -> Answer:
    answer = Answer.of(body)
    headers = {**answer.headers, **({"x-amzn-ErrorType": kind} if kind else {})}
    return Answer(status, answer.body, headers)


def hang_up_before(request: Request, forward: Forward) -> None:
    """The service never saw it."""


def hang_up_after(request: Request, forward: Forward) -> None:
    """The service took it, and the answer is lost."""
    forward(request)


def late(request: Request, forward: Forward) -> Answer:
    """The service took it; the answer comes late."""
    answer = forward(request)
    threading.Event().wait(_LATE_SECONDS)
    return answer


def transaction_conflict(request: Request, forward: Forward) -> Answer:
    """The last item is in somebody else's transaction; nothing is written."""
    del forward
    reasons: list[dict[str, str]] = [{"Code": "None"} for _ in request.parsed["TransactItems"]]
    reasons[-1] = {
        "Code": _TRANSACTION_CONFLICT,
        "Message": "Transaction is ongoing for the item",
    }
    codes = ", ".join(reason["Code"] for reason in reasons)
    return _refused(
        HTTPStatus.BAD_REQUEST,
        {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific"
            f" reasons [{codes}]",
            "CancellationReasons": reasons,
        },
    )


def unprocessed_keys(request: Request, forward: Forward) -> Answer:
    """Only the first key of each table is read."""
    tables: dict[str, dict[str, Any]] = request.parsed["RequestItems"]
    first = {name: {**each, "Keys": each["Keys"][:1]} for name, each in tables.items()}
    rest = {
        name: {**each, "Keys": each["Keys"][1:]}
        for name, each in tables.items()
        if each["Keys"][1:]
    }
    answer = forward(request.having({**request.parsed, "RequestItems": first}))
    if answer.status != HTTPStatus.OK:
        return answer
    return Answer.of({**answer.parsed, "UnprocessedKeys": rest})


def failed_entries(request: Request, forward: Forward) -> Answer:
    """Every second entry of a batch of SQS fails, through no fault of the sender."""
    entries = request.parsed["Entries"]
    taken, failed = entries[1::2], entries[::2]
    done: list[object] = []
    if taken:
        answer = forward(request.having({**request.parsed, "Entries": taken}))
        if answer.status != HTTPStatus.OK:
            return answer
        done = answer.parsed["Successful"]
    return Answer.of(
        {
            "Successful": done,
            "Failed": [
                {
                    "Id": entry["Id"],
                    "SenderFault": False,
                    "Code": "InternalError",
                    "Message": "We encountered an internal error. Please try again.",
                }
                for entry in failed
            ],
        }
    )


@dataclass(frozen=True)
class EntryStatus:
    """Every third mail of a bulk call has this status, in a 200; the others are taken."""

    status: str
    error: str

    def __call__(self, request: Request, forward: Forward) -> Answer:
        """In the order of the entries."""
        entries = request.parsed["BulkEmailEntries"]
        taken = [entry for number, entry in enumerate(entries) if number % 3]
        results: list[dict[str, str]] = []
        if taken:
            answer = forward(request.having({**request.parsed, "BulkEmailEntries": taken}))
            if answer.status != HTTPStatus.OK:
                return answer
            results = answer.parsed["BulkEmailEntryResults"]
        left = iter(results)
        return Answer.of(
            {
                "BulkEmailEntryResults": [
                    next(left) if number % 3 else {"Status": self.status, "Error": self.error}
                    for number in range(len(entries))
                ]
            }
        )


_BROKEN: Mapping[str, Fault] = {
    "hung up before": hang_up_before,
    "hung up after": hang_up_after,
}
_CAPACITY = "The level of configured provisioned throughput for the table was exceeded"
_DYNAMODB: Mapping[str, Fault] = {
    **_BROKEN,
    "ProvisionedThroughputExceededException": Refusal(
        "dynamodb", "ProvisionedThroughputExceededException", 400, _CAPACITY
    ),
    "ThrottlingException": Refusal("dynamodb", "ThrottlingException", 400),
    "InternalServerError": Refusal("dynamodb", "InternalServerError", 500, "Internal server error"),
}
_SQS_BATCH: Mapping[str, Fault] = {**_BROKEN, "entries failed": failed_entries}
_SES: Mapping[str, Fault] = {
    **_BROKEN,
    "late": late,
    "TooManyRequestsException": Refusal(
        "sesv2", "TooManyRequestsException", 429, "Maximum sending rate exceeded."
    ),
    "daily quota": Refusal(
        "sesv2", "TooManyRequestsException", 429, "Daily message quota exceeded."
    ),
    "AccountSuspendedException": Refusal(
        "sesv2", "AccountSuspendedException", 400, "Your account is suspended"
    ),
    "SendingPausedException": Refusal(
        "sesv2", "SendingPausedException", 400, "Sending paused for this account."
    ),
}
_SCHEDULER: Mapping[str, Fault] = {
    **_BROKEN,
    "ThrottlingException": Refusal("scheduler", "ThrottlingException", 429),
    "InternalServerException": Refusal("scheduler", "InternalServerException", 500),
}
FAULTS: Mapping[str, Mapping[str, Fault]] = {
    "GetItem": _DYNAMODB,
    "Query": _DYNAMODB,
    "PutItem": {
        **_DYNAMODB,
        "TransactionConflictException": Refusal(
            "dynamodb", "TransactionConflictException", 400, "Transaction is ongoing for the item"
        ),
    },
    "TransactWriteItems": {**_DYNAMODB, "TransactionConflict": transaction_conflict},
    "BatchGetItem": {**_DYNAMODB, "UnprocessedKeys": unprocessed_keys},
    "SendMessageBatch": _SQS_BATCH,
    "DeleteMessageBatch": _SQS_BATCH,
    "ReceiveMessage": {
        "hung up after": hang_up_after,
        "RequestThrottled": Refusal("sqs", "RequestThrottled", 400),
    },
    "SendEmail": _SES,
    "SendBulkEmail": {
        **_SES,
        "ACCOUNT_THROTTLED": EntryStatus("ACCOUNT_THROTTLED", "Maximum sending rate exceeded."),
        "ACCOUNT_DAILY_QUOTA_EXCEEDED": EntryStatus(
            "ACCOUNT_DAILY_QUOTA_EXCEEDED", "Daily message quota exceeded."
        ),
        "TRANSIENT_FAILURE": EntryStatus("TRANSIENT_FAILURE", "Service unavailable"),
    },
    "CreateSchedule": _SCHEDULER,
    "UpdateSchedule": _SCHEDULER,
    "GetSchedule": _SCHEDULER,
    "DeleteSchedule": _SCHEDULER,
    "Invoke": {
        **_BROKEN,
        "TooManyRequestsException": Refusal("lambda", "TooManyRequestsException", 429),
    },
}
"""By operation."""

OFTEN: Mapping[str, int] = {"CreateSchedule": 60, "UpdateSchedule": 60, "DeleteSchedule": 60}
"""Percent of what is called once or twice a campaign."""


class Disturbance:
    """A fault of the proxy: so many in a hundred requests of each operation meet one of its faults.

    They are dealt from a shuffled deck for each operation, that all of them come up; `happened`
    counts them.
    """

    def __init__(self, seed: int, percent: Mapping[str, int]) -> None:
        """`percent` of each operation; "" stands for those not named.

        The order is the same in each run; which request meets which is the threads' affair.
        """
        self._rng = random.Random(seed)  # noqa: S311  not for secrets
        self._percent = percent
        self._decks: dict[str, list[str]] = {}
        self._dealing = threading.Lock()
        self.happened: Counter[str] = Counter()

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        """Its fault, or none."""
        faults = FAULTS.get(request.operation, {})
        name = self._deal(request.operation, tuple(faults)) if faults else ""
        return faults[name](request, forward) if name else forward(request)

    def _deal(self, operation: str, names: Sequence[str]) -> str:
        with self._dealing:
            deck = self._decks.setdefault(operation, [])
            if not deck:
                percent = self._percent.get(operation, self._percent[""])
                size = max(len(names), len(names) * 100 // percent)
                deck += chain(names, [""] * (size - len(names)))
                self._rng.shuffle(deck)
            name = deck.pop()
            if name:
                self.happened[f"{operation}: {name}"] += 1
            return name
