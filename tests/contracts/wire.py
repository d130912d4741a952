"""Standing between a boto3 client and the network: answers that an emulator never gives.

By botocore's own event `before-send`: what a handler returns is taken for the HTTP answer, and
what it raises for a broken connection. Everything above it (retries, parsing, signing) is real.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, HTTPClientError
from botocore.httpsession import URLLib3Session

Body = dict[str, Any]  # Any: JSON as the service documents it
Step = Callable[[AWSPreparedRequest], AWSResponse | None]
"""What happens to one HTTP request; None lets it through."""


@dataclass
class Wire:
    """What passed: the body of every request, in order."""

    bodies: list[Body] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many there were."""
        return len(self.bodies)


@contextmanager
def intercepted(client: BaseClient, operation: str, *steps: Step) -> Iterator[Wire]:
    """The first requests of `operation` meet one step each; all further ones the last."""
    wire = Wire()
    service = client.meta.service_model.service_id.hyphenize()
    event = f"before-send.{service}.{operation}"

    def before_send(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        number = wire.requests
        wire.bodies.append(body_of(request))
        return steps[min(number, len(steps) - 1)](request)

    handler: Callable[..., Any] = before_send
    client.meta.events.register(event, handler)
    try:
        yield wire
    finally:
        client.meta.events.unregister(event, handler)


def through(_: AWSPreparedRequest) -> None:
    """Nothing happens to it."""


def cut(request: AWSPreparedRequest) -> AWSResponse:
    """The connection breaks: nobody knows whether the request arrived. It did not."""
    raise ConnectionClosedError(endpoint_url=request.url)


def lost_answer(request: AWSPreparedRequest) -> AWSResponse:
    """The request is carried out, and the connection breaks before the answer comes."""
    answered = forward(request)
    assert "__type" not in answered, answered
    raise ConnectionClosedError(endpoint_url=request.url)


def answer(body: Mapping[str, object], status: int = 200, **headers: str) -> Step:
    """Answer so."""

    def step(request: AWSPreparedRequest) -> AWSResponse:
        return response(request, body, status, headers)

    return step


def error(code: str, status: int = 400, message: str = "told by the test", **more: object) -> Step:
    """Answer with an error, as AWS's JSON protocols have it."""
    return answer(
        {"__type": code, "message": message, "Message": message, **more},
        status,
        **{"x-amzn-ErrorType": code},
    )


def query_answer(text: str, status: int = 200) -> Step:
    """Answer so, as AWS's query protocol has it: with XML."""

    def step(request: AWSPreparedRequest) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders(), _Raw(text.encode()))

    return step


def query_error(code: str, status: int = 403) -> Step:
    """Answer with an error, as AWS's query protocol has it."""
    told = f"<Code>{code}</Code><Message>told by the test</Message>"
    return query_answer(f"<ErrorResponse><Error>{told}</Error></ErrorResponse>", status)


def cancelled(*codes: str) -> Step:
    """TransactWriteItems is cancelled, for one reason a write."""
    return error(
        "TransactionCanceledException",
        message=f"Transaction cancelled, please refer cancellation reasons [{', '.join(codes)}]",
        CancellationReasons=[{"Code": code} for code in codes],
    )


def response(
    request: AWSPreparedRequest,
    body: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> AWSResponse:
    """An HTTP answer to `request`."""
    text = json.dumps(body).encode()
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    return AWSResponse(request.url, status, HTTPHeaders.from_dict(all_headers), _Raw(text))


def forward(request: AWSPreparedRequest, body: Body | None = None) -> Body:
    """Have it carried out, with another body if one is given; returns the answer's body."""
    data = request.body if body is None else json.dumps(body).encode()
    assert data is None or isinstance(data, bytes)
    length = str(len(data or b""))
    headers: Any = HeadersDict({**dict(request.headers.items()), "Content-Length": length})
    sent = AWSPreparedRequest(request.method, request.url, headers, data, stream_output=False)
    session = URLLib3Session()
    try:
        answered = session.send(sent)
    except HTTPClientError as error:
        # Not to be taken for the fault that the test is about.
        raise AssertionError("The emulator cannot be reached.") from error
    finally:
        session.close()
    parsed: Body = json.loads(answered.content or b"{}")
    return parsed


def body_of(request: AWSPreparedRequest) -> Body:
    """The request's body, parsed."""
    body = request.body
    if isinstance(body, str):
        # The query protocol's: a form.
        return dict(parse_qsl(body))
    assert body is None or isinstance(body, bytes)
    parsed: Body = json.loads(body or b"{}")
    return parsed


class _Raw(io.BytesIO):
    """As much of urllib3's response as botocore reads."""

    def stream(self) -> Sequence[bytes]:
        """All at once."""
        return [self.getvalue()]
