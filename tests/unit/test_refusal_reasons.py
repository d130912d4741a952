"""What refuses a row: docs/audience.md has every reason, and none that there is not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from domain import address, contact, csv_contact, csv_rows, locale, merge_fields
from domain.contact import ContactDraft
from tests.unit.test_import_contacts import Importing

DOCS = Path(__file__).parents[2] / "docs" / "audience.md"
GIVE_REASONS = (csv_rows, csv_contact, contact, address, merge_fields, locale)
"""What a row goes through."""
NOT_OF_A_ROW = {
    # Columns are given names that fit, and cells are text that was checked before.
    "A field name holds characters that are not Unicode text.",
    "A field name is a letter, then letters, digits or _, at most 64.",
    "The address is merged as email; leave it out here.",
    "Not a number; leave it out where there is none.",
    "At most 9007199254740991; give a longer one as text.",
    "It holds NUL, or characters that are not Unicode text.",
}
FULL = b"email;" + b";".join(b"f%d" % number for number in range(51)) + b"\n"
EXAMPLES: dict[str, bytes] = {
    "There is no address; each row needs one.": b"email;x\n;y\n",
    "Not an e-mail address; write it as name@example.com.": b"email\nAnn\n",
    "Too long: at most 64 bytes before the @ and 254 in all (RFC 5321).": (
        b"email\n" + b"a" * 65 + b"@example.com\n"
    ),
    "Not a BCP 47 language tag; write it as en, de-AT or zh-Hant.": (
        b"email;locale\na@example.com;German, I think\n"
    ),
    "No such time zone; use an IANA name such as Europe/Berlin.": (
        b"email;time_zone\na@example.com;Berlin\n"
    ),
    "Consent needs both its source and its time; give both, or neither.": (
        b"email;consent_source;consent_at\na@example.com;;2026-11-29\n"
    ),
    "One line of 1 to 200 characters, none of them a control.": (
        b'email;consent_source;consent_at\na@example.com;"a\nb";2026-11-29\n'
    ),
    "No time; write it as 2026-11-29 or 2026-11-29T09:00:00Z.": (
        b"email;consent_source;consent_at\na@example.com;Fair;29.11.2026\n"
    ),
    "At most 50 fields for one contact.": FULL + b"a@example.com" + b";x" * 51 + b"\n",
    "At most 2048 bytes of fields for one contact.": (
        b"email;x\nknown@example.com;" + b"x" * 2_040 + b"\n"
    ),
    "… cells, where the header has …; quote what has a separator.": (
        b"email;x\na@example.com;b;c\n"
    ),
    "… cells; at most 500.": b"email;x\na@example.com" + b";" * 500 + b"\n",
    "A quote is not closed, or the row is longer than 65536 characters; "
    "write a quote within quotes twice.": b'email;x\na@example.com;"b\n',
    "The line has over 65536 characters, more than a row may; "
    "shorten it, or break it where its rows end.": (
        b"email;x\na@example.com;" + b"x" * 65_536 + b"\n"
    ),
    "Bytes that are not …; say what the file is in as `encoding`.": (
        b"\xef\xbb\xbfemail;x\na@example.com;\xff\n"
    ),
    "A control character; take it out.": b"email;x\na@example.com;\x1b\n",
    "A control character, NUL; text in UTF-16 without its mark looks so: "
    "save the file as UTF-8, or take it out.": b"email;x\na@example.com;\0\n",
    "A control character from U+0080 to U+009F, as of text that was read in a wrong encoding "
    "before it was saved; save it anew as UTF-8, or take it out.": (
        b"email;x\na@example.com;\xc2\x80\n"
    ),
    "Half a character at the end of the file: it was cut off; upload all of it.": (
        "email;x\na@example.com;y".encode("utf-16") + b"y"
    ),
}


def sentences(module: ModuleType) -> Iterator[str]:
    """All that a module may say, docstrings aside; `…` for what is only known when it is said."""
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    docstrings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    parts = {
        id(part)
        for each in ast.walk(tree)
        if isinstance(each, ast.JoinedStr)
        for part in each.values
    }
    for node in ast.walk(tree):
        if id(node) in docstrings | parts or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = "".join(said(part, module) for part in getattr(node, "values", [node]))
        if re.search(r"\w\W*\.$", text):
            yield text


def said(part: ast.expr, module: ModuleType) -> str:
    """A part of a text."""
    if isinstance(part, ast.Constant):
        return part.value if isinstance(part.value, str) else ""
    assert isinstance(part, ast.FormattedValue)
    if isinstance(part.value, ast.Name) and part.value.id in vars(module):
        return str(vars(module)[part.value.id])
    return "…"


def documented() -> list[str]:
    """In the order of the page."""
    section = DOCS.read_text(encoding="utf-8").partition("### What refuses a row\n")[2]
    table = section.partition("\n## ")[0].partition("| --- | --- |\n")[2]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line]


def test_the_docs_have_every_reason_and_no_other() -> None:
    """As it is said, by whatever a row goes through."""
    found = {text for module in GIVE_REASONS for text in sentences(module)}
    assert set(documented()) == found - NOT_OF_A_ROW
    assert found >= NOT_OF_A_ROW


def test_each_reason_of_the_docs_is_tried() -> None:
    """By the test that follows."""
    assert documented() == list(EXAMPLES)


@pytest.mark.parametrize("reason", EXAMPLES)
def test_a_row_is_refused_for_each_reason(reason: str) -> None:
    """In a dry run as for real, and nothing but the row."""
    pattern = r"(\w+: )?" + ".+".join(map(re.escape, reason.split("…")))
    for dry_run in (True, False):
        sentinel = Importing()
        sentinel.contacts.put([ContactDraft.of("known@example.com", {"tier": "gold", "no": 123})])
        job = sentinel.ended(sentinel.begin(EXAMPLES[reason], dry_run=dry_run))
        (refused,) = sentinel.refused(job)
        assert re.fullmatch(pattern, refused.reason), refused.reason
        assert job.counts.rows == 1
