"""Counts that people read are of one, or of some."""

import pytest

from entrypoints.cli.contact_views import CONTACT
from entrypoints.cli.import_views import counts_text
from entrypoints.cli.output import cell_text


@pytest.mark.parametrize(
    ("mails", "told"), [(1, "asked 1 time, last now"), (2, "asked 2 times, last now")]
)
def test_how_often_somebody_was_asked(mails: int, told: str) -> None:
    """Whether the address is theirs."""
    contact = {"confirmation": {"mails": mails, "asked_at": "now"}}

    assert cell_text(contact, CONTACT["Confirmation"]) == told


@pytest.mark.parametrize(("rows", "told"), [(0, "0 rows"), (1, "1 row, 1 created"), (2, "2 rows")])
def test_how_many_rows_an_import_has_gone_through(rows: int, told: str) -> None:
    """And what became of them, but for what became of none."""
    counts = dict.fromkeys(("created", "updated", "unchanged", "repeated", "refused"), 0)

    text = counts_text({"counts": {**counts, "rows": rows, "created": 1 if rows == 1 else 0}})

    assert text == told
