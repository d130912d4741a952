"""Stored files: what objects may be called, and what a browser saves them as."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from domain.errors import InvalidInput

MAX_NAME_CHARACTERS = 1_024
"""Of an object, all of it ASCII (Amazon S3, "Naming Amazon S3 objects")."""
MAX_FILENAME_CHARACTERS = 100

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_FORBIDDEN = re.compile(r'[\\/:*?"<>|%;]')
"""In the name of a file on some system, or in a header's parameter as some browser reads it."""


@dataclass(frozen=True)
class Permission:
    """What a signed URL allows: one `method`, on one object.

    `disposition` is the header Content-Disposition of the answer to a GET.
    """

    method: str
    name: str
    disposition: str


def checked_name(name: str) -> str:
    """`name`, where an object may be called so. Raises InvalidInput.

    No step of it begins with a dot: `..` leads out of a folder wherever names are paths.
    """
    if len(name) > MAX_NAME_CHARACTERS or not _NAME.fullmatch(name):
        raise InvalidInput(
            "name",
            "Steps of ASCII letters, digits, '-', '_' and '.', with '/' between them; none begins "
            f"with a dot; at most {MAX_NAME_CHARACTERS} characters.",
        )
    return name


def attachment(filename: str) -> str:
    """The Content-Disposition by which a browser saves what it gets as `filename`.

    What no file may be called is taken out of it (RFC 6266, section 4.3); a name beyond ASCII is
    given in both of its forms (section 5).
    """
    printable = "".join(each if each.isprintable() else "_" for each in filename)
    name = _FORBIDDEN.sub("_", printable).strip(". ")[:MAX_FILENAME_CHARACTERS] or "file"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "file"
    header = f'attachment; filename="{plain}"'
    if name != plain:
        header += f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return header
