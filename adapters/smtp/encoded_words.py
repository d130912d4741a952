"""Text in a header: as it is, or in encoded words (RFC 2047)."""

import re
from base64 import b64encode
from collections.abc import Iterator

_LONGEST_LINE = 900
"""Under the 998 octets of RFC 5322, section 2.1.1, with room for the header's name."""
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_OCTETS_A_WORD = 45
"""In base64 they are 60 characters: a word may have 75 (RFC 2047, section 2)."""


def header_text(text: str) -> str:
    """In ASCII, folded where it is long; what it decodes to is `text`, to the character."""
    if len(text) <= _LONGEST_LINE and _PLAIN.fullmatch(text) and "=?" not in text:
        return text
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in _words(text))


def _words(text: str) -> Iterator[bytes]:
    """No character is divided between two (RFC 2047, section 5)."""
    octets = text.encode()
    start = 0
    while start < len(octets):
        end = start + _OCTETS_A_WORD
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # noqa: PLR2004  RFC 3629, section 3
            end -= 1
        yield octets[start:end]
        start = end
