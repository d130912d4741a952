"""Languages of people, as BCP 47 tags."""

import re
from functools import lru_cache

from domain.errors import InvalidInput

MAX_LOCALE_CHARACTERS = 35
"""What implementations should have room for (RFC 5646, section 4.4.1)."""

_TAG = re.compile(
    r"([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})"  # language
    r"(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?"  # script, region
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",  # extensions, private use
    re.ASCII,
)
_SCRIPT_LETTERS = 4
_REGION_LETTERS = 2


@lru_cache(maxsize=256)  # A list of a million has a few dozen.
def normalise_locale(text: str) -> str:
    """The one spelling of a tag: case as RFC 5646, section 2.1.1, recommends.

    Well-formed is enough: what is registered changes from year to year. Raises InvalidInput.
    """
    lower = text.lower()
    if len(text) > MAX_LOCALE_CHARACTERS or not _TAG.fullmatch(lower):
        raise InvalidInput("locale", "Not a BCP 47 language tag; write it as en, de-AT or zh-Hant.")
    parts = lower.split("-")
    singles = [index for index, part in enumerate(parts) if len(part) == 1]
    # What follows a singleton is the extension's own.
    cased = range(1, min(singles, default=len(parts)))
    return "-".join(_cased(part) if index in cased else part for index, part in enumerate(parts))


def _cased(part: str) -> str:
    if len(part) == _REGION_LETTERS:
        return part.upper()
    if len(part) == _SCRIPT_LETTERS and part.isalpha():
        return part.title()
    return part
