"""The real local runner in a process of its own, and what a client sees of it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from typing import Any

import httpx

from entrypoints.local.emulator import ROOT, held_port

_START_SECONDS = 60
_STOP_SECONDS = 60
_POLL_SECONDS = 0.1
_LOG_CHARACTERS = 2_000

Campaign = Mapping[str, Any]  # Any: JSON, as docs/openapi.json describes it


class Backend(Enum):
    """What the local runner stands on; the value is that of the variable BACKEND."""

    MEMORY = "memory"
    EMULATOR = ""

    @property
    def label(self) -> str:
        """As the document calls it."""
        return self.name.lower()


class RunnerError(Exception):
    """The local runner did not do what it is to be measured at."""


@dataclass(frozen=True, slots=True)
class LocalRunner:
    """A running one, over HTTP."""

    http: httpx.Client
    pid: int

    def create(self, segment: str, template: str, schedule_at: str | None = None) -> str:
        """A campaign; returns its id."""
        body = {
            "name": "Benchmark",
            "template_id": template,
            "segment_id": segment,
            "schedule_at": schedule_at,
        }
        answer = self.http.post("/v1/campaigns", json=body)
        answer.raise_for_status()
        campaign_id: str = answer.json()["campaign_id"]
        return campaign_id

    def create_campaign(self, schedule_at: str | None = None) -> str:
        """For the thousand people of the demo's `vip-customers`; returns the campaign's id."""
        return self.create("vip-customers", "promo-template", schedule_at)

    def await_campaign(
        self, campaign_id: str, until: Callable[[Campaign], bool], seconds: float
    ) -> Campaign:
        """The campaign, once it is as `until` wants it."""
        deadline = time.monotonic() + seconds
        while True:
            campaign: Campaign = self.http.get(f"/v1/campaigns/{campaign_id}").json()
            if until(campaign):
                return campaign
            if time.monotonic() > deadline:
                raise RunnerError(f"after {seconds} seconds it is still {campaign}")
            time.sleep(_POLL_SECONDS)

    def accepted_at(self, campaign_id: str) -> list[datetime]:
        """When each mail of the campaign was accepted, the oldest first."""
        moments: list[datetime] = []
        cursor: str | None = None
        while True:
            parameters = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
            page = self.http.get("/_local/outbox", params=parameters).json()
            moments += [
                datetime.fromisoformat(mail["at"])
                for mail in page["items"]
                if mail["campaign_id"] == campaign_id
            ]
            cursor = page["next_cursor"]
            if cursor is None:
                return sorted(moments)


@contextmanager
def running(backend: Backend) -> Iterator[LocalRunner]:
    """Start it on a backend, as `running_with` does."""
    with running_with(BACKEND=backend.value) as runner:
        yield runner


@contextmanager
def running_with(**settings: str) -> Iterator[LocalRunner]:
    """Start it on a free port, without this process's environment; end it as Ctrl-C would."""
    path = os.environ.get("PATH", os.defpath)
    with (
        held_port() as port,
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            [sys.executable, "-m", "entrypoints.local"],
            cwd=ROOT,
            env={"PATH": path, "PORT": str(port), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # this process's Ctrl-C comes by send_signal, once
        ) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        try:
            _await_answer(process, http)
            yield LocalRunner(http, process.pid)
        except RunnerError as error:
            log.seek(0)
            tail = log.read().decode(errors="replace")[-_LOG_CHARACTERS:]
            raise RunnerError(f"{error}\n{tail}") from error
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_answer(process: "subprocess.Popen[bytes]", http: httpx.Client) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if http.get("/readyz").status_code == HTTPStatus.OK:
                return
        except httpx.TransportError:
            time.sleep(_POLL_SECONDS)
    raise RunnerError("the local runner did not start")
