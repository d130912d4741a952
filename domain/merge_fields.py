"""The fields of a contact that templates merge: their names, values and limits."""

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from domain.errors import InvalidInput, escaped
from domain.unicode_text import is_sendable, is_unicode_text

FieldValue = str | int | float | bool
MergeFields = Mapping[str, FieldValue]

MAX_FIELDS = 50
MAX_FIELDS_BYTES = 2_048
MAX_WHOLE_NUMBER = 2**53 - 1
"""What every reader of JSON agrees on (RFC 8259, section 6)."""
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
RESERVED_FIELD = "email"


def checked_fields(fields: MergeFields) -> MergeFields:
    """An unchangeable copy of `fields`. Raises InvalidInput when a limit is passed."""
    if len(fields) > MAX_FIELDS:
        raise InvalidInput("fields", f"At most {MAX_FIELDS} fields for one contact.")
    for name, value in fields.items():
        check_name(name)
        _check_value(name, value)
    size = sum(len(name.encode()) + len(str(value).encode()) for name, value in fields.items())
    if size > MAX_FIELDS_BYTES:
        raise InvalidInput("fields", f"At most {MAX_FIELDS_BYTES} bytes of fields for one contact.")
    return MappingProxyType(dict(fields))


def check_name(name: str) -> None:
    """Raises InvalidInput."""
    if not is_unicode_text(name):
        raise InvalidInput("fields", "A field name holds characters that are not Unicode text.")
    if not FIELD_NAME.fullmatch(name):
        raise InvalidInput(
            f"fields/{escaped(name)}",
            "A field name is a letter, then letters, digits or _, at most 64.",
        )
    if name == RESERVED_FIELD:
        raise InvalidInput("fields/email", "The address is merged as email; leave it out here.")


def _check_value(name: str, value: FieldValue) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"fields/{name}", "Not a number; leave it out where there is none.")
    if isinstance(value, int) and abs(value) > MAX_WHOLE_NUMBER:
        raise InvalidInput(
            f"fields/{name}", f"At most {MAX_WHOLE_NUMBER}; give a longer one as text."
        )
    if isinstance(value, str) and not is_sendable(value):
        raise InvalidInput(
            f"fields/{name}", "It holds NUL, or characters that are not Unicode text."
        )
