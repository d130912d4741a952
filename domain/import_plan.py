"""What a plan of an import may say."""

from collections.abc import Mapping

from domain.contact_import import ImportPlan
from domain.csv_layout import ADDRESS, DELIMITERS, ENCODINGS, MAX_HEADER_CHARACTERS, OWN
from domain.errors import InvalidInput, escaped
from domain.merge_fields import FIELD_NAME
from domain.unicode_text import is_unicode_text

MAX_COLUMNS = 200


def checked_plan(plan: ImportPlan) -> ImportPlan:
    """The plan itself, but for its segment, which is not looked for. Raises InvalidInput."""
    _check_columns(plan.columns)
    if plan.delimiter is not None and plan.delimiter not in DELIMITERS:
        raise InvalidInput(
            "delimiter", "A comma, a semicolon, a tab or |; without it, it is found."
        )
    if plan.encoding is not None and plan.encoding not in ENCODINGS:
        named = ", ".join(ENCODINGS)
        raise InvalidInput("encoding", f"One of {named}; without it, it is found.")
    return plan


def _check_columns(columns: Mapping[str, str]) -> None:
    if not columns:
        return
    if len(columns) > MAX_COLUMNS:
        raise InvalidInput("columns", f"At most {MAX_COLUMNS}; others are left out.")
    if sum(map(len, columns)) > MAX_HEADER_CHARACTERS:
        raise InvalidInput(
            "columns", f"At most {MAX_HEADER_CHARACTERS} characters in the headers of all together."
        )
    taken: set[str] = set()
    for header, target in columns.items():
        if not is_unicode_text(header):
            raise InvalidInput("columns", "A header holds characters that are not Unicode text.")
        place = f"columns/{escaped(header)}"
        if target not in OWN and not FIELD_NAME.fullmatch(target):
            named = ", ".join(sorted(OWN))
            raise InvalidInput(
                place, f"{named}, or the name of a field: a letter, then letters, digits or _."
            )
        if target in taken:
            raise InvalidInput(place, f"Another column is {target} already; leave one out.")
        taken.add(target)
    if ADDRESS not in taken:
        raise InvalidInput(
            "columns", "Say which column is email: who is in a row, nothing else does."
        )
