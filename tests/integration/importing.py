"""An import as a client asks for it over HTTP."""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from domain.identifiers import JobId, SegmentId
from tests.integration.csv_files import COLUMNS, Outcome
from tests.integration.waiting import PATIENCE, wait_for

IMPORTED = SegmentId("imported")
_CONSENT = {"source": "Trade fair", "at": "2026-11-01T09:00:00Z"}


@dataclass(frozen=True)
class Importing:
    """One that was created, by whichever server answers."""

    import_id: JobId

    @classmethod
    def of(cls, client: httpx.Client, path: Path) -> "Importing":
        """Its file is uploaded by the URL, which asks for no key; nothing has begun."""
        segment = {"segment_id": IMPORTED, "name": "Imported"}
        assert client.post("/v1/segments", json=segment).status_code == 201
        body = {"columns": COLUMNS, "segment_id": IMPORTED, "consent": _CONSENT}
        created = client.post("/v1/imports", json=body)
        assert created.status_code == 201, created.text
        # At once: S3 takes no upload that does not say how long it is.
        file = path.read_bytes()
        httpx.put(
            created.json()["upload"]["url"], content=file, timeout=PATIENCE
        ).raise_for_status()
        return cls(JobId(created.json()["import_id"]))

    def start(self, client: httpx.Client, *, dry_run: bool = False) -> None:
        """Accepted."""
        answer = client.post(f"/v1/imports/{self.import_id}/start", json={"dry_run": dry_run})
        assert answer.status_code == 202, answer.text

    def read(self, client: httpx.Client) -> dict[str, Any]:
        """As it is answered now."""
        found: dict[str, Any] = self._answered(client).raise_for_status().json()
        return found

    def _answered(self, client: httpx.Client) -> httpx.Response:
        return client.get(f"/v1/imports/{self.import_id}", timeout=PATIENCE)

    def is_past(self, client: httpx.Client, fraction: float) -> bool:
        """Whether it is under way, and more than so much of the file is gone through.

        Not known yet where the store gives no answer: an emulator that holds millions of records
        rests for seconds now and then.
        """
        answer = self._answered(client)
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        found: dict[str, Any] = answer.raise_for_status().json()
        assert found["state"] == "running", found
        progress: dict[str, int] = found["progress"]
        return progress["bytes"] > fraction * progress["bytes_total"]

    def ended(self, client: httpx.Client, state: str, within: float = PATIENCE) -> dict[str, Any]:
        """Once it is in that state."""

        def look() -> dict[str, Any] | None:
            answer = self._answered(client)
            if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                return None
            found: dict[str, Any] = answer.raise_for_status().json()
            assert found["state"] in {"running", state}, found
            return found if found["state"] == state else None

        return wait_for(look, within=within, what=f"{self.import_id} is {state}")

    def refused(self, client: httpx.Client) -> list[dict[str, Any]]:
        """All rows that are listed."""
        found: list[dict[str, Any]] = []
        query = {"limit": "100"}
        while True:
            answer = client.get(f"/v1/imports/{self.import_id}/refused", params=query)
            page = answer.raise_for_status().json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]


def is_as_reckoned(found: dict[str, Any], refused: list[dict[str, Any]], outcome: Outcome) -> None:
    """Every count; every refused row by its line, with what is wrong with it."""
    counts = outcome.counts
    assert found["counts"] == {"rows": counts.rows, **vars(counts)}
    assert found["progress"]["bytes"] == found["progress"]["bytes_total"]
    assert [each["line"] for each in refused] == [line for line, _ in outcome.refused]
    for each, (_, fault) in zip(refused, outcome.refused, strict=True):
        assert fault in each["reason"]
        assert len(each["cells"]) >= len(COLUMNS)
