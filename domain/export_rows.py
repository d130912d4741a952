"""What the CSV file of an export is made of (RFC 4180; UTF-8 with the mark that Excel asks for)."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from domain.contact import Contact
from domain.contact_status import ContactStatus
from domain.csv_cells import cell_of
from domain.merge_fields import FieldValue

ABOUT_EVERYBODY = (
    "contact_id",
    "email",
    "status",
    "locale",
    "time_zone",
    "consent_source",
    "consent_at",
)
"""The first columns."""

_FORMULA = re.compile(
    # At the beginning of a cell ...
    r"\A(?=[\"' ]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\x00])"
    # ... or of what is one to a program that takes another character for the separator.
    r"|(?<=[,;|\t\r\n])(?=[\"' ]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)


def header(fields: Sequence[str]) -> bytes:
    """The byte order mark and the first line.

    A field that is called as one of the first columns is headed `fields.` and its name.
    """
    names = [f"fields.{name}" if name in ABOUT_EVERYBODY else name for name in fields]
    return "\ufeff".encode() + _lines([[*ABOUT_EVERYBODY, *names]])


def rows(
    contacts: Iterable[tuple[Contact, ContactStatus]],
    fields: Sequence[str],
    *,
    spreadsheet_safe: bool,
) -> bytes:
    """A line for each contact. Safe is what no spreadsheet takes for a formula."""
    lines = ([*_about(*each), *_values(each[0], fields)] for each in contacts)
    if spreadsheet_safe:
        return _lines([_safe(cell) for cell in line] for line in lines)
    return _lines([cell_of(cell) for cell in line] for line in lines)


def _about(contact: Contact, status: ContactStatus) -> tuple[FieldValue, ...]:
    consent = contact.consent
    return (
        contact.contact_id,
        contact.address,
        status.value,
        contact.locale or "",
        contact.time_zone or "",
        "" if consent is None else consent.source,
        "" if consent is None else _moment(consent.at),
    )


def _values(contact: Contact, fields: Sequence[str]) -> Iterable[FieldValue]:
    return (contact.fields.get(name, "") for name in fields)


def _moment(moment: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond where there is a fraction."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _safe(value: FieldValue) -> str:
    """With an apostrophe wherever text could begin a formula (OWASP, CSV Injection)."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else cell_of(value)


def _lines(lines: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(lines)
    return written.getvalue().encode()
