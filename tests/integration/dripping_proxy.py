"""A proxy that passes every request on and lets the answer drip, byte by byte, for ever."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.integration.cutting_proxy import read_message

_SECONDS_A_BYTE = 2.0
"""Far less than any timeout of a read: it never seems to have ended."""


class DrippingProxy(socketserver.ThreadingTCPServer):
    """`requests` were passed on whole; nobody has an answer to any."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, endpoint_url: str) -> None:
        """In front of `endpoint_url`, on a free port."""
        super().__init__(("127.0.0.1", 0), _Connection)
        target = urlsplit(endpoint_url)
        self.target = (target.hostname, target.port)
        self.requests: list[bytes] = []
        self.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def dripping_proxy(endpoint_url: str) -> Iterator[DrippingProxy]:
    """One that runs."""
    with DrippingProxy(endpoint_url) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            proxy.shutdown()
            thread.join()


class _Connection(socketserver.BaseRequestHandler):
    """One request."""

    server: DrippingProxy

    def handle(self) -> None:
        """Pass it on, await the whole answer, and give it away byte by byte."""
        request = read_message(self.request)
        if not request:
            return
        with socket.create_connection(self.server.target) as target:
            target.sendall(request)
            answer = read_message(target)
        self.server.requests.append(request)
        for byte in answer:
            try:
                self.request.sendall(bytes([byte]))
            except OSError:
                return  # who asked is gone
            if self.server.closing.wait(_SECONDS_A_BYTE):
                return
