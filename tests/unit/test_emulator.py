"""Which emulator a local runner takes for one that is up."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from entrypoints.local.emulator import answers

_RESTS_SECONDS = 3.0
"""As one does that collects its garbage, or has no processor for a while."""


class _Resting(BaseHTTPRequestHandler):
    """Every answer comes late."""

    def do_GET(self) -> None:
        """As an emulator that is up."""
        threading.Event().wait(_RESTS_SECONDS)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Nothing."""


@pytest.fixture
def resting() -> Iterator[str]:
    """The URL of one that answers late."""
    with HTTPServer(("127.0.0.1", 0), _Resting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_that_rests_for_a_while_is_up(resting: str) -> None:
    """A runner would refuse to start, though nothing is wrong."""
    assert answers(resting)
