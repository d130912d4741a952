"""The create call's latency against that of a bare route, and its requests to AWS."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks import stage
from benchmarks.aws_calls import CallLog
from benchmarks.markdown import table
from entrypoints.containers import Family, build
from entrypoints.http.answers import JSON
from entrypoints.http.api import Api
from entrypoints.http.creation_models import CampaignRequestBody
from entrypoints.http.routes import all_routes
from entrypoints.settings import Settings

RUNS = 400
_WARM_UP = 20
_PATH = "/v1/campaigns"
_REQUEST = {
    "name": stage.IMMEDIATE.name,
    "template_id": stage.IMMEDIATE.template_id,
    "segment_id": stage.IMMEDIATE.segment_id,
}
_EVENT: Mapping[str, Any] = {  # Any: API Gateway's event, payload format 2.0
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": _PATH,
    "rawQueryString": "",
    "headers": {"content-type": JSON},
    "queryStringParameters": {},
    "requestContext": {
        "http": {"method": "POST", "path": _PATH, "protocol": "HTTP/1.1"},
        "requestId": "benchmark",
        "stage": "$default",
    },
    "body": json.dumps(_REQUEST),
    "isBase64Encoded": False,
}

Answering = Callable[[dict[str, Any], LambdaContext], Mapping[str, Any]]


class UnexpectedAnswerError(Exception):
    """A call that was to be timed did not succeed, or not as the others did."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians, in seconds, of calls made in turn; `requests` to AWS by one create call."""

    family: Family
    bare: float
    create: float
    requests: int


def on_memory() -> Comparison:
    """Everything in the process."""
    core = build(Family.MEMORY, Settings(postal_address="14 Tanners Yard, Harrowick"))
    stage.load_few(core)
    bare, create = _medians(_bare(), Api(core, all_routes(core)))
    return Comparison(Family.MEMORY, bare, create, requests=0)


def on_emulator(endpoint: str, account: str) -> Comparison:
    """Another process answers for AWS."""
    settings = stage.deploy(endpoint, account, ses_bulk=True)
    ids = stage.SeededIds()
    stage.load_few(stage.container(settings, ids))
    core = stage.container(settings, ids)
    log = CallLog()
    log.listen(core.family.clients(), "create")
    bare, create = _medians(_bare(), Api(core, all_routes(core)))
    requests, rest = divmod(len(log.calls), _WARM_UP + RUNS)
    if rest:
        raise UnexpectedAnswerError("The create calls made different numbers of requests.")
    return Comparison(Family.EMULATOR, bare, create, requests)


def section(comparisons: Sequence[Comparison]) -> str:
    """What the document says of it."""
    rows = [
        (
            each.family,
            f"{each.bare * 1_000:.2f} ms",
            f"{each.create * 1_000:.2f} ms",
            f"{each.create / each.bare:.1f}",
            each.requests,
        )
        for each in comparisons
    ]
    return f"""\
## The create call against a bare route

`POST {_PATH}` of an immediate campaign against a Powertools route that validates the same
body and answers a constant: in one process, called in turn, {RUNS} times each; medians.

{table(["family:", "bare route", "create call", "ratio", "AWS requests"], rows)}

The create call reads the template, the segment and its first member, renders the mail for that
member and stores the campaign. No HTTP and no log lines on either side; a segment of ten, since the
emulator, unlike DynamoDB, goes through a whole segment to find its first member. On the
emulator the ratio tells mostly how fast the emulator is.
"""


def _bare() -> Answering:
    """A resolver set up as the API's, with one route that does nothing."""
    resolver = APIGatewayHttpResolver(enable_validation=True)
    answer = json.dumps({"campaign_id": "cmp_01KA9VBM000000000000000000", "state": "sending"})

    @resolver.post(_PATH)
    def create_campaign(body: CampaignRequestBody) -> Response[str]:  # noqa: ARG001  validated
        return Response(status_code=HTTPStatus.ACCEPTED, content_type=JSON, body=answer)

    return resolver.resolve


def _medians(*routes: Answering) -> tuple[float, ...]:
    """The routes take turns, so that whatever else the machine does strikes them alike."""
    seconds: tuple[list[float], ...] = tuple([] for _ in routes)
    for _ in range(_WARM_UP + RUNS):
        for route, taken in zip(routes, seconds, strict=True):
            event = dict(_EVENT)
            begun = time.perf_counter()
            answer = route(event, LambdaContext())
            taken.append(time.perf_counter() - begun)
            if answer["statusCode"] != HTTPStatus.ACCEPTED:
                raise UnexpectedAnswerError(str(answer))
    return tuple(statistics.median(taken[_WARM_UP:]) for taken in seconds)
