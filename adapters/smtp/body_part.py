"""One text of a mail, encoded for its way (RFC 2045)."""

from base64 import encodebytes
from binascii import b2a_qp

_LONGEST_LINE = 998
"""Octets, without its end (RFC 5322, section 2.1.1)."""
_ASCII = bytes(range(128))
_MOST_NOT_ASCII = 1 / 6
"""Of a text's octets: where there are more, base64 is shorter than quoted-printable."""


def body_part(subtype: str, text: str, *, eight_bit: bool) -> bytes:
    """With its headers; ends with the end of a line. Raises UnicodeEncodeError.

    As it is where that can be sent: `eight_bit` tells whether other characters than those of ASCII
    can. Encoded else; what is read then is `text`, but for line breaks, which are CRLF.
    """
    octets = text.encode()
    lines = octets
    if b"\r" in octets:
        lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _is_sendable(lines):
        if text.isascii():
            return _head(subtype, b"7bit") + _with_crlf(lines)
        if eight_bit:
            return _head(subtype, b"8bit") + _with_crlf(lines)
    not_ascii = len(octets.translate(None, _ASCII))
    if not_ascii > _MOST_NOT_ASCII * len(octets):
        encoded = encodebytes(lines.replace(b"\n", b"\r\n"))
        return _head(subtype, b"base64") + encoded.replace(b"\n", b"\r\n")
    return _head(subtype, b"quoted-printable") + _with_crlf(b2a_qp(lines))


def _is_sendable(lines: bytes) -> bool:
    """As it is, if not too long and without NUL (RFC 2045, sections 2.7 and 2.8)."""
    if b"\0" in lines:
        return False
    end = -1
    while len(lines) - end - 1 > _LONGEST_LINE:
        # The last end of a line that is near enough: those before it are nearer.
        end = lines.rfind(b"\n", end + 1, end + _LONGEST_LINE + 2)
        if end < 0:
            return False
    return True


def _head(subtype: str, encoding: bytes) -> bytes:
    return b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n" % (
        subtype.encode("ascii"),
        encoding,
    )


def _with_crlf(lines: bytes) -> bytes:
    return lines.replace(b"\n", b"\r\n") + b"\r\n"
