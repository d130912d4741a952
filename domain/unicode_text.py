"""Text that can be stored and sent."""


def is_unicode_text(text: str) -> bool:
    """Whether `text` can be written in UTF-8: it has no lone surrogates (RFC 3629, section 3)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
