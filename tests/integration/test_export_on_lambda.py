"""An export on real functions, permissions enforced: asked for over HTTP, had from S3."""

import csv
import io

import httpx

from tests.integration.deployed import EVERYONE, everyone
from tests.integration.on_lambda import Line, OnLambda
from tests.integration.waiting import PATIENCE, wait_for

PEOPLE = 620


def test_everybody_is_in_the_file(on_lambda: OnLambda) -> None:
    """Once each; whoever has the URL needs no key. A cancelled one has no file."""
    on_lambda.add_people(PEOPLE)
    with on_lambda.http() as client:
        asked = client.post("/v1/exports", json={"segment_id": EVERYONE})
        assert asked.status_code == 202, asked.text
        path = asked.headers["Location"]

        def look() -> Line | None:
            export: Line = client.get(path).json()
            return export if export["state"] == "finished" else None

        export = wait_for(look, what=f"{path} is finished")
        refused = client.post(f"{path}/cancel", json={})

    downloaded = httpx.get(export["download"]["url"], timeout=PATIENCE)
    file = downloaded.raise_for_status().content
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))

    assert export["rows"] == len(rows) == PEOPLE
    assert {row["email"] for row in rows} == everyone(PEOPLE).keys()
    assert {row["name"] for row in rows} == {f"N{number}" for number in range(PEOPLE)}
    assert refused.status_code == 409


def test_what_asks_for_no_job_fails(on_lambda: OnLambda) -> None:
    """It fails, and Lambda keeps it; what asks for a job that is not there is done."""
    assert on_lambda.invoke("run-job", {"schema": 1, "job_id": "exp_none"}) is None
    assert "errorType" in on_lambda.invoke("run-job", {"schema": 1})
