"""Values of fields as cells of a CSV file, and back.

CSV has no types. What reads as a number, as true or as false is one; text that reads so comes back
as that, and empty text not at all.
"""

import json
import math
import re

from domain.merge_fields import MAX_WHOLE_NUMBER, FieldValue

_WORDS = {"true": True, "false": False}
_WHOLE = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_REAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[+-][0-9]{2,3})?", re.ASCII)


def cell_of(value: FieldValue) -> str:
    """As JSON writes it, but for text, which is as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def value_of(cell: str) -> FieldValue:
    """What is written so; a number only where nothing is lost, as of `007`, `1.50` or `+1`."""
    if cell in _WORDS:
        return _WORDS[cell]
    number = _number(cell)
    return cell if number is None or repr(number) != cell else number


def _number(cell: str) -> int | float | None:
    if _WHOLE.fullmatch(cell):
        whole = int(cell)
        return whole if abs(whole) <= MAX_WHOLE_NUMBER else None
    if _REAL.fullmatch(cell):
        real = float(cell)
        return real if math.isfinite(real) else None
    return None
