"""Domains of addresses, in their own letters and in ASCII (RFC 5890)."""

import re
import unicodedata

_ACE_PREFIX = "xn--"
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What RFC 3490, section 3.1, takes for a dot."""
_MAX_DOMAIN = 253
_MAX_LABEL = 63
_ASCII_IN_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def in_its_own_letters(domain: str) -> str:
    """The Unicode form of a domain, whichever it is written in: both are one mailbox.

    A label that is no IDN's is left out, so that the domain is none (`is_domain`).
    """
    labels = [
        _decoded(label) if label.startswith(_ACE_PREFIX) else label for label in _DOTS.split(domain)
    ]
    return ".".join(labels)


def in_ascii(domain: str) -> str:
    """The form that is in the DNS, of a domain in its own letters."""
    return ".".join(label if label.isascii() else _encoded(label) for label in domain.split("."))


def is_domain(domain: str) -> bool:
    """Two labels or more (RFC 1035, section 2.3.1; RFC 5890)."""
    # No regular expression: one of so many characters takes long to compile, at every cold start.
    labels = domain.split(".")
    return len(domain) <= _MAX_DOMAIN and len(labels) > 1 and all(map(_is_label, labels))


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= _MAX_LABEL
        and not label.startswith("-")
        and not label.endswith("-")
        and all(char in _ASCII_IN_LABEL or not char.isascii() for char in label)
    )


def _encoded(label: str) -> str:
    return f"{_ACE_PREFIX}{label.encode('punycode').decode('ascii')}"


def _decoded(label: str) -> str:
    try:
        decoded = label.removeprefix(_ACE_PREFIX).encode("ascii").decode("punycode")
        spelled = _encoded(decoded)
    except UnicodeError:
        return ""
    canonical = unicodedata.normalize("NFC", decoded).lower()
    return decoded if spelled == label and decoded == canonical and not decoded.isascii() else ""
