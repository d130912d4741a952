"""Every AWS call that Sentinel's clients make, as botocore reports it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.aws.clients import AwsClients

_CONDITION_FAILED = "ConditionalCheckFailed"

_REQUEST = "sentinel.benchmark.request"

_SERVICES = {
    "dynamodb": "DynamoDB",
    "scheduler": "Scheduler",
    "sesv2": "SES",
    "sqs": "SQS",
}


class CallError(Exception):
    """A call went wrong that the count takes for going well."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that AWS carried out; `phase` is whose clients made it."""

    phase: str
    service: str
    operation: str
    request: Mapping[str, Any]  # Any: boto3's dictionaries, as its types describe them
    answer: Mapping[str, Any]


class CallLog:
    """What was called, in order."""

    def __init__(self, take: Callable[[Call], None] | None = None) -> None:
        """Nothing yet. With `take` each call is handed on instead of being kept."""
        self._calls: list[Call] = []
        self._take = take or self._calls.append

    @property
    def calls(self) -> tuple[Call, ...]:
        """So far."""
        return tuple(self._calls)

    def listen(self, clients: AwsClients, phase: str) -> None:
        """Before a client is made: it takes the session's listeners with it.

        A call that was repeated or failed would be counted wrongly: it raises CallError, in the
        midst of the call. A lost race is no failure: it is counted as what it costs.
        """

        def keep_request(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
            context[_REQUEST] = params

        def keep_call(
            parsed: Mapping[str, Any],
            model: Any,  # noqa: ANN401  botocore's OperationModel, which only adapters.aws may name
            context: Mapping[str, Any],
            **_: object,
        ) -> None:
            failed = "Error" in parsed and not _is_lost_race(parsed)
            if failed or parsed["ResponseMetadata"]["RetryAttempts"]:
                raise CallError(f"{model.name} failed or was repeated: {parsed}")
            service = _SERVICES[model.service_model.service_name]
            self._take(Call(phase, service, model.name, context[_REQUEST], parsed))

        clients.session.events.register("before-parameter-build", keep_request)
        clients.session.events.register("after-call", keep_call)


def _is_lost_race(parsed: Mapping[str, Any]) -> bool:
    reasons = {reason["Code"] for reason in parsed.get("CancellationReasons", [])}
    return parsed["Error"]["Code"] == f"{_CONDITION_FAILED}Exception" or reasons == {
        _CONDITION_FAILED,
        "None",
    }
