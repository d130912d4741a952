"""Values as cells: what comes back is what went out, wherever that can be told."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.csv_cells import cell_of, value_of
from domain.merge_fields import MAX_WHOLE_NUMBER


@given(
    st.booleans()
    | st.integers(-MAX_WHOLE_NUMBER, MAX_WHOLE_NUMBER)
    | st.floats(allow_nan=False, allow_infinity=False)
)
def test_what_is_no_text_comes_back(value: bool | float) -> None:
    """With its type, to the last digit."""
    back = value_of(cell_of(value))
    assert (back, type(back)) == (value, type(value))
    if isinstance(value, float):
        assert math.copysign(1, float(back)) == math.copysign(1, value)


@given(st.text() | st.from_regex(r"[-+ ]?[0-9.,eE+ ]{1,30}", fullmatch=True))
def test_no_character_of_a_cell_is_lost(cell: str) -> None:
    """Whatever it is taken for, it is written so again."""
    assert cell_of(value_of(cell)) == cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        "007",
        "+49 1",
        "+1",
        "1.50",
        "1,5",
        "1e5",
        "1E+22",
        "-0",
        ".5",
        "5.",
        "NaN",
        "Infinity",
        "True",
        "FALSE",
        " 5",
        "\u0665",
        "9007199254740993",
        "1e+999",
        "9" * 5_000,
        "2026-11-19",
    ],
)
def test_what_a_number_would_not_keep_is_text(text: str) -> None:
    """Postal codes, telephone numbers, what is too large, and other ways to write it."""
    assert value_of(text) == text


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("-2.5", -2.5), ("true", True)])
def test_text_that_reads_as_something_else_is_that(text: str, value: object) -> None:
    """It cannot be told apart in a CSV file, and docs/audience.md says so."""
    assert cell_of(text) == text
    assert value_of(text) == value
