"""The interface described: OpenAPI and the page that shows it."""

import json
from pathlib import Path

import pytest

from entrypoints.http.__main__ import openapi_text
from tests.unit.test_http_gateway import Gateway

DOCUMENT = Path(__file__).parents[2] / "docs/openapi.json"


def test_the_checked_in_document_is_the_interface() -> None:
    """Whoever reads docs/openapi.json reads what is served (`make openapi` writes it)."""
    assert DOCUMENT.read_text(encoding="utf-8") == openapi_text()


def test_the_interface_describes_itself() -> None:
    """At /openapi.json, in OpenAPI 3.1."""
    served = Gateway().get("/openapi.json")

    assert served.status == 200
    assert served.json["openapi"].startswith("3.1")
    assert served.json == json.loads(openapi_text())


READERS_LINKS = ("/u/{token}", "/c/{token}")
"""For people and their mail programs: pages, and no API key."""


def test_every_operation_tells_its_success_and_its_problems() -> None:
    """With a schema for each, so that a client can be generated."""
    document = json.loads(openapi_text())
    for path, item in document["paths"].items():
        if path in READERS_LINKS:
            continue
        for method, operation in item.items():
            answers = operation["responses"]
            assert operation["summary"], path
            assert any(status.startswith("2") for status in answers), path
            for status, answer in answers.items():
                if status == "204":
                    assert "content" not in answer, path
                    continue
                kind = "json" if status.startswith("2") else "problem+json"
                assert answer["content"][f"application/{kind}"]["schema"], (path, status)
            if method == "post":
                assert {"400", "409", "413", "415", "422"} <= answers.keys(), path
            if not path.endswith("z"):
                assert {"401", "403"} <= answers.keys(), path
            if "{" in path:
                assert "404" in answers, path


def test_every_parameter_is_described() -> None:
    """In words, besides its schema."""
    for path, item in json.loads(openapi_text())["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (path, parameter["name"])


def test_every_post_takes_an_idempotency_key() -> None:
    """Only they do; the answers tell what comes of it."""
    for path, item in json.loads(openapi_text())["paths"].items():
        if path in READERS_LINKS:
            continue
        for method, operation in item.items():
            taken = [each["name"] for each in operation.get("parameters", [])]
            assert ("Idempotency-Key" in taken) == (method == "post"), path
            if method == "post":
                answers = operation["responses"]
                assert "Retry-After" in answers["409"]["headers"], path
                for status, answer in answers.items():
                    is_replayed = "Idempotency-Replayed" in answer.get("headers", {})
                    assert is_replayed == status.startswith("2"), (path, status)


def test_only_the_public_interface_is_described() -> None:
    """What is local or serves the description itself is not in it."""
    paths = json.loads(openapi_text())["paths"]

    assert all(
        path.startswith("/v1/") or path in {"/healthz", "/readyz", *READERS_LINKS} for path in paths
    )


@pytest.mark.filterwarnings("ignore:unclosed file .*swagger:ResourceWarning")  # Powertools' own
def test_a_page_shows_the_interface() -> None:
    """/docs opens in a browser, and loads nothing from elsewhere."""
    page = Gateway().get("/docs")

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.lstrip().lower().startswith("<!doctype html>")
    assert "/v1/campaigns" in page.text
    for foreign in ('src="http', 'href="http'):
        assert foreign not in page.text
