"""The local runner as a process of its own, as `make local-run` starts it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import httpx

from entrypoints.local.emulator import held_port
from tests.integration.process_clock import ROOT, ProcessClock
from tests.integration.waiting import PATIENCE, wait_for

SHORT_TIMES: Mapping[str, str] = {
    "FAN_OUT_LEASE_SECONDS": "2",
    "SEND_LEASE_SECONDS": "5",
    "SES_TIMEOUT_SECONDS": "2",
    "CHECK_INTERVAL_SECONDS": "1",
    "CHUNK_CHECK_INTERVAL_SECONDS": "2",
    "RETRY_DELAY_SECONDS": "1",
    "LONGEST_RETRY_DELAY_SECONDS": "2",
    "QUOTA_PAUSE_SECONDS": "1",
    "RECONCILE_SECONDS": "1",
}
"""What takes minutes takes seconds."""
_SELDOM = 0.25
"""Who asks all the time takes the processor from those who are to send."""
_CURL = re.compile(r"^curl .*?'$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner that serves; `output` is what it printed, `log` what it wrote to stderr."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    output: Path
    log: Path

    @property
    def emulator_url(self) -> str:
        """Where its banner says that the emulator is."""
        found = re.search(r"ministack at (http://[\w.:]+)", self.output.read_text())
        assert found
        return found[1]

    @property
    def examples(self) -> Sequence[str]:
        """The commands that its banner offers."""
        return _CURL.findall(self.output.read_text())

    def paste(self, command: str) -> httpx.Response:
        """What a curl command does; one without a host is for this runner."""
        arguments = iter(shlex.split(command.replace("\\\n", " ")))
        assert next(arguments) == "curl"
        request: dict[str, Any] = {"headers": {}}
        for argument in arguments:
            match argument:
                case "-X":
                    request["method"] = next(arguments)
                case "-H":
                    name, _, value = next(arguments).partition(": ")
                    request["headers"][name] = value
                case "-d":
                    request["content"] = next(arguments)
                case url:
                    request["url"] = url
        return self.client.request(**request)

    def campaign(self, campaign_id: str) -> dict[str, Any]:
        """As it is answered now."""
        found: dict[str, Any] = self.client.get(f"/v1/campaigns/{campaign_id}").json()
        return found

    def sent(self, campaign_id: str, within: float = PATIENCE) -> dict[str, Any]:
        """The campaign once it is sent."""

        def look() -> dict[str, Any] | None:
            campaign = self.campaign(campaign_id)
            return campaign if campaign["state"] == "sent" else None

        return wait_for(look, within=within, what=f"campaign {campaign_id} sent", every=_SELDOM)

    def recipients(self, campaign_id: str, state: str) -> list[dict[str, Any]]:
        """Those of a campaign in that state, of all the pages that are listed."""
        found: list[dict[str, Any]] = []
        query = {"state": state, "limit": "100"}
        while True:
            answer = self.client.get(f"/v1/campaigns/{campaign_id}/recipients", params=query)
            page = answer.raise_for_status().json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]

    def outbox(self, campaign_id: str, limit: int) -> list[dict[str, Any]]:
        """The mails of one campaign, once there is one for each that counts as sent.

        SES may tell of a mail, and so end its campaign, before its answer has been noted.
        """
        sent: int = self.campaign(campaign_id)["counts"]["sent"]

        def look() -> list[dict[str, Any]] | None:
            found = self._in_outbox(campaign_id, limit)
            return found if len(found) >= sent else None

        return wait_for(look, what=f"{sent} mails in the outbox", every=_SELDOM)

    def _in_outbox(self, campaign_id: str, limit: int) -> list[dict[str, Any]]:
        """Of all the pages that the outbox has."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.client.get("/_local/outbox", params={"limit": limit, **cursor}).json()
            assert len(page["items"]) <= limit
            found += [mail for mail in page["items"] if mail["campaign_id"] == campaign_id]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ask it to end, and see that it drained and was content."""
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()
        assert "Finishing what is under way" in self.output.read_text()
        defects = {"A step failed", "Request failed"}
        assert not defects.intersection(line["message"] for line in self.logged())

    def logged(self) -> Sequence[dict[str, Any]]:
        """The log so far; that it is all JSON is seen here."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@dataclass(frozen=True, slots=True)
class FirstMinute:
    """A runner, and its answers to the three examples of its banner, pasted at once.

    `soon` is the answer to one more campaign, due an hour later by the runner's `clock`.
    """

    runner: Runner
    clock: ProcessClock
    answers: Sequence[httpx.Response]
    soon: httpx.Response

    @classmethod
    def of(cls, runner: Runner, clock: ProcessClock) -> "FirstMinute":
        """Paste them, as soon after the banner as its last example asks for, and that one first.

        It is due a minute and a half after the banner, and scheduled for the first half minute.
        """
        examples = runner.examples
        due = datetime.fromisoformat(re.findall(r'"schedule_at": "(.+?)"', examples[-1])[0])
        clock.step((due - timedelta(seconds=89) - clock.now()).total_seconds())
        answers = [runner.paste(example) for example in reversed(examples)][::-1]
        due = clock.now() + timedelta(hours=1)
        body = {
            "name": "Soon",
            "template_id": "newsletter-template",
            "segment_id": "vip-customers",
            "schedule_at": due.isoformat(),
        }
        return cls(runner, clock, answers, runner.client.post("/v1/campaigns", json=body))

    def comes_to(self, due: datetime) -> None:
        """Set its clock to just before that, once nothing is under way any more.

        Whatever is would be taken for abandoned; so what is due before that comes before.
        """
        listed = self.runner.client.get("/v1/campaigns", params={"limit": 100}).json()
        earlier = [
            (datetime.fromisoformat(campaign["schedule_at"] or campaign["created_at"]), campaign)
            for campaign in listed["items"]
            if campaign["state"] != "cancelled"
        ]
        for at, campaign in sorted(earlier, key=itemgetter(0)):
            if at < due:
                if campaign["state"] == "scheduled":
                    self.clock.set_to_just_before(at)
                self.runner.sent(campaign["campaign_id"])
        self.clock.set_to_just_before(due)


@contextmanager
def running(directory: Path, **environment: str) -> Iterator[Runner]:
    """A runner with nothing else in its environment; ended by Ctrl-C, unless it was before."""
    output, log = directory / "output", directory / "log"
    with (
        held_port() as port,
        output.open("wb") as stdout,
        start(stdout, log, {"PORT": str(port), **environment}) as process,
    ):
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
        runner = Runner(process=process, client=client, output=output, log=log)
        with client:
            wait_for(lambda: _ready(runner), what="the runner serves")
            yield runner
            if process.poll() is None:
                runner.end()


@contextmanager
def start(
    stdout: int | IO[bytes], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which may not come to serve; it does not outlast the test.

    It has a port of its own, unless `environment` names one.
    """
    with held_port() as port:
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.local"],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PORT": str(port), **environment},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)


def _ready(runner: Runner) -> bool | None:
    assert runner.process.poll() is None, runner.output.read_text() + runner.log.read_text()
    try:
        answer = runner.client.get("/readyz")
    except httpx.TransportError:
        return None
    return answer.status_code == HTTPStatus.OK or None
