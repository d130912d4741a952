"""Text that can be stored and sent."""

import unicodedata

_NOT_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, surrogates, line and paragraph separators."""


def is_unicode_text(text: str) -> bool:
    """Whether `text` can be written in UTF-8: it has no lone surrogates (RFC 3629, section 3)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_one_line(text: str) -> bool:
    """Whether no reader can take `text` for more than a line, such as of a mail's header."""
    # Most is printable, and known to be so a hundred times as fast.
    return text.isprintable() or not any(
        unicodedata.category(character) in _NOT_IN_A_LINE for character in text
    )


def is_sendable(text: str) -> bool:
    """Whether `text` may be in a mail's body: text, without NUL (RFC 5322, section 2.2.3)."""
    return "\0" not in text and is_unicode_text(text)
