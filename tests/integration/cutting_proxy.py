"""A proxy that passes every request on and cuts the answer off."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_END_OF_HEAD = b"\r\n\r\n"


class CuttingProxy(socketserver.ThreadingTCPServer):
    """Lets through `answered` bytes of each answer; `requests` were passed on whole."""

    daemon_threads = True

    def __init__(self, endpoint_url: str, answered: int) -> None:
        """In front of `endpoint_url`, on a free port."""
        super().__init__(("127.0.0.1", 0), _Connection)
        target = urlsplit(endpoint_url)
        self.target = (target.hostname, target.port)
        self.answered = answered
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def cutting_proxy(endpoint_url: str, answered: int = 0) -> Iterator[CuttingProxy]:
    """One that runs."""
    with CuttingProxy(endpoint_url, answered) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Connection(socketserver.BaseRequestHandler):
    """One request, then the end."""

    server: CuttingProxy

    def handle(self) -> None:
        """Pass it on, await the whole answer, and hang up on the one who asked."""
        request = read_message(self.request)
        if not request:
            return
        self.server.requests.append(request)
        with socket.create_connection(self.server.target) as target:
            target.sendall(request)
            answer = read_message(target)
        self.request.sendall(answer[: self.server.answered])


def read_message(source: socket.socket) -> bytes:
    """A whole HTTP message with a Content-Length; less if the connection ends."""
    message = b""
    while _END_OF_HEAD not in message:
        received = source.recv(65_536)
        if not received:
            return message
        message += received
    head, _, body = message.partition(_END_OF_HEAD)
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        received = source.recv(65_536)
        if not received:
            break
        body += received
    return head + _END_OF_HEAD + body
