"""How fast a wave that has come is put on the send queue: `python -m benchmarks.waves`."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from benchmarks import stage
from benchmarks.aws_calls import CallLog
from benchmarks.markdown import number, table
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.fan_out import MAX_CHUNKS_A_STEP, Wave, new_ranges
from domain.identifiers import CampaignId, ContactId, SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.recipient import Recipient
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.local.emulator import running_ministack
from entrypoints.settings import Settings

CHUNKS = 40 * MAX_CHUNKS_A_STEP
RECIPIENTS_A_CHUNK = 25
_ACCOUNT = "100000000009"


@dataclass(frozen=True, slots=True)
class Enqueued:
    """How long one pass took for all chunks, and how many requests, where there are any."""

    family: str
    seconds: float
    requests: int


def main() -> None:
    """Print the section."""
    with running_ministack() as endpoint:
        sys.stdout.write(section((on_memory(), on_emulator(endpoint, _ACCOUNT))))


def on_memory() -> Enqueued:
    """In the process."""
    return _measured("memory", build(Family.MEMORY, Settings()), CallLog())


def on_emulator(endpoint: str, account: str) -> Enqueued:
    """By AWS's requests."""
    settings = stage.deploy(endpoint, account, ses_bulk=True)
    core = stage.container(settings, stage.SeededIds())
    log = CallLog()
    log.listen(core.family.clients(), "wave")
    return _measured("emulator", core, log)


def section(all_of_them: Sequence[Enqueued]) -> str:
    """What the document says of it."""
    rows = [
        (each.family, number(round(CHUNKS / each.seconds)), f"{each.requests / CHUNKS:.2f}")
        for each in all_of_them
    ]
    return f"""\
## Waves

One pass of the reconciler over a campaign in local time, until {number(CHUNKS)} chunks whose wave
has come are on the send queue:

{table(["family:", "chunks a second", "requests a chunk"], rows)}
"""


def _measured(family: str, core: Core, log: CallLog) -> Enqueued:
    _fan_out(core, core.family.clock().now() - timedelta(seconds=1))
    before = len(log.calls)
    began = time.monotonic()
    core.reconcile()()
    return Enqueued(family, time.monotonic() - began, len(log.calls) - before)


def _fan_out(core: Core, wave: datetime) -> None:
    """A campaign, all of whose chunks are of one wave."""
    campaign = Campaign(
        campaign_id=CampaignId("cmp_waves"),
        name="Waves",
        template_id=TemplateId("promo-template"),
        segment_id=SegmentId("vip-customers"),
        state=CampaignState.SENDING,
        execution_path=ExecutionPath.IMMEDIATE,
        schedule_at=wave,
        created_at=wave,
        started_at=wave,
    )
    (each,) = new_ranges(campaign.campaign_id, 1)
    core.family.campaigns().add(campaign, (each,))
    people = tuple(
        Recipient(ContactId(f"con_{number:026d}"), f"n{number}@example.com", {"name": "N"})
        for number in range(RECIPIENTS_A_CHUNK)
    )
    for first in range(0, CHUNKS, MAX_CHUNKS_A_STEP):
        chunks = [
            Chunk.new(
                ChunkRef(campaign.campaign_id, 0, number), people, wave, wave, not_before=wave
            )
            for number in range(first, first + MAX_CHUNKS_A_STEP)
        ]
        each = core.family.fan_out().append(
            each.advance(
                cursor=None,
                chunks=len(chunks),
                recipients=len(chunks) * len(people),
                lease_until=wave,
                waves=[Wave(wave, len(chunks) * len(people))],
            ),
            chunks,
        )
    core.family.fan_out().save(replace(each, enqueued_through=each.chunk_count))


if __name__ == "__main__":
    main()
