"""A local runner that is killed again and again while it exports: the file has everybody once."""

import csv
import io
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from domain.identifiers import JobId
from domain.job import LEASE, JobState
from tests.conftest import Emulator
from tests.integration.deployed import EVERYONE, everyone
from tests.integration.runner import start
from tests.integration.test_kills import NOTHING, Killer, Moment, Stuck, Victim, victim
from tests.integration.waiting import PATIENCE, wait_for

SIZE = 1_200
KILLS = [
    Moment("CreateMultipartUpload", 1, carried_out=True),
    Moment("UploadPart", 1, carried_out=False),
    Moment("UploadPart", 1, carried_out=True),
    Moment("CompleteMultipartUpload", 1, carried_out=True),
]


def run_out(family: Any, job_id: JobId) -> None:  # noqa: ANN401  of either family
    """As if the dead holder's lease had been waited for."""
    jobs = family.jobs()
    job = jobs.get(job_id)
    assert job is not None
    assert job.state is JobState.RUNNING
    jobs.save(job.release(family.clock().now() - LEASE))


def die(killed: Victim, moment: Moment) -> None:
    """One life of a runner that finds what the last one left."""
    killer = Killer(moment)
    killed.proxy.fault = killer
    environment = killed.environment(NOTHING)
    with start(subprocess.DEVNULL, killed.directory / "log", environment) as process:
        killer.process = process
        assert killer.struck.wait(PATIENCE), f"never came: {moment}"
        process.kill()
        process.wait()


def test_a_runner_killed_at_every_turn_of_an_export(emulator: Emulator, tmp_path: Path) -> None:
    """With an upload that nobody knows of, a part that nobody noted, and a file that is there."""
    with victim(emulator, tmp_path, SIZE) as killed:
        with killed.alive(NOTHING) as runner:
            killed.proxy.fault = Stuck({"CreateMultipartUpload"})
            asked = runner.client.post("/v1/exports", json={"segment_id": EVERYONE})
            runner.process.kill()
            runner.process.wait()
        assert asked.status_code == 202, asked.text
        job_id = JobId(asked.json()["export_id"])
        for moment in KILLS:
            run_out(killed.deployed.family, job_id)
            die(killed, moment)
        run_out(killed.deployed.family, job_id)
        with killed.alive(NOTHING) as runner:

            def look() -> dict[str, Any] | None:
                export: dict[str, Any] = runner.client.get(f"/v1/exports/{job_id}").json()
                return export if export["state"] == "finished" else None

            export = wait_for(look, what=f"{job_id} is finished")
            downloaded = httpx.get(export["download"]["url"], timeout=PATIENCE)
            file = downloaded.raise_for_status().content

    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig")))
    assert Counter(row["email"] for row in rows) == everyone(SIZE)
    assert export["rows"] == SIZE
