"""Twenty kills in one large campaign on one machine: each mail once, or known to be in doubt."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from adapters.smtp.mailer import BATCH_SIZE
from domain.contact import ContactDraft
from domain.identifiers import SegmentId
from entrypoints.containers import Family, build
from entrypoints.settings import Settings
from tests.contracts.smtp_inbox import smtp_inbox
from tests.integration.deployed import GREETING
from tests.integration.one_machine import SHORT_SENDS, WORKERS, OneMachine, all_workers_of, kill
from tests.integration.runner import Runner
from tests.integration.waiting import wait_for

KILLS = 20
OF_THE_RUNNER = 5
"""Every fifth: its workers end with it, and the next run goes on."""
_FAST = {**SHORT_SENDS, "SEND_RATE": "20000", "DEMO_DATA": "false"}
_EVERYBODY = SegmentId("everybody")
_AT_ONCE = 500
_PATIENCE = 900


def _address(number: int) -> str:
    return f"reader{number}@example.com"


def _fill(machine: OneMachine, people: int) -> None:
    core = build(Family.SQLITE, Settings.from_environment(machine.environment))
    core.create_template()("Greeting", GREETING, "greeting")
    core.create_segment()("Everybody", _EVERYBODY)
    for first in range(0, people, _AT_ONCE):
        drafts = [
            ContactDraft.of(_address(number), {"name": f"N{number}"})
            for number in range(first, min(people, first + _AT_ONCE))
        ]
        contacts = core.put_contacts()(drafts)
        core.family.segments().add_members(_EVERYBODY, [each.contact_id for each in contacts])


def _kills(machine: OneMachine, people: int) -> Iterator[int]:
    """Their numbers, each once its share of the mails was taken."""
    for number in range(1, KILLS + 1):
        share = people * number // (KILLS + 1)
        wait_for(partial(_has, machine, share), within=_PATIENCE, what=f"{share} mails")
        yield number


def _has(machine: OneMachine, mails: int) -> bool | None:
    return len(machine.inbox.received) > mails or None


@pytest.mark.prove
def test_twenty_kills_in_a_large_campaign(tmp_path: Path) -> None:
    """Nobody has two mails; who has none is listed: a micro-batch for each kill at most.

    PEOPLE=50000 for less than a hundred thousand; not far less, for a kill may leave 200 in doubt.
    """
    people = int(os.environ.get("PEOPLE", "100000"))
    with smtp_inbox() as inbox:
        machine = OneMachine(tmp_path, inbox)
        _fill(machine, people)
        kills = _kills(machine, people)
        with machine.running(**_FAST) as runner:
            campaign_id = _create(runner)
            _killed(runner, kills)
        for _ in range(KILLS // OF_THE_RUNNER - 1):
            with machine.running(**_FAST) as runner:
                _killed(runner, kills)
        with machine.running(**_FAST) as runner:
            counts = runner.sent(campaign_id, within=_PATIENCE)["counts"]
            in_doubt = runner.recipients(campaign_id, "unknown")
        mailed = machine.mailed()

    unknown = {each["address"] for each in in_doubt}
    print(f"{people} recipients, {KILLS} kills: {counts}")  # noqa: T201  what make prove shows
    everybody = {_address(number) for number in range(people)}
    assert set(mailed.values()) == {1}
    assert everybody - mailed.keys() <= unknown
    assert mailed.keys() <= everybody
    assert counts["recipients"] == counts["sent"] + counts["unknown"] == people
    assert len(unknown) <= KILLS * BATCH_SIZE


def _create(runner: Runner) -> str:
    body = {"name": "Large", "template_id": "greeting", "segment_id": _EVERYBODY}
    answer = runner.client.post("/v1/campaigns", json=body).raise_for_status()
    campaign_id: str = answer.json()["campaign_id"]
    return campaign_id


def _killed(runner: Runner, kills: Iterator[int]) -> None:
    """In the end, and some of its workers before."""
    for number in kills:
        if number % OF_THE_RUNNER == 0:
            kill(runner.process.pid)
            runner.process.wait()
            return
        kill(all_workers_of(runner)[number % WORKERS])
