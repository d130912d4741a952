"""A local runner killed in the middle of an import: the next one goes on, and all is exact."""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import pytest

from domain.errors import DependencyFault
from domain.identifiers import ContactId
from domain.key_space import WHOLE_KEY_SPACE
from domain.ports.contacts import ContactPage
from entrypoints.containers import Family, build
from entrypoints.local.emulator import running_ministack
from entrypoints.settings import Settings
from tests.conftest import Emulator
from tests.contracts.smtp_inbox import smtp_inbox
from tests.integration.csv_files import (
    EXCEL_IN_GERMAN,
    EXCEL_IN_UNICODE,
    Outcome,
    Style,
    address_of,
    locale_of,
    plan_of,
    write_csv,
)
from tests.integration.deployed import GREETING
from tests.integration.importing import IMPORTED, Importing, is_as_reckoned
from tests.integration.on_lambda import REGION
from tests.integration.one_machine import OneMachine
from tests.integration.runner import Runner
from tests.integration.test_export_killed import die, run_out
from tests.integration.test_kills import NOTHING, Moment, Stuck, victim
from tests.integration.waiting import wait_for

_PAGE = 1_000
Found = TypeVar("Found")


def holds(family: Any, outcome: Outcome, style: Style) -> None:  # noqa: ANN401  of either family
    """Exactly the people of the outcome are contacts, as their last rows have them, and members."""
    expected = {address: (fields, locale) for address, fields, locale in outcome.contacts(style)}
    after: str | None = None
    while True:
        page = _contacts(family, after)
        for contact in page.contacts:
            assert (contact.fields, contact.locale) == expected.pop(contact.address)
        contact_ids = [contact.contact_id for contact in page.contacts]
        members = read(partial(family.segments().those_in, IMPORTED, contact_ids))
        assert members == set(contact_ids)
        after = page.cursor
        if after is None:
            break
    assert not expected


def _contacts(family: Any, after: str | None) -> ContactPage:  # noqa: ANN401  of either family
    lower, upper = WHOLE_KEY_SPACE
    page = partial(family.contacts().page, lower=lower, upper=upper, limit=_PAGE)
    found: ContactPage = read(lambda: page(after=after))
    return found


def read(look: Callable[[], Found]) -> Found:
    """What it finds; looked for again where the emulator, with millions of records, is late."""

    def answered() -> Found | None:
        try:
            return look()
        except DependencyFault:
            return None

    return wait_for(answered, what="the emulator answers")


def has_no_other_members(family: Any, outcome: Outcome) -> None:  # noqa: ANN401  of either family
    """None twice, and none whom a kill left without a contact."""
    lower, upper = WHOLE_KEY_SPACE
    seen: list[ContactId] = []
    after: str | None = None
    while True:
        members = partial(family.segments().members, IMPORTED, limit=_PAGE)
        page = read(partial(members, lower=lower, upper=upper, after=after))
        seen += page.contact_ids
        after = page.cursor
        if after is None:
            break
    assert len(seen) == len(set(seen)) == outcome.created


def test_a_runner_killed_in_the_middle_of_batches(emulator: Emulator, tmp_path: Path) -> None:
    """Some of a batch is written, and nobody noted it; or all of it is. It is counted once."""
    path, style = tmp_path / "contacts.csv", EXCEL_IN_UNICODE
    outcome = write_csv(path, 6_000, style, seed=20_261_129)
    with victim(emulator, tmp_path, size=0) as killed:
        with killed.alive(NOTHING) as runner:
            importing = Importing.of(runner.client, path)
            killed.proxy.fault = Stuck({"TransactWriteItems", "BatchWriteItem"})
            importing.start(runner.client)
            _kill(runner)
        for moment in (
            Moment("TransactWriteItems", 25, carried_out=True),
            Moment("BatchWriteItem", 61, carried_out=False),
        ):
            run_out(killed.deployed.family, importing.import_id)
            die(killed, moment)
        run_out(killed.deployed.family, importing.import_id)
        with killed.alive(NOTHING) as runner:
            found = importing.ended(runner.client, "finished")
            refused = importing.refused(runner.client)
        is_as_reckoned(found, refused, outcome)
        holds(killed.deployed.family, outcome, style)
        has_no_other_members(killed.deployed.family, outcome)


def _kill(runner: Runner) -> None:
    runner.process.kill()
    runner.process.wait()


@dataclass
class Lives:
    """What is seen of the runners of one import."""

    seconds: float = 0.0
    most_memory: int = 0
    """MB, of any of them."""

    def look(self, runner: Runner) -> None:
        """At its peak so far (proc(5), VmHWM)."""
        status = Path(f"/proc/{runner.process.pid}/status").read_text()
        (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
        self.most_memory = max(self.most_memory, int(line.split()[1]) // 1_024)


@pytest.mark.prove
def test_a_large_file_imported_and_mailed(tmp_path: Path) -> None:
    """Killed twice on the way; then a campaign to a rule over it reaches whom it should, once.

    ROWS=200000 for more: the emulator reads through a sixteenth of all contacts for each page.
    """
    rows = int(os.environ.get("ROWS", "100000"))
    large = LargeFile.of(tmp_path, rows)
    with running_ministack() as endpoint_url:
        emulator = Emulator(endpoint_url, "", REGION)
        with victim(emulator, tmp_path, size=0) as killed:
            fast = partial(killed.alive, {"SEND_RATE": "5000", "SES_BULK": "true"})
            campaign = large.imported_and_mailed(killed.deployed.family, fast)
            mails = killed.deployed.mails()
    large.is_mailed(mails, campaign)


@pytest.mark.prove
def test_a_large_file_imported_and_mailed_on_one_machine(tmp_path: Path) -> None:
    """Likewise on a SQLite file, with a mail server; ROWS=1000000 for a million."""
    rows = int(os.environ.get("ROWS", "100000"))
    large = LargeFile.of(tmp_path, rows)
    with smtp_inbox() as inbox:
        machine = OneMachine(tmp_path, inbox)
        core = build(Family.SQLITE, Settings.from_environment(machine.environment))
        core.create_template()("Greeting", GREETING, "greeting")
        fast = partial(machine.running, SEND_RATE="5000", DEMO_DATA="false")
        campaign = large.imported_and_mailed(core.family, fast)
        large.is_mailed(machine.mailed(), campaign)


Alive = Callable[[], AbstractContextManager[Runner]]


@dataclass
class LargeFile:
    """One of so many rows, and what is to become of it."""

    path: Path
    rows: int
    outcome: Outcome
    lives: Lives

    @classmethod
    def of(cls, directory: Path, rows: int) -> "LargeFile":
        """Written into the directory."""
        path = directory / "contacts.csv"
        outcome = write_csv(path, rows, EXCEL_IN_GERMAN, seed=rows)
        return cls(path, rows, outcome, Lives())

    @property
    def within(self) -> float:
        """Seconds, for whatever is waited for."""
        return self.rows / 20

    def imported_and_mailed(self, family: Any, alive: Alive) -> dict[str, Any]:  # noqa: ANN401  of either family
        """It is imported exactly; returns the campaign to some of it, once it is sent."""
        importing = self._imported(family, alive)
        with alive() as runner:
            found = importing.ended(runner.client, "finished", within=1)
            is_as_reckoned(found, importing.refused(runner.client), self.outcome)
            holds(family, self.outcome, EXCEL_IN_GERMAN)
            has_no_other_members(family, self.outcome)
            campaign_id = _mailed(runner, self.within)
            return runner.sent(campaign_id, within=self.within)

    def _imported(self, family: Any, alive: Alive) -> Importing:  # noqa: ANN401  of either family
        """Killed past a quarter, and past a half."""
        started = monotonic()
        with alive() as runner:
            importing = Importing.of(runner.client, self.path)
            started = monotonic()
            importing.start(runner.client)
            _kill_past(0.25, importing, runner, self.within, self.lives)
        run_out(family, importing.import_id)
        with alive() as runner:
            _kill_past(0.5, importing, runner, self.within, self.lives)
        run_out(family, importing.import_id)
        with alive() as runner:
            importing.ended(runner.client, "finished", within=self.within)
            self.lives.look(runner)
        self.lives.seconds = monotonic() - started
        return importing

    def is_mailed(self, mails: Counter[str], campaign: dict[str, Any]) -> None:
        """Each of those whom the rule finds, once."""
        wanted = {
            address_of(number)
            for number, edition in enumerate(self.outcome.editions)
            if plan_of(number, edition) == "gold" and locale_of(number, edition) == "pt-BR"
        }
        print(  # noqa: T201  what make prove shows
            f"{self.rows} rows of {self.path.stat().st_size} bytes in {self.lives.seconds:.0f} s, "
            f"{self.rows / self.lives.seconds:.0f} a second, in at most "
            f"{self.lives.most_memory} MB; {len(wanted)} mailed",
        )
        assert mails.keys() == wanted
        assert set(mails.values()) == {1}
        assert campaign["counts"]["recipients"] == len(wanted)


def _kill_past(
    fraction: float, importing: Importing, runner: Runner, within: float, lives: Lives
) -> None:
    wait_for(
        lambda: importing.is_past(runner.client, fraction) or None,
        within=within,
        what=f"more than {fraction} is imported",
    )
    lives.look(runner)
    _kill(runner)


def _mailed(runner: Runner, within: float) -> str:
    """A campaign to those with gold who read Portuguese."""
    gold = {"field": "plan", "op": "equals", "value": "gold"}
    portuguese = {"field": "contact.locale", "op": "equals", "value": "pt-BR"}
    segment = {"segment_id": "gold", "name": "Gold", "rule": {"all": [gold, portuguese]}}
    assert runner.client.post("/v1/segments", json=segment).status_code == 201
    body = {"name": "Gold", "template_id": "greeting", "segment_id": "gold"}
    created = runner.client.post("/v1/campaigns", json=body, timeout=within)
    assert created.status_code == 202, created.text
    campaign_id: str = created.json()["campaign_id"]
    return campaign_id
