"""A server in front of a server: it tells what was asked, loses answers, and can be away."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.integration.waiting import PATIENCE

_NOT_PASSED_ON = frozenset({"host", "connection", "transfer-encoding"})


@dataclass(frozen=True)
class Refusal:
    """An answer that is not the server's."""

    status: int
    headers: Mapping[str, str]
    body: str


BUSY = Refusal(503, {"retry-after": "0", "content-type": "text/plain"}, "busy")


@dataclass(frozen=True)
class Asked:
    """A request that was passed on, and the status of its answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


class ForwardingProxy(ThreadingHTTPServer):
    """Passes requests on; `asked` are those that were.

    `to_lose` of their answers are dropped, of any method or of the one that `lose_of` names;
    `to_refuse` of them are not passed on, and have `refusal` for an answer: to come again at once.
    The first that is like `to_hold`, a method and a path or any, is passed on and never answered:
    then it is `holding`. URLs of the server in its answers lead to `leads_to`, by default here.
    With `answer_instead` nothing is passed on: it is the status and the body of all answers.
    `instead_of` has other bodies by path, `date` is another time.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: str, port: int = 0) -> None:
        """In front of `target`, on a free port unless it is told one."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.client = httpx.Client(base_url=target, timeout=PATIENCE)
        self.asked: list[Asked] = []
        self.to_lose = 0
        self.lose_of: str | None = None
        self.to_hold: tuple[str, str | None] | None = None
        self.holding = threading.Event()
        self.ended = threading.Event()
        self.to_refuse = 0
        self.refusal = BUSY
        self.answer_instead: tuple[int, str] | None = None
        self.instead_of: dict[str, str] = {}
        self.date: str | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.target = target
        self.leads_to = self.url


@contextmanager
def forwarding(target: str, port: int = 0) -> Iterator[ForwardingProxy]:
    """One that runs."""
    with ForwardingProxy(target, port) as proxy, proxy.client:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.ended.set()
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Any method."""

    server: ForwardingProxy

    def handle_one_request(self) -> None:
        """Pass it on, and answer unless the answer is to be lost."""
        self.raw_requestline = self.rfile.readline(65_537)
        self.close_connection = True
        if not self.raw_requestline or not self.parse_request():
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.server.answer_instead is not None:
            status, text = self.server.answer_instead
            self._answer(status, {"content-type": "text/html"}, text.encode())
            return
        if self.server.to_refuse:
            self.server.to_refuse -= 1
            refusal = self.server.refusal
            self.server.asked.append(Asked(self.command, self.path, headers, body, refusal.status))
            self._answer(refusal.status, refusal.headers, refusal.body.encode())
            return
        answer = self.server.client.request(
            self.command,
            self.path,
            headers={name: value for name, value in headers.items() if name not in _NOT_PASSED_ON},
            content=body,
        )
        self.server.asked.append(Asked(self.command, self.path, headers, body, answer.status_code))
        if self.server.to_hold in {(self.command, self.path), (self.command, None)}:
            self.server.holding.set()
            self.server.ended.wait()
            return
        if self.server.to_lose and self.server.lose_of in {None, self.command}:
            self.server.to_lose -= 1
            return
        content = answer.content.replace(self.server.target.encode(), self.server.leads_to.encode())
        if self.path in self.server.instead_of:
            content = self.server.instead_of[self.path].encode()
        told = dict(answer.headers)
        if self.server.date is not None:
            told["date"] = self.server.date
        self._answer(answer.status_code, told, content)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {*_NOT_PASSED_ON, "content-length", "content-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
