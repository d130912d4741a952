"""SES as `aws-ses-v2-local` is it, with the events that SES publishes. It needs Node.

It renders bulk sends as SES does, which ministack does not, and keeps every mail that it took.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

import httpx

from entrypoints.local.emulator import ROOT, held_port
from tests.contracts.ses_examples import mail, published
from tests.integration.deployed import Deployed
from tests.integration.service_proxy import Answer, Forward, Request
from tests.integration.waiting import wait_for

INSTALLED = ROOT / ".emulator" / "ses"
NODE = shutil.which("node")
MISSING = (
    "Node is not there: install Node 20 or newer, with npm, and run make prove again."
    if NODE is None
    else "aws-ses-v2-local is not installed: run make prove, which does that first."
)
_CLI = INSTALLED / "node_modules" / "aws-ses-v2-local" / "dist" / "cli.js"
_SENDS = frozenset({"SendEmail", "SendBulkEmail"})


def is_there() -> bool:
    """Whether it can be run; if not, MISSING says what to do."""
    return NODE is not None and _CLI.exists()


@dataclass
class SesStandIn:
    """A fault of the proxy, but for its name: it answers the sends, all else passes.

    The answer to the call `cut_call`, counted from 1, is lost on its way; `cut` are the addresses
    in it. What it has to tell waits until it is to `tell` it; of `outcomes` it tells by address.
    """

    url: str
    deployed: Deployed
    cut_call: int = 0
    outcomes: Mapping[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    _calls: int = 0
    _untold: list[Mapping[str, Any]] = field(default_factory=list)
    _counting: Lock = field(default_factory=Lock)

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        """Carried out by the stand-in, and kept to be told of."""
        if request.operation not in _SENDS:
            return forward(request)
        answered = httpx.post(
            f"{self.url}{request.path}",
            content=request.body,
            headers={name: request.headers[name] for name in ("authorization", "content-type")},
        )
        if answered.status_code != HTTPStatus.OK:
            return Answer(answered.status_code, answered.content)
        sent = _sent(request.parsed, answered.json())
        with self._counting:
            self._untold += [each for one in sent for each in self._events(one)]
            self._calls += 1
            is_cut = self._calls == self.cut_call
        if is_cut:
            self.cut += [address for each in sent for address in each["destination"]]
            return None
        return Answer(answered.status_code, answered.content)

    def _events(self, sent: dict[str, Any]) -> Iterator[dict[str, Any]]:
        (address,) = sent["destination"]
        for kind in ("Send", self.outcomes.get(address, "Delivery")):
            yield {**published(kind), "mail": sent}

    def mails(self) -> list[dict[str, Any]]:
        """All that it took, by its own record."""
        emails: list[dict[str, Any]] = httpx.get(f"{self.url}/store").json()["emails"]
        return emails

    def tell(self) -> None:
        """Publish every event so far to the deployment's topic, twice, as SES may."""
        untold, self._untold = self._untold, []
        self.deployed.publish(*untold, *untold)


def _sent(request: dict[str, Any], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What events say of each mail that was taken."""
    if "BulkEmailEntryResults" in answer:
        pairs = zip(request["BulkEmailEntries"], answer["BulkEmailEntryResults"], strict=True)
        entries = [
            (entry, entry["ReplacementTags"], entry["ReplacementHeaders"], result["MessageId"])
            for entry, result in pairs
            if result["Status"] == "SUCCESS"
        ]
    else:
        headers = request["Content"]["Simple"]["Headers"]
        entries = [(request, request["EmailTags"], headers, answer["MessageId"])]
    return [
        mail(
            messageId=message_id,
            destination=entry["Destination"]["ToAddresses"],
            tags={each["Name"]: [each["Value"]] for each in tags},
            headers=[{"name": each["Name"], "value": each["Value"]} for each in headers],
        )
        for entry, tags, headers, message_id in entries
    ]


@contextmanager
def ses_stand_in(deployed: Deployed, directory: Path) -> Iterator[SesStandIn]:
    """One that runs; ended on leaving."""
    with held_port() as port:
        yield from _at(port, deployed, directory)


def _at(port: int, deployed: Deployed, directory: Path) -> Iterator[SesStandIn]:
    assert NODE is not None
    url = f"http://127.0.0.1:{port}"
    with (directory / "ses.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  what package-lock.json names
            [NODE, str(_CLI), "--host", "127.0.0.1", "--port", str(port)],
            cwd=INSTALLED,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: _is_up(url), what="aws-ses-v2-local is up")
        yield SesStandIn(url, deployed)
    finally:
        process.terminate()
        process.wait()


def _is_up(url: str) -> bool | None:
    try:
        return httpx.get(f"{url}/health-check").is_success or None
    except httpx.TransportError:
        return None
