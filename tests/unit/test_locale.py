"""Language tags."""

import pytest

from domain.errors import InvalidInput
from domain.locale import normalise_locale


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("de", "de"),
        ("DE-at", "de-AT"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
        ("de-ch-1901", "de-CH-1901"),
        ("EN-US-X-TWAIN-AB-ABCD", "en-US-x-twain-ab-abcd"),
        ("de-de-U-CO-PHONEBK", "de-DE-u-co-phonebk"),
        ("zh-cmn-Hans-CN", "zh-cmn-Hans-CN"),
    ],
)
def test_one_spelling(text: str, locale: str) -> None:
    """Cased as RFC 5646 recommends, whichever way it was written, and stable."""
    assert normalise_locale(text) == locale
    assert normalise_locale(locale) == locale


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d",
        "de_AT",
        "de-",
        "-de",
        "de--AT",
        "de-AT\n",
        "dé",
        "de-a",
        "de-AT-BE",
        "1234",
        "a" * 36,
    ],
)
def test_no_language_tag(text: str) -> None:
    """What is not well-formed is refused."""
    with pytest.raises(InvalidInput) as refusal:
        normalise_locale(text)
    assert refusal.value.field == "locale"
