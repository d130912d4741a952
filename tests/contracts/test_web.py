"""The contract of `domain.ports.web`."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from adapters.memory.web import MemoryWeb
from adapters.web.pages import UrllibWeb
from domain.errors import DependencyUnavailable
from domain.ports.web import Web

STATUSES = {"/healthz": 200, "/moved": 302, "/gone": 404, "/broken": 503}


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(STATUSES[self.path])
        if self.path == "/moved":
            self.send_header("Location", "/healthz")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """On this machine."""
    with HTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["memory", "urllib"])
def web(request: pytest.FixtureRequest, server: str) -> Web:
    """Each has the same pages."""
    if request.param == "memory":
        return MemoryWeb({f"{server}{path}": status for path, status in STATUSES.items()})
    return UrllibWeb()


@pytest.mark.parametrize("path", STATUSES)
def test_a_page_is_answered_with_its_status(web: Web, server: str, path: str) -> None:
    """A redirect is not followed."""
    assert web.status(f"{server}{path}") == STATUSES[path]


def test_nobody_there_is_a_fault(web: Web) -> None:
    """With the kind of it, and without the URL."""
    with pytest.raises(DependencyUnavailable) as fault:
        web.status("http://127.0.0.1:1/healthz")
    assert str(fault.value) == "HTTP: ConnectionRefusedError"


def test_what_is_no_url_is_a_fault() -> None:
    """Like nobody there."""
    with pytest.raises(DependencyUnavailable, match="HTTP: ValueError"):
        UrllibWeb().status("http://[::1/healthz")


def test_a_server_without_tls_is_a_fault(server: str) -> None:
    """Where a certificate is asked for."""
    with pytest.raises(DependencyUnavailable, match="HTTP: "):
        UrllibWeb().status(server.replace("http://", "https://"))
