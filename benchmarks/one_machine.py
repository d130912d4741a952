"""The runner on a database of its own, and campaigns that it mails to a sink."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.local_runner import LocalRunner, running_with
from benchmarks.processes import cpu_seconds, peak_memory, tree_of
from domain.contact import ContactDraft
from domain.identifiers import SegmentId
from entrypoints.containers import Family, build
from entrypoints.local.demo.templates import content_of
from entrypoints.settings import Settings

TEMPLATE = "promo-template"
SEGMENT = SegmentId("everybody")
WORKERS = 4
_AT_ONCE = 500
_FAST = 100_000
"""Mails a second allowed: the machine is measured, not the limit."""
_HOURS = 2 * 3_600.0
_SENDER = "News <news@sentinel.example>"
_POSTAL_ADDRESS = "14 Tanners Yard, Harrowick"


@dataclass(frozen=True, slots=True)
class Mailing:
    """One campaign: how long it took from its start to its end, and what it took."""

    mails: int
    seconds: float
    cpu_seconds: float
    sink_cpu_seconds: float

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


def fill(directory: Path, people: int) -> None:
    """A database with the demo's template and a segment of so many."""
    core = build(Family.SQLITE, Settings(database=directory / "sentinel.db", sender=_SENDER))
    core.create_template()("Promotion", content_of(TEMPLATE), TEMPLATE)
    core.create_segment()("Everybody", SEGMENT)
    put_contacts, segments = core.put_contacts(), core.family.segments()
    for first in range(0, people, _AT_ONCE):
        contacts = put_contacts(
            [_person(number) for number in range(first, min(people, first + _AT_ONCE))]
        )
        segments.add_members(SEGMENT, [contact.contact_id for contact in contacts])
    core.family.database().close()


def _person(number: int) -> ContactDraft:
    fields = {
        "first_name": f"Reader{number}",
        "full_name": f"Reader{number} Harrow",
        "favourite": "copper kettle",
        "city": "Harrowick",
        "tier": "Gold" if number % 3 else "Silver",
        "points": number % 500,
    }
    return ContactDraft.of(f"reader{number}@example.com", fields)


@contextmanager
def runner(directory: Path, port: int) -> Iterator[LocalRunner]:
    """As `make local-run BACKEND=sqlite SMTP_URL=…`, on that database."""
    with running_with(
        BACKEND="sqlite",
        DATABASE=str(directory / "sentinel.db"),
        SMTP_URL=f"smtp://127.0.0.1:{port}",
        SENDER=_SENDER,
        POSTAL_ADDRESS=_POSTAL_ADDRESS,
        SEND_RATE=str(_FAST),
        WORKERS=str(WORKERS),
        DEMO_DATA="false",
        LOG_LEVEL="WARNING",
    ) as started:
        yield started


def mailing(started: LocalRunner, sink_pid: int) -> Mailing:
    """One campaign to everybody."""
    processes = tree_of(started.pid)
    cpu, sink_cpu = cpu_seconds(processes), cpu_seconds([sink_pid])
    campaign_id = started.create(SEGMENT, TEMPLATE)
    campaign = started.await_campaign(campaign_id, lambda each: each["state"] == "sent", _HOURS)
    began, ended = (datetime.fromisoformat(campaign[each]) for each in ("started_at", "ended_at"))
    return Mailing(
        mails=campaign["counts"]["sent"],
        seconds=(ended - began).total_seconds(),
        cpu_seconds=cpu_seconds(processes) - cpu,
        sink_cpu_seconds=cpu_seconds([sink_pid]) - sink_cpu,
    )


def peaks(started: LocalRunner) -> int:
    """The most memory of all its processes together, in bytes."""
    return sum(peak_memory(tree_of(started.pid)))
