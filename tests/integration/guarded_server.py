"""A real server that lets nobody in without a key, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from dependency_injector import providers

from adapters.memory.api_keys import MemoryApiKeys
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.access import Scope
from domain.use_cases.issue_api_key import IssueApiKey
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.local.server import LocalServer
from entrypoints.settings import Settings
from tests.integration.waiting import wait_for


@dataclass(frozen=True)
class GuardedServer:
    """It has no keys but those that are issued."""

    url: str
    api_keys: MemoryApiKeys
    container: Core

    def key(self, *scopes: Scope) -> str:
        """A new one."""
        issue = IssueApiKey(api_keys=self.api_keys, clock=SystemClock(), ids=SystemIds())
        return issue(scopes)[1]


@contextmanager
def guarded_server() -> Iterator[GuardedServer]:
    """One that serves."""
    container = build(Family.MEMORY, Settings())
    api_keys = MemoryApiKeys()
    container.family.api_keys.override(providers.Object(api_keys))
    app = LocalServer(Api(container, all_routes(container)))
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started or None, what="it serves")
        (listener,) = server.servers[0].sockets
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield GuardedServer(url, api_keys, container)
    finally:
        server.should_exit = True
        thread.join()
