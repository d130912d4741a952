"""Connections to a server of raw sockets, each in a thread of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

ACCEPT_SECONDS = 0.05
"""How often who waits for a socket looks whether the server is to end."""


class Server(Protocol):
    """What is done with a connection."""

    connections: int
    """So many were taken."""
    ended: threading.Event
    """Set once every connection is to be let go."""

    def talk(self, connected: socket.socket) -> None:
        """Until the other end has gone, or the server is to end."""
        ...


@contextmanager
def listening(server: Server) -> Iterator[int]:
    """On a port of the loopback interface, which is given; no thread outlasts it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(ACCEPT_SECONDS)
        thread = threading.Thread(target=_take, args=(server, listener))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.ended.set()
            thread.join()


def _take(server: Server, listener: socket.socket) -> None:
    threads: list[threading.Thread] = []
    while not server.ended.is_set():
        try:
            connected, _ = listener.accept()
        except TimeoutError:
            continue
        server.connections += 1
        threads.append(threading.Thread(target=server.talk, args=(connected,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
