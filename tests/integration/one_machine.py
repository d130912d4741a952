"""`make local-run BACKEND=sqlite`, on a file and a mail server that outlast it."""

import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.contracts.smtp_inbox import SmtpInbox
from tests.integration.runner import SHORT_TIMES, Runner, running
from tests.integration.waiting import wait_for

WORKERS = 2
SHORT_SENDS: Mapping[str, str] = {"SEND_LEASE_SECONDS": "5", "SMTP_TIMEOUT_SECONDS": "2"}
"""For who kills: what was under way is soon another's. A busy machine may leave more in doubt."""


@dataclass(frozen=True)
class OneMachine:
    """A database, and the mail server that runs beside it, however often Sentinel is started."""

    directory: Path
    inbox: SmtpInbox

    @property
    def environment(self) -> Mapping[str, str]:
        """What each run is started with."""
        return {
            **SHORT_TIMES,
            "SEND_LEASE_SECONDS": "60",
            "SMTP_TIMEOUT_SECONDS": "30",
            "SENDER": "News <news@sentinel.example>",
            "POSTAL_ADDRESS": "14 Tanners Yard, Harrowick",
            "BACKEND": "sqlite",
            "DATABASE": str(self.directory / "sentinel.db"),
            "SMTP_URL": f"smtp://127.0.0.1:{self.inbox.port}",
            "WORKERS": str(WORKERS),
        }

    @contextmanager
    def running(self, **environment: str) -> Iterator[Runner]:
        """One run."""
        with running(self.directory, **{**self.environment, **environment}) as runner:
            yield runner

    def mailed(self) -> Counter[str]:
        """How often each address got a mail."""
        return Counter(each.to for each in self.inbox.received)


def workers_of(runner: Runner) -> Sequence[int]:
    """Their process ids, by /proc: of each of its threads the children."""
    tasks = Path(f"/proc/{runner.process.pid}/task")
    found: list[int] = []
    for task in tasks.iterdir():
        found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def all_workers_of(runner: Runner) -> Sequence[int]:
    """Once there are as many as there should be."""
    return wait_for(
        lambda: found if len(found := workers_of(runner)) == WORKERS else None,
        what=f"{WORKERS} workers",
    )


def kill(pid: int) -> None:
    """As the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Whether there is a process of that id, and not only what is left of one."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def sample(runner: Runner, name: str, **labels: str) -> float:
    """Of what `/metrics` tells now."""
    (value,) = (
        each.value
        for family in text_string_to_metric_families(runner.client.get("/metrics").text)
        for each in family.samples
        if each.name == name and each.labels == labels
    )
    return value


def create(runner: Runner, segment: str = "vip-customers", **more: Any) -> str:  # noqa: ANN401  JSON
    """A campaign; returns its id."""
    body = {"name": "Sale", "template_id": "promo-template", "segment_id": segment, **more}
    answer = runner.client.post("/v1/campaigns", json=body).raise_for_status()
    campaign_id: str = answer.json()["campaign_id"]
    return campaign_id
