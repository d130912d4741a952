"""From whom mails may come, and where answers may go: what the deployment is configured with."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import formataddr, getaddresses, parseaddr

from domain.address import in_ascii, normalise_address
from domain.errors import InvalidInput


def from_headers(text: str) -> Iterator[str]:
    """The addresses of `text`, each with its name, as a From header has it: in ASCII throughout.

    Raises InvalidInput.
    """
    if not text.isprintable():
        raise InvalidInput("from", "It holds a line break or another control character.")
    for name, address in getaddresses([text]):
        local, _, _ = address.rpartition("@")
        if not local.isascii():
            raise InvalidInput("from", "Only ASCII characters before the @.")
        yield formataddr((name, in_ascii(normalise_address(address))))


def from_header(text: str) -> str:
    """The same, of one. Raises InvalidInput."""
    headers = tuple(from_headers(text))
    if len(headers) != 1:
        raise InvalidInput("from", "Exactly one address.")
    return headers[0]


def address_of(header: str) -> str:
    """Without the name."""
    return parseaddr(header)[1]


def readable(header: str) -> str:
    """A From header as people read it: its name not encoded, its domain in its own letters."""
    name, address = parseaddr(header)
    if not address:
        return header
    address = normalise_address(address)
    shown = str(make_header(decode_header(name)))
    return f"{shown} <{address}>" if shown else address


@dataclass(frozen=True)
class SendingIdentities:
    """From headers, each an address or a name and an address."""

    headers: tuple[str, ...]

    def named(self, field: str, text: str) -> str:
        """The header that `text` names, by its address or as it is. Raises InvalidInput.

        A domain may be written in its own letters or in ASCII.
        """
        try:
            wanted = from_header(text).lower()
        except InvalidInput:
            wanted = ""
        for header in self.headers:
            if wanted in {header.lower(), address_of(header)}:
                return header
        raise InvalidInput(
            field, "None of the deployment's senders; give the address of one (SENDER, SENDERS)."
        )
