"""A proxy before the emulator, which a fault decides upon request by request."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.waiting import PATIENCE

_SES = {
    "/v2/email/outbound-emails": "SendEmail",
    "/v2/email/outbound-bulk-emails": "SendBulkEmail",
}
_SCHEDULER = {
    "POST": "CreateSchedule",
    "PUT": "UpdateSchedule",
    "GET": "GetSchedule",
    "DELETE": "DeleteSchedule",
}
_MULTIPART = {
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}
_HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
_CONTENT_TYPE = {"Content-Type": "application/x-amz-json-1.0"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of a service."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def operation(self) -> str:
        """As the service's reference has it, such as `TransactWriteItems`; else empty."""
        target = self.headers.get("x-amz-target")
        if target is not None:
            return target.rpartition(".")[2]
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        if path in _SES:
            return _SES[path]
        if path.startswith("/schedules/"):
            return _SCHEDULER.get(self.method, "")
        if path.endswith("/invocations"):
            return "Invoke"
        asked = parse_qs(query, keep_blank_values=True).keys()
        return next((_MULTIPART.get((self.method, name), "") for name in asked), "")

    @property
    def parsed(self) -> dict[str, Any]:
        """The body, which is JSON."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    def having(self, body: Mapping[str, object]) -> "Request":
        """The same with another body."""
        return Request(
            method=self.method,
            path=self.path,
            headers=self.headers,
            body=json.dumps(body).encode(),
        )


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: _CONTENT_TYPE)

    @classmethod
    def of(cls, body: Mapping[str, object]) -> "Answer":
        """A success."""
        return cls(HTTPStatus.OK, json.dumps(body).encode())

    @property
    def parsed(self) -> dict[str, Any]:
        """The body, which is JSON."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


Forward = Callable[[Request], Answer]
Fault = Callable[[Request, Forward], Answer | None]
"""What becomes of a request: an answer, or None to hang up. Nothing is done but by `forward`."""


def none(request: Request, forward: Forward) -> Answer:
    """Nothing happens to it."""
    return forward(request)


class ServiceProxy(ThreadingHTTPServer):
    """`fault` may be set anew at any time; `seen` counts operations that came."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, endpoint_url: str, fault: Fault) -> None:
        """In front of `endpoint_url`, on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(endpoint_url)
        self.fault = fault
        self.seen: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._counting = threading.Lock()

    def count(self, operation: str) -> None:
        """One more of it."""
        with self._counting:
            self.seen[operation] += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked may be killed at any moment: no news."""


@contextmanager
def service_proxy(endpoint_url: str, fault: Fault = none) -> Iterator[ServiceProxy]:
    """One that runs."""
    with ServiceProxy(endpoint_url, fault) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """The requests of one connection, one after the other, over one to the emulator."""

    server: ServiceProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _target: HTTPConnection | None = None

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        if len(request.body) < length:
            self.close_connection = True
            return
        self.server.count(request.operation)
        answer = self.server.fault(request, self._forward)
        if answer is None:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if request.method != "HEAD":
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815  the library's names

    def _forward(self, request: Request) -> Answer:
        """Carried out; a connection that was closed meanwhile is made anew, by who knows why."""
        if self._target is None:
            host, port = self.server.target.hostname, self.server.target.port
            assert host is not None
            self._target = HTTPConnection(host, port, timeout=PATIENCE)
        headers = {
            name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP
        }
        try:
            self._target.request(request.method, request.path, request.body, headers)
            answered = self._target.getresponse()
            body = answered.read()
        except (OSError, HTTPException):
            self._target.close()
            self._target = None
            raise
        # Of a HEAD the length is what was asked for.
        dropped = _HOP_BY_HOP - ({"content-length"} if request.method == "HEAD" else set())
        kept = {
            name: value for name, value in answered.headers.items() if name.lower() not in dropped
        }
        return Answer(answered.status, body, kept)

    def finish(self) -> None:
        """Both connections end together."""
        if self._target is not None:
            self._target.close()
        with suppress(OSError):
            super().finish()
