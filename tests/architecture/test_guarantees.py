"""docs/guarantees.md: each promise names a test, and the test is there; so docs/sender-rules.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text()
RULES = (ROOT / "docs" / "sender-rules.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", GUARANTEES + RULES)))
ROWS = [
    line
    for line in GUARANTEES.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| promise |", "| fault |"))
]


@pytest.mark.parametrize("name", NAMED)
def test_what_shows_a_promise_is_there(name: str) -> None:
    """Nobody renames or deletes a test and leaves the promise without it."""
    path, _, function = name.partition("::")
    source = (ROOT / path).read_text()
    assert f"def {function}(" in source if function else "def test_" in source


@pytest.mark.parametrize("row", ROWS)
def test_each_line_names_what_shows_it(row: str) -> None:
    """A promise without a test is a wish."""
    assert re.search(r"`tests/[\w/]+\.py", row), row
