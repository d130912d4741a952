"""E-mail addresses, in the one spelling in which they are stored and compared."""

import re
import unicodedata

from domain import domain_name
from domain.errors import InvalidInput

MAX_ADDRESS_OCTETS = 254
MAX_LOCAL_PART_OCTETS = 64
_LOCAL_PART = re.compile(r"[^\s@<>()\[\],;:\\\"]+")


def normalise_address(text: str) -> str:
    """The one spelling under which an address is stored and compared.

    Unicode NFC, surrounding white space off, lower case throughout. RFC 5321 section 2.4 lets a
    local part be case-sensitive; no provider in use treats it so, and two mails to one person
    would be the price. Raises InvalidInput on what cannot be an address (RFC 5321 section
    4.5.3.1, RFC 6531), so that no control character or second address reaches a header.
    """
    composed = unicodedata.normalize("NFC", text).strip().lower()
    # Lower case can have a composition that upper case has not.
    local, at, domain = unicodedata.normalize("NFC", composed).rpartition("@")
    domain = domain_name.in_its_own_letters(domain)
    address = f"{local}{at}{domain}"
    readable = (
        at
        and _LOCAL_PART.fullmatch(local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
        and domain_name.is_domain(domain)
        and address.isprintable()
    )
    if not readable:
        raise InvalidInput("email", "Not an e-mail address; write it as name@example.com.")
    if len(local.encode()) > MAX_LOCAL_PART_OCTETS or len(address.encode()) > MAX_ADDRESS_OCTETS:
        raise InvalidInput(
            "email",
            f"Too long: at most {MAX_LOCAL_PART_OCTETS} bytes before the @ "
            f"and {MAX_ADDRESS_OCTETS} in all (RFC 5321).",
        )
    return address


def in_ascii(address: str) -> str:
    """A normalised address with its domain as it is in the DNS, and in headers (RFC 5322)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain_name.in_ascii(domain)}"
