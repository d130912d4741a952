"""A server of raw sockets: takes HTTP requests, and answers as no well-behaved server would."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.contracts.listening import ACCEPT_SECONDS, listening

_BLANK = b"\r\n\r\n"


@dataclass
class RawServer:
    """Reads whole requests; to each it sends `answer`, then closes unless it is to `stay`.

    `answer` may be made of the request's body. An empty one is none at all: with `stay` the client
    waits in vain.
    """

    answer: bytes | Callable[[bytes], bytes]
    stay: bool
    context: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    endpoint_url: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def talk(self, connected: socket.socket) -> None:
        """Request by request."""
        if self.context is not None:
            try:
                connected = self.context.wrap_socket(connected, server_side=True)
            except OSError:
                # Who came does not trust it.
                return
        with connected as connection:
            connection.settimeout(ACCEPT_SECONDS)
            while (request := self._read(connection)) is not None:
                self.requests.append(request)
                answer = self.answer
                if not isinstance(answer, bytes):
                    answer = answer(request.partition(_BLANK)[2])
                if answer:
                    connection.sendall(answer)
                if not self.stay:
                    return

    def _read(self, connection: socket.socket) -> bytes | None:
        """One whole request; None when the client has gone or the server is to end."""
        data = b""
        while not self.ended.is_set():
            head, blank, body = data.partition(_BLANK)
            if blank and len(body) >= _content_length(head):
                return data
            try:
                received = connection.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                return None
            if not received:
                return None
            data += received
        return None


@contextmanager
def raw_server(
    answer: bytes | Callable[[bytes], bytes] = b"",
    *,
    stay: bool = False,
    context: ssl.SSLContext | None = None,
) -> Iterator[RawServer]:
    """Listening on the loopback interface; by TLS with a `context`."""
    server = RawServer(answer, stay, context)
    with listening(server) as port:
        server.endpoint_url = f"{'http' if context is None else 'https'}://127.0.0.1:{port}"
        yield server


def http_answer(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    """A plain answer; `length` may promise more than comes."""
    promised = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {promised}\r\n\r\n"
    ).encode() + body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
