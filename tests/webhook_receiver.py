"""A receiver of webhooks on this machine: real HTTP, over TLS where asked, that answers as told."""

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Respond = Callable[["Received", Callable[[bytes], None]], None]
"""Writes the answer to a request, by the function it is handed."""


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


def answering(status: int, *headers: str) -> Respond:
    """With a status, and no body."""

    def respond(_received: Received, write: Callable[[bytes], None]) -> None:
        lines = [f"HTTP/1.1 {status} Told", *headers, "Content-Length: 0", "", ""]
        write("\r\n".join(lines).encode())

    return respond


@dataclass
class Receiver:
    """What came, oldest first; `respond` may be changed at any time."""

    respond: Respond = field(default_factory=lambda: answering(204))
    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    names: list[str] = field(default_factory=list)
    """What TLS was asked for (SNI)."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    receiver: Receiver
    context: ssl.SSLContext | None


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        receiver = self.server.receiver
        receiver.connections += 1
        # The client may go at any moment.
        with suppress(OSError):
            connection = self.request
            if self.server.context is not None:
                connection = self.server.context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                line = stream.readline().decode().strip()
                headers: dict[str, str] = {}
                while text := stream.readline().decode().strip():
                    name, _, value = text.partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", "0")))
                received = Received(line, headers, body)
                receiver.received.append(received)
                receiver.respond(received, connection.sendall)


@contextmanager
def receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """On 127.0.0.1, until the end; with TLS where there is a `context`."""
    told = Receiver()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.receiver = told
        server.context = context
        if context is not None:
            context.sni_callback = lambda _socket, name, _context: told.names.append(name)
        told.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
