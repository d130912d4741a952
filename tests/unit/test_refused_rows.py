"""Rows that an import refused, between its run and whoever reads them."""

from domain.contact_import import RefusedRow
from domain.refused_rows import read_refused, refused_content


def test_refused_rows_are_read_as_they_were_written() -> None:
    """In order, to the character."""
    rows = (
        RefusedRow(2, "email: not an address", ("no", 'quoted "text"', "ß\n🎈")),
        RefusedRow(7, "too few cells", ()),
    )
    assert read_refused(refused_content(rows)) == rows
    assert read_refused(refused_content(())) == ()
