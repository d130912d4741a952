"""A server of raw sockets: takes HTTP requests, and answers as no well-behaved server would."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ACCEPT_SECONDS = 0.05


@dataclass
class RawServer:
    """Reads whole requests; to each it sends `answer`, then closes unless it is to `stay`.

    An empty answer is none at all: with `stay` the client waits in vain.
    """

    answer: bytes
    stay: bool
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    endpoint_url: str = ""
    _ended: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Until it is ended."""
        threads: list[threading.Thread] = []
        while not self._ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            threads.append(threading.Thread(target=self._talk, args=(connection,)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def end(self) -> None:
        """Let every connection go."""
        self._ended.set()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(_ACCEPT_SECONDS)
            while (request := self._read(connection)) is not None:
                self.requests.append(request)
                if self.answer:
                    connection.sendall(self.answer)
                if not self.stay:
                    return

    def _read(self, connection: socket.socket) -> bytes | None:
        """One whole request; None when the client has gone or the server is to end."""
        data = b""
        while not self._ended.is_set():
            head, blank, body = data.partition(b"\r\n\r\n")
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
def raw_server(answer: bytes = b"", *, stay: bool = False) -> Iterator[RawServer]:
    """Listening on the loopback interface."""
    server = RawServer(answer, stay)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_ACCEPT_SECONDS)
        server.endpoint_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.serve, args=(listener,))
        thread.start()
        try:
            yield server
        finally:
            server.end()
            thread.join()


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
