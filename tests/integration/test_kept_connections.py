"""Connections that whoever asks keeps open: proxies for a minute, clients for seconds."""

import threading
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.runner import running
from tests.integration.waiting import PATIENCE

_IDLE_SECONDS = 6.0
"""Longer than uvicorn keeps one by itself: it ended them as requests came, which were lost."""


def test_a_connection_that_was_idle_is_good_for_another_request(tmp_path: Path) -> None:
    """Who sends one on it is not to guess whether it was done."""
    with running(tmp_path, BACKEND="memory", DEMO_DATA="false") as runner:
        url = urlsplit(str(runner.client.base_url))
        connection = HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
        assert _asked(connection) == HTTPStatus.OK
        connection.auto_open = 0
        threading.Event().wait(_IDLE_SECONDS)

        assert _asked(connection) == HTTPStatus.OK
        connection.close()


def _asked(connection: HTTPConnection) -> int:
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    return answer.status
