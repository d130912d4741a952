"""The interface described: OpenAPI and the page that shows it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from entrypoints.http.__main__ import openapi_text
from entrypoints.http.models import Answer
from entrypoints.http.problems import ProblemDocument
from tests.unit.furnished import DOCUMENT, operations
from tests.unit.test_http_gateway import Gateway

CHECKED_IN = Path(__file__).parents[2] / "docs/openapi.json"


def test_the_checked_in_document_is_the_interface() -> None:
    """Whoever reads docs/openapi.json reads what is served (`make openapi` writes it)."""
    assert CHECKED_IN.read_text(encoding="utf-8") == openapi_text()


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


def described_as() -> Iterator[str]:
    """The names of the schemas of all answers, but for the pages that readers see."""
    for _, path, operation in operations():
        for answer in operation["responses"].values() if path not in READERS_LINKS else ():
            for content in answer.get("content", {}).values():
                yield content["schema"]["$ref"].rpartition("/")[2]


def models(kind: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """All that are of that kind, by name, and by module and name as where two have the same."""
    for model in (kind, *kind.__subclasses__()):
        yield model.__name__, model
        yield f"{model.__module__}.{model.__name__}".replace(".", "__"), model
        if model is not kind:
            yield from models(model)


@pytest.mark.parametrize("name", sorted(set(described_as())))
def test_every_answer_is_shown_as_it_is_given(name: str) -> None:
    """By an example at least, each as its model writes it: none lacks a member, or has more."""
    model = dict([*models(Answer), *models(ProblemDocument)])[name]
    shown = DOCUMENT["components"]["schemas"][name]["examples"]

    assert shown
    for example in shown:
        read = model.model_validate_json(json.dumps(example))
        assert json.loads(read.model_dump_json(exclude_unset=True)) == example


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
