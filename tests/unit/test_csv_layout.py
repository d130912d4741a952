"""How a CSV file is written: as spreadsheets do it."""

import pytest

from domain.contact_import import CsvPosition, ImportPlan
from domain.csv_layout import SAMPLE_BYTES, layout_of, targets_of
from domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter", "offset"),
    [
        (b"\xef\xbb\xbfEmail,Name\r\n", "utf-8", ",", 15),
        (b"\xef\xbb\xbfEmail;Name\r\n", "utf-8", ";", 15),
        (b"\xff\xfe" + "Email\tName\r\n".encode("utf-16-le"), "utf-16-le", "\t", 26),
        (b"\xfe\xff" + "Email\tName\r\n".encode("utf-16-be"), "utf-16-be", "\t", 26),
        ("Email;Größe\n".encode("cp1252"), "cp1252", ";", 12),
        ("Email|Größe\n".encode(), "utf-8", "|", 14),
        (b"sep=;\r\nEmail;a,b,c,d\r\n", "utf-8", ";", 22),
        (b'"Email"\r', "utf-8", ",", 8),
    ],
)
def test_a_file_of_a_spreadsheet_is_understood(
    data: bytes, encoding: str, delimiter: str, offset: int
) -> None:
    """Encoding, separator, and where the rows begin."""
    layout, position = layout_of(data, ImportPlan(), is_whole=True)
    assert (layout.encoding, layout.delimiter) == (encoding, delimiter)
    assert layout.header[0] == "Email"
    assert position == CsvPosition(offset, 3 if data.startswith(b"sep") else 2)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("given", [None, "utf-16"])
@pytest.mark.parametrize("cut", [0, 1])
def test_utf_16_is_known_without_its_mark(encoding: str, given: str | None, cut: int) -> None:
    """Also with letters whose other byte is NUL, and where the sample ends within one."""
    data = "Email;Name\na@example.com;Āris Łukasz €\n".encode(encoding)
    plan = ImportPlan(encoding=given)
    layout, position = layout_of(data[: len(data) - cut], plan, is_whole=False)
    assert (layout.encoding, layout.header) == (encoding, ("Email", "Name"))
    assert position == CsvPosition(22, 2)


@pytest.mark.parametrize(
    "data",
    [
        "Почта;Имя клиента;Город;Область\n".encode("utf-16-le"),
        "Email;Name\n".encode("utf-16-le").replace(b"N\0", b"\0\0"),
        b"Email;Na\0me\n",
        b"\0\0\0\0\0\0\0\0\n",
    ],
)
def test_what_may_be_utf_16_is_told(data: bytes) -> None:
    """Where it may be broken text as well, nothing is guessed; given by name it is read."""
    with pytest.raises(InvalidInput, match="UTF-16 without its mark looks so: save the file as U"):
        layout_of(data, ImportPlan(columns={"Почта": "email"}), is_whole=True)


def test_utf_16_that_is_given_by_name_needs_no_mark() -> None:
    """Of whatever letters."""
    plan = ImportPlan(columns={"Почта": "email"}, encoding="utf-16")
    data = "Почта;Имя клиента;Город;Область\n".encode("utf-16-le")
    assert layout_of(data, plan, is_whole=True)[0].header[0] == "Почта"


def test_a_sample_may_end_within_a_character() -> None:
    """That does not make it Windows-1252."""
    data = "Email;ü".encode()[:-1] + b"\n"
    assert layout_of(b"Email\n\xc3", ImportPlan(), is_whole=False)[0].encoding == "utf-8"
    assert layout_of(data, ImportPlan(), is_whole=True)[0].encoding == "cp1252"


def test_what_is_said_counts() -> None:
    """Over what the file looks like."""
    plan = ImportPlan(encoding="windows-1252", delimiter=",")
    layout, _ = layout_of("Email,a;b;c;ü\n".encode(), plan, is_whole=True)
    assert (layout.encoding, layout.delimiter) == ("cp1252", ",")
    assert layout.header == ("Email", "a;b;c;Ã¼")


def test_columns_are_taken_by_their_names() -> None:
    """Fitted to what a field may be called."""
    header = ("E-Mail", "First Name", "Größe", "2024", "Language", "?", "plan")
    assert targets_of(ImportPlan(), header) == (
        "email",
        "first_name",
        "grosse",
        "_2024",
        "locale",
        "column_6",
        "plan",
    )


def test_a_delimiter_within_quotes_is_none() -> None:
    """Also where the header could not even be read by it."""
    data = b'Email,"Name;"\r\na@example.com,Ann\r\n'
    layout, _ = layout_of(data, ImportPlan(), is_whole=True)
    assert (layout.delimiter, layout.header) == (",", ("Email", "Name;"))


@pytest.mark.parametrize(
    ("data", "columns", "delimiter", "header"),
    [
        (
            "Email;Name (last, first, middle)\na@example.com;Ann, Bo, Cy\n",
            {},
            ";",
            ("Email", "Name (last, first, middle)"),
        ),
        ("Wer;Name, Ort, Tarif\na@x.de;Ann\n", {"Wer": "email"}, ";", ("Wer", "Name, Ort, Tarif")),
        # By the comma it has an address, too, and more columns, but no row is so wide.
        ("Email;Name (first, mail, last)\na@x.de;Ann\n", {}, ";", None),
        ("Email,Tags\na@x.de,x;y;z\nb@x.de,u;v;w\n", {}, ",", ("Email", "Tags")),
        ("Email\tName; City, Zip\n", {}, "\t", ("Email", "Name; City, Zip")),
    ],
)
def test_the_delimiter_is_one_by_which_the_columns_are_found(
    data: str, columns: dict[str, str], delimiter: str, header: tuple[str, ...] | None
) -> None:
    """However often another one is in the header; of several, one that fits the rows."""
    layout, _ = layout_of(data.encode(), ImportPlan(columns=columns), is_whole=True)
    assert layout.delimiter == delimiter
    assert header in (None, layout.header)


def test_the_longest_header_is_read() -> None:
    """In any encoding, from the sample."""
    data = ("Email;" + "\N{GRINNING FACE}" * 19_990 + "\n").encode()
    layout, _ = layout_of(data[:SAMPLE_BYTES], ImportPlan(), is_whole=False)
    assert len("".join(layout.header)) == 19_995


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"Email," + b"x" * SAMPLE_BYTES, "over 65536 characters"),
        (("\ufeffEmail," + "x" * SAMPLE_BYTES).encode("utf-16-le"), "shorten it to 20000"),
        (('\ufeff"Email\n' + "x\n" * SAMPLE_BYTES).encode("utf-16-le"), "close its quotes"),
        (b"\r\n" * SAMPLE_BYTES, "empty lines; take them out"),
    ],
    ids=["long", "long in UTF-16", "quote", "empty"],
)
def test_a_header_that_does_not_end_in_the_sample_is_told(data: bytes, word: str) -> None:
    """It is not that there is none."""
    with pytest.raises(InvalidInput) as refused:
        layout_of(data[:SAMPLE_BYTES], ImportPlan(), is_whole=False)
    assert refused.value.field == "columns"
    assert word in refused.value.detail


def test_the_columns_of_an_export_are_what_they_were() -> None:
    """Its ids and statuses are left out; a field of such a name is not."""
    header = ("contact_id", "email", "status", "locale", "fields.status", "Plan")
    assert targets_of(ImportPlan(), header) == (None, "email", None, "locale", "status", "Plan")


@pytest.mark.parametrize(
    ("data", "plan", "field", "word"),
    [
        (b"", ImportPlan(), "columns", "no header"),
        (b"\n\n", ImportPlan(), "columns", "no header"),
        (b"Name;City\n", ImportPlan(), "columns", "Name, City"),
        (b"Email,A b,a-b\n", ImportPlan(), "columns", "a_b"),
        (b"Email\n", ImportPlan(columns={"Mail": "email"}), "columns/Mail", "Email"),
        (b"Email\n", ImportPlan(columns={"Email": "address"}), "columns", "email"),
        (b'"Email\nb\n', ImportPlan(), "columns", "quote"),
        (b"Email," + b"x" * 20_000 + b"\n", ImportPlan(), "columns", "20000 characters"),
        (b"PK\x03\x04\x14\0\6\0[Content_Types].xml", ImportPlan(), "columns", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", ImportPlan(), "columns", "save it as CSV"),
        (b"\x1f\x8b\x08\0", ImportPlan(encoding="utf-8"), "columns", "compressed"),
        (b"Email\n", ImportPlan(encoding="latin-9"), "encoding", "utf-8"),
        (b"Email\n", ImportPlan(delimiter=":"), "delimiter", "semicolon"),
    ],
)
def test_what_cannot_be_read_says_what_to_mend(
    data: bytes, plan: ImportPlan, field: str, word: str
) -> None:
    """With what the file has."""
    with pytest.raises(InvalidInput) as refused:
        layout_of(data, plan, is_whole=True)
    assert refused.value.field == field
    assert word in refused.value.detail
