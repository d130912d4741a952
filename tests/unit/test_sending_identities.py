"""Senders are named in any spelling, and written in one."""

import pytest

from domain.errors import InvalidInput
from domain.sending_identities import SendingIdentities, from_header, readable

NEWS = "News <news@xn--bcher-kva.example>"
NAMED = "=?utf-8?q?B=C3=BCcher?= <books@xn--bcher-kva.example>"
IDENTITIES = SendingIdentities((NEWS, NAMED, "plain@example.com"))


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (NEWS, NEWS),
        ("news@xn--bcher-kva.example", NEWS),
        ("news@bücher.example", NEWS),
        (" News@BÜCHER.example ", NEWS),
        ("News <news@bücher.example>", NEWS),
        ("NEWS <news@bücher.example>", NEWS),
        ("books@bücher.example", NAMED),
        ("Bücher <books@bücher.example>", NAMED),
        (NAMED, NAMED),
        ("plain@example.com", "plain@example.com"),
    ],
)
def test_a_sender_is_named_in_either_form_of_its_domain(text: str, header: str) -> None:
    """What is sent is in ASCII, as SES has it."""
    assert IDENTITIES.named("from", text) == header


@pytest.mark.parametrize(
    "text",
    [
        "",
        "News",
        "other@bücher.example",
        "Other <news@bücher.example>",
        "news@bucher.example",
        "news@bücher.example, plain@example.com",
        "plain@example.com\r\nBcc: ann@example.com",
        "zoë@example.com",
    ],
)
def test_whoever_is_not_configured_is_refused(text: str) -> None:
    """Naming the field."""
    with pytest.raises(InvalidInput, match="SENDERS") as refused:
        IDENTITIES.named("reply_to", text)
    assert refused.value.field == "reply_to"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Bücher <news@bücher.example>", "Bücher <news@bücher.example>"),
        ("Larch & Ladle <news@example.com>", "Larch & Ladle <news@example.com>"),
        ("news@bücher.example", "news@bücher.example"),
    ],
)
def test_people_read_a_sender_in_its_own_letters(written: str, read: str) -> None:
    """Where it stands in the text of a mail."""
    assert readable(from_header(written)) == read


def test_no_sender_reads_as_none() -> None:
    """As a preview has it, where none is configured."""
    assert readable("") == ""
