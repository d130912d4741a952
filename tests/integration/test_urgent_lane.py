"""An urgent campaign beside a large one on one machine: what it waits for, counted in mails."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from adapters.smtp.mailer import BATCH_SIZE
from domain.contact import ContactDraft
from domain.identifiers import CampaignId, SegmentId
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.settings import Settings
from tests.contracts.smtp_inbox import Received, smtp_inbox
from tests.integration.deployed import GREETING
from tests.integration.fanning_out import chunks_of
from tests.integration.one_machine import WORKERS, OneMachine, create
from tests.integration.runner import Runner
from tests.integration.waiting import wait_for

RATE = 400
MICRO_BATCH = min(RATE, BATCH_SIZE)
URGENT = 100
OF_START = 2 * RATE
"""Mails of the other until the urgent one is in chunks: in a turn of a start that is under way, and
in its own, a second each."""
OF_LANE = WORKERS * MICRO_BATCH + 2 * RATE
"""Mails of the other from then to the first urgent one.

What was granted before, which is one micro-batch for each worker; what is handed over until a
worker has seen the chunks and asked for its own grant, within a second; and what is granted beside
that one, for the same second. No second holds more than the rate.
"""
_EVERYBODY = SegmentId("everybody")
_WAITING = (SegmentId("waiting"), SegmentId("waiting-later"))
"""For an urgent campaign each."""
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Delay:
    """Of an urgent campaign: when it was accepted, written for the workers, and first mailed."""

    accepted: datetime
    fanned_out: datetime
    first: datetime
    others: Sequence[Received]

    @property
    def of_start(self) -> int:
        """Mails of the other while it waited to be started."""
        return self._between(self.accepted, self.fanned_out)

    @property
    def of_lane(self) -> int:
        """Mails of the other while its own waited to be sent."""
        return self._between(self.fanned_out, self.first)

    def __str__(self) -> str:
        """As `make prove` shows it."""
        return "\n".join(
            f"{what}: {(end - start).total_seconds():.2f} s, {mails} mails of the other,"
            f" {mails / MICRO_BATCH / WORKERS:.2f} micro-batches a worker"
            for what, start, end, mails in (
                ("started", self.accepted, self.fanned_out, self.of_start),
                ("first mail after that", self.fanned_out, self.first, self.of_lane),
            )
        )

    def _between(self, start: datetime, end: datetime) -> int:
        return sum(start < each.at < end for each in self.others)


def test_an_urgent_campaign_waits_for_what_was_granted_before_and_no_more(tmp_path: Path) -> None:
    """A newsletter goes on beside it, and everybody has one mail."""
    people = 3_000
    with smtp_inbox() as inbox:
        machine = OneMachine(tmp_path, inbox)
        core = _filled(machine, people)
        with _running(machine) as runner:
            newsletter = create(runner, _EVERYBODY, template_id="greeting")
            wait_for(partial(_has, machine, people // 10), what="a tenth of it")
            delay = _urgent(_WAITING[0], newsletter, machine, core, runner)
            counts = runner.sent(newsletter)["counts"]
        mailed = machine.mailed()

    print(f"{people} recipients\n{delay}")  # noqa: T201  what make prove shows
    assert delay.of_start <= OF_START
    assert delay.of_lane <= OF_LANE
    assert counts["sent"] == people
    assert mailed == Counter(
        [*_addresses(_EVERYBODY, 0, people), *_addresses(_WAITING[0], 0, URGENT)]
    )


@pytest.mark.prove
def test_urgent_campaigns_beside_one_of_a_million(tmp_path: Path) -> None:
    """One while the other is fanned out, one later: nobody of either has two mails.

    PEOPLE=300000 for less than a million. The other is cancelled once it was seen to go on.
    """
    people = int(os.environ.get("PEOPLE", "1000000"))
    with smtp_inbox() as inbox:
        machine = OneMachine(tmp_path, inbox)
        core = _filled(machine, people)
        print(f"{people} recipients")  # noqa: T201  what make prove shows
        with _running(machine) as runner:
            newsletter = create(runner, _EVERYBODY, template_id="greeting")
            for segment, mails in zip(_WAITING, (1_000, 20_000), strict=True):
                wait_for(partial(_has, machine, mails), what=f"{mails} mails")
                progress = core.family.fan_out().progress(CampaignId(newsletter))
                delay = _urgent(segment, newsletter, machine, core, runner)
                print(f"{mails} of them mailed, {progress.recipients} fanned out\n{delay}")  # noqa: T201  what make prove shows
                assert delay.of_start <= OF_START
                assert delay.of_lane <= OF_LANE
            runner.client.post(f"/v1/campaigns/{newsletter}/cancel").raise_for_status()
        mailed = machine.mailed()

    assert set(mailed.values()) == {1}
    for segment in _WAITING:
        assert mailed.keys() >= set(_addresses(segment, 0, URGENT))


def _running(machine: OneMachine) -> AbstractContextManager[Runner]:
    return machine.running(SEND_RATE=str(RATE), DEMO_DATA="false")


def _filled(machine: OneMachine, people: int) -> Core:
    core = build(Family.SQLITE, Settings.from_environment(machine.environment))
    core.create_template()("Greeting", GREETING, "greeting")
    for segment in (_EVERYBODY, *_WAITING):
        core.create_segment()(segment, segment)
    for first in range(0, people, _AT_ONCE):
        _add(core, _EVERYBODY, first, min(people, first + _AT_ONCE))
    for segment in _WAITING:
        _add(core, segment, 0, URGENT)
    return core


def _add(core: Core, segment: SegmentId, first: int, end: int) -> None:
    drafts = [ContactDraft.of(each, {"name": "you"}) for each in _addresses(segment, first, end)]
    contacts = core.family.contacts().put(drafts)
    core.family.segments().add_members(segment, [each.contact_id for each in contacts])


def _addresses(segment: SegmentId, first: int, end: int) -> Sequence[str]:
    return [f"{segment}{number}@example.com" for number in range(first, end)]


def _urgent(
    segment: SegmentId, other: str, machine: OneMachine, core: Core, runner: Runner
) -> Delay:
    """It is sent, and the other has gone on since, when this returns."""
    campaign_id = create(runner, segment, template_id="greeting", priority="urgent")
    # Not before: how long a slow machine or its disk takes to answer is nothing that it waits for.
    accepted = datetime.now(UTC)
    counts = runner.sent(campaign_id)["counts"]
    assert counts["sent"] == URGENT
    assert runner.campaign(other)["state"] == "sending"
    so_far = len(machine.inbox.received)
    wait_for(partial(_has, machine, so_far + MICRO_BATCH), what="the other goes on")

    received = list(machine.inbox.received)
    refs = chunks_of(core.family.fan_out().progress(CampaignId(campaign_id)))
    made = [chunk.made_at for _, chunk in core.family.chunks().load_all(refs).values()]
    waiting = set(_addresses(segment, 0, URGENT))
    return Delay(
        accepted,
        min(each for each in made if each is not None),
        next(each.at for each in received if each.to in waiting),
        [each for each in received if each.to not in waiting],
    )


def _has(machine: OneMachine, mails: int) -> bool | None:
    return len(machine.inbox.received) > mails or None
