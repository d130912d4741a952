"""Starts of a large campaign over one SQLite file: filled, run as functions are, and read back."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from adapters.system.clock import SystemClock
from domain.chunk import ChunkRef
from domain.contact import ContactDraft
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, ContactId, SegmentId, TemplateId
from domain.ports.clock import Clock
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.settings import Settings

TEMPLATE = TemplateId("news")
EVERYBODY = SegmentId("everybody")
_FOOTER = "{{ postal_address }} {{ unsubscribe_url }}"
_AT_ONCE = 500
_WAIT = timedelta(seconds=0.5)


class StepClock:
    """Whose deadlines come after so many looks at them, however fast the machine is."""

    def __init__(self, clock: Clock) -> None:
        """Of `clock` it has the time."""
        self._clock = clock
        self._looks = count()

    def now(self) -> datetime:
        """The other clock's."""
        return self._clock.now()

    def monotonic(self) -> timedelta:
        """A second a look."""
        return timedelta(seconds=next(self._looks))

    def sleep(self, duration: timedelta) -> None:
        """The other clock's."""
        self._clock.sleep(duration)


@dataclass(frozen=True)
class Starts:
    """What one process did: runs of the function, and the most that it had in memory, in bytes."""

    runs: int
    peak: int


def core_of(database: Path) -> Core:
    """Sentinel over that file."""
    settings = Settings(
        database=database,
        sender="News <news@sentinel.example>",
        postal_address="14 Tanners Yard, Harrowick",
    )
    return build(Family.SQLITE, settings)


def fill(core: Core, size: int) -> None:
    """A template that merges a field, and a segment of so many."""
    content = Content("News for {{ name }}", "<p>News</p>", _FOOTER, {"name": "you"})
    core.create_template()("News", content, TEMPLATE)
    core.create_segment()("Everybody", EVERYBODY)
    put_contacts, segments = core.put_contacts(), core.family.segments()
    for first in range(0, size, _AT_ONCE):
        contacts = put_contacts(
            [
                ContactDraft.of(f"reader{number}@example.com", {"name": f"Reader{number}"})
                for number in range(first, min(size, first + _AT_ONCE))
            ]
        )
        segments.add_members(EVERYBODY, [contact.contact_id for contact in contacts])


def create(core: Core) -> CampaignId:
    """To everybody, now: its start is invoked."""
    request = CampaignRequest(name="News", template_id=TEMPLATE, segment_id=EVERYBODY)
    created = core.create_campaign()(request)
    assert created.trigger_error is None
    return created.campaign.campaign_id


def has_work_left(progress: DeliveryProgress) -> bool:
    """Whether anybody is not fanned out, or not on the queue."""
    return any(each.has_work_left for each in progress.ranges)


def chunks_of(progress: DeliveryProgress) -> list[ChunkRef]:
    """All that are written."""
    return [
        ChunkRef(each.campaign_id, each.number, number)
        for each in progress.ranges
        for number in range(each.chunk_count)
    ]


def members_of(core: Core, progress: DeliveryProgress) -> Counter[ContactId]:
    """How often each is in a chunk."""
    refs, chunks = chunks_of(progress), core.family.chunks()
    found: Counter[ContactId] = Counter()
    for first in range(0, len(refs), 100):
        loaded = chunks.load_all(refs[first : first + 100])
        assert len(loaded) == len(refs[first : first + 100])
        found.update(each.contact_id for _, chunk in loaded.values() for each in chunk.recipients)
    return found


def start_all(core: Core, campaign_id: CampaignId, steps: int) -> Starts:
    """Take what is invoked, and end each run after about so many steps, until nothing is left."""
    started, fan_out = core.family.started(), core.family.fan_out()
    clock, runs = SystemClock(), 0
    while has_work_left(fan_out.progress(campaign_id)):
        invocation = started.take(_WAIT)
        if invocation is None:
            continue
        core.start_campaign(clock=StepClock(clock))(invocation.work, timedelta(seconds=steps))
        started.done(invocation)
        runs += 1
    return Starts(runs, _peak())


def _peak() -> int:
    """Of this process (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) * 1_024


def _main(arguments: Iterator[str]) -> None:
    """`python -m tests.integration.fanning_out DATABASE CAMPAIGN STEPS`."""
    core = core_of(Path(next(arguments)))
    done = start_all(core, CampaignId(next(arguments)), int(next(arguments)))
    print(json.dumps(asdict(done)))  # noqa: T201  what the test reads


if __name__ == "__main__":
    _main(iter(sys.argv[1:]))
