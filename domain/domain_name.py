"""Domains of addresses, in their own letters and in ASCII (RFC 5890)."""

import re
import unicodedata
from functools import lru_cache

_ACE_PREFIX = "xn--"
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What RFC 3490, section 3.1, takes for a dot."""
_MAX_DOMAIN = 253
_MAX_LABEL = 63
_ASCII_IN_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_CATEGORIES_IN_LABEL = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
"""Letters, marks and digits (RFC 5892, section 2.1): no symbols, no emoji."""
_BETWEEN_LETTERS = frozenset("\u00b7\u0375\u05f3\u05f4\u30fb")
"""What some languages write within words (RFC 5892, appendix A), whatever is beside it."""


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
    # None is shorter in ASCII; and nothing longer is to be kept.
    return len(domain) <= _MAX_DOMAIN and _is_of_labels(domain)


@lru_cache(maxsize=1_024)  # Most of a list are at the same few.
def _is_of_labels(domain: str) -> bool:
    # No regular expression: one of so many characters takes long to compile, at every cold start.
    labels = domain.split(".")
    return (
        len(labels) > 1
        and all(map(_is_label, labels))
        and len(in_ascii(domain)) <= _MAX_DOMAIN
        # An address of a host, or no address at all (RFC 3696, section 2).
        and not labels[-1].isdecimal()
    )


def _is_label(label: str) -> bool:
    return (
        bool(label)
        and not label.startswith("-")
        and not label.endswith("-")
        # Of these only IDNs begin with xn-- (RFC 5891, section 4.2.3.1), and they are decoded.
        and label[2:4] != "--"
        and not unicodedata.category(label[0]).startswith("M")
        # What stands for other letters has to be written as those (RFC 5892, section 2.2).
        and unicodedata.normalize("NFKC", label) == label
        and (_ASCII_IN_LABEL.issuperset(label) or all(map(_is_in_label, label)))
        and len(label if label.isascii() else _encoded(label)) <= _MAX_LABEL
    )


def _is_in_label(char: str) -> bool:
    if char.isascii():
        return char in _ASCII_IN_LABEL
    return unicodedata.category(char) in _CATEGORIES_IN_LABEL or char in _BETWEEN_LETTERS


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
