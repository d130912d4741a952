"""A local runner that is killed in the middle of an import: exact; then a campaign to a rule."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.campaign import CampaignState
from domain.identifiers import CampaignId, JobId
from domain.segment import WHOLE_KEY_SPACE
from tests.conftest import Emulator
from tests.integration.csv_files import COLUMNS, EXCEL_IN_GERMAN, plan_of, write_csv
from tests.integration.deployed import EVERYONE
from tests.integration.runner import Runner
from tests.integration.test_export_killed import die, run_out
from tests.integration.test_kills import NOTHING, Moment, Victim, victim
from tests.integration.waiting import wait_for

ROWS = 2_000
STYLE = EXCEL_IN_GERMAN
PATIENCE = 120
_PAGE = 1_000


def moments(rows: int) -> list[Moment]:
    """Two, in the middle: amid the contacts of a batch, and when it has just been noted."""
    return [
        Moment("TransactWriteItems", max(3, rows // 200), carried_out=True),
        Moment("BatchWriteItem", max(3, rows // 100), carried_out=True),
    ]


def begun(runner: Runner, file: Path) -> JobId:
    """An import of the file, under way."""
    asked = runner.client.post(
        "/v1/imports", json={"columns": COLUMNS, "segment_id": EVERYONE}
    ).raise_for_status()
    upload = asked.json()["upload"]
    with file.open("rb") as content:
        httpx.put(upload["url"], content=content.read(), timeout=300).raise_for_status()
    started = runner.client.post(
        f"/v1/imports/{asked.json()['import_id']}/start", json={"dry_run": False}
    )
    assert started.is_success, started.text
    return JobId(asked.json()["import_id"])


def refused_rows(runner: Runner, job_id: JobId) -> list[dict[str, Any]]:
    """All of them, page by page."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "100"} | ({} if cursor is None else {"cursor": cursor})
        page = runner.client.get(f"/v1/imports/{job_id}/refused", params=parameters).json()
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def gold_mailed(runner: Runner, killed: Victim, within: float) -> int:
    """How many a campaign to a rule segment has reached."""
    segment = runner.client.post(
        "/v1/segments",
        json={"name": "Gold", "rule": {"field": "plan", "op": "in", "value": ["gold"]}},
    ).raise_for_status()
    body = {**killed.deployed.body, "segment_id": segment.json()["segment_id"]}
    asked = runner.client.post("/v1/campaigns", json=body).raise_for_status()
    campaign_id = CampaignId(asked.json()["campaign_id"])

    def look() -> bool | None:
        return killed.deployed.campaign(campaign_id).state is CampaignState.SENT or None

    wait_for(look, within=within, what="the campaign is sent")
    counts = runner.client.get(f"/v1/campaigns/{campaign_id}").json()["counts"]
    return int(counts["sent"])


def killed_twice(emulator: Emulator, directory: Path, rows: int, within: float) -> None:
    """Everything is as the file says: counts, contacts, members, refused rows, a campaign."""
    file = directory / "people.csv"
    expected = write_csv(file, rows, STYLE, seed=20_261_129)
    with victim(emulator, directory, 0) as killed:
        family = killed.deployed.family
        with killed.alive(NOTHING) as runner:
            job_id = begun(runner, file)
            runner.process.kill()
            runner.process.wait()
        for moment in moments(rows):
            run_out(killed.deployed, job_id)
            die(killed, moment)
        run_out(killed.deployed, job_id)
        with killed.alive(NOTHING) as runner:

            def look() -> dict[str, Any] | None:
                job: dict[str, Any] = runner.client.get(f"/v1/imports/{job_id}").json()
                assert job["state"] in {"running", "finished"}, job
                return job if job["state"] == "finished" else None

            job = wait_for(look, within=within, what=f"{job_id} is finished")
            refused = refused_rows(runner, job_id)
            gold = sum(
                plan_of(number, edition) == "gold"
                for number, edition in enumerate(expected.editions)
            )
            assert gold_mailed(runner, killed, within) == gold

        counts = expected.counts
        assert job["counts"] == {
            "rows": counts.rows,
            "created": counts.created,
            "updated": counts.updated,
            "unchanged": counts.unchanged,
            "repeated": counts.repeated,
            "refused": counts.refused,
        }
        assert [row["line"] for row in refused] == [line for line, _ in expected.refused]
        wanted = {address: (fields, locale) for address, fields, locale in expected.contacts(STYLE)}
        seen = Counter[str]()
        lower, upper = WHOLE_KEY_SPACE
        after: str | None = None
        while True:
            page = family.contacts().page(lower=lower, upper=upper, after=after, limit=_PAGE)
            for each in page.contacts:
                assert (dict(each.fields), each.locale) == wanted[each.address]
            ids = [each.contact_id for each in page.contacts]
            assert family.segments().those_in(EVERYONE, ids) == set(ids)
            seen.update(each.address for each in page.contacts)
            after = page.cursor
            if after is None:
                break
        assert seen == Counter(wanted.keys())


def test_an_import_killed_twice_is_exact(emulator: Emulator, tmp_path: Path) -> None:
    """Semicolons, Windows-1252, quotes, line breaks, repeated, changed and bad rows."""
    killed_twice(emulator, tmp_path, ROWS, PATIENCE)


@pytest.mark.prove
def test_a_large_import_killed_twice_is_exact(emulator: Emulator, tmp_path: Path) -> None:
    """ROWS=1000000 for a million."""
    rows = int(os.environ.get("ROWS", "50000"))
    killed_twice(emulator, tmp_path, rows, within=600 + rows / 50)
