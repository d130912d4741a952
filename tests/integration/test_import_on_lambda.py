"""A file imported and exported again on real functions, permissions enforced."""

import csv
import io
from pathlib import Path

import httpx

from tests.integration.csv_files import EXCEL_IN_GERMAN, write_csv
from tests.integration.importing import IMPORTED, Importing, is_as_reckoned
from tests.integration.on_lambda import Line, OnLambda
from tests.integration.waiting import PATIENCE, wait_for

ROWS = 2_100


def test_a_file_is_tried_imported_and_exported_again(on_lambda: OnLambda, tmp_path: Path) -> None:
    """All who are not refused are contacts and members; what goes out is what came in."""
    path = tmp_path / "contacts.csv"
    outcome = write_csv(path, ROWS, EXCEL_IN_GERMAN, seed=7)
    with on_lambda.http() as client:
        importing = Importing.of(client, path)

        importing.start(client, dry_run=True)
        tried = importing.ended(client, "checked")
        assert not client.get("/v1/contacts").json()["items"]

        importing.start(client)
        found = importing.ended(client, "finished")
        is_as_reckoned(found, importing.refused(client), outcome)

        exported = client.post(
            "/v1/exports", json={"segment_id": IMPORTED, "spreadsheet_safe": False}
        )

        def look() -> Line | None:
            export: Line = client.get(exported.headers["Location"]).json()
            return export if export["state"] == "finished" else None

        export = wait_for(look, what="the export is finished")

    layout = found["layout"]
    assert (layout["encoding"], layout["delimiter"]) == ("windows-1252", ";")
    assert tried["counts"]["rows"] == ROWS
    assert tried["counts"]["refused"] == len(outcome.refused)
    downloaded = httpx.get(export["download"]["url"], timeout=PATIENCE)
    file = downloaded.raise_for_status().content
    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))
    people = {row["email"]: row for row in rows}
    assert len(people) == export["rows"] == outcome.created
    for address, fields, locale in outcome.contacts(EXCEL_IN_GERMAN):
        row = people[address]
        assert {name: row[name] for name in fields} == fields
        assert (row["locale"], row["consent_source"]) == (locale, "Trade fair")

    def only_the_refused() -> bool | None:
        stored = on_lambda.clients.s3.list_objects_v2(
            Bucket=on_lambda.outputs["FilesBucketName"], Prefix=f"imports/{importing.import_id}/"
        )["Contents"]
        return all("/refused/" in each["Key"] for each in stored) or None

    wait_for(only_the_refused, what="its file, of no use any more, is gone")
    assert not on_lambda.waiting("job-dead-letters")
