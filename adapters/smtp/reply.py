"""What an SMTP server answers (RFC 5321, section 4.2), with its status codes (RFC 3463)."""

import re
from dataclasses import dataclass

_MAX_LINE_OCTETS = 2_048
"""RFC 5321, section 4.5.3.1.5, allows 512; some servers tell more."""
_MAX_LINES = 128
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_STATUS = re.compile(rb"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?: |$)")

CLOSING = 421
"""The server ends the connection, whatever it was asked (RFC 5321, section 3.8)."""


class BrokenReplyError(Exception):
    """What came is no reply of SMTP."""


@dataclass(frozen=True, slots=True)
class Status:
    """An enhanced status code without its class, which the reply's own code tells."""

    subject: int
    detail: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A code and what was said with it, line by line."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def is_positive(self) -> bool:
        """The command was carried out (2yz)."""
        return self.code // 100 == 2  # noqa: PLR2004  the digit that RFC 5321 defines

    @property
    def is_transient(self) -> bool:
        """It was not, and may be another time (4yz)."""
        return self.code // 100 == 4  # noqa: PLR2004

    @property
    def is_permanent(self) -> bool:
        """It was not, and will not be (5yz)."""
        return self.code // 100 == 5  # noqa: PLR2004

    @property
    def status(self) -> Status | None:
        """As RFC 2034 has it in front of the text, if its class is that of the code."""
        found = _STATUS.match(self.lines[0])
        if found is None or int(found[1]) != self.code // 100:
            return None
        return Status(int(found[2]), int(found[3]))

    @property
    def text(self) -> str:
        """All lines without their status codes, in ASCII."""
        return b" ".join(_STATUS.sub(b"", line, count=1) for line in self.lines).decode(
            "ascii", "replace"
        )


class ReplyBuffer:
    """Takes octets as they come, and gives replies once they are whole; bounded."""

    def __init__(self) -> None:
        self._octets = b""
        self._lines: list[bytes] = []
        self._code = b""

    @property
    def is_empty(self) -> bool:
        """Whether nothing came that was not given."""
        return not self._octets and not self._lines

    def feed(self, octets: bytes) -> None:
        """Add what was received."""
        self._octets += octets

    def next(self) -> Reply | None:
        """None where more must come first. Raises BrokenReplyError."""
        while True:
            line, newline, rest = self._octets.partition(b"\n")
            if len(line) > _MAX_LINE_OCTETS or len(self._lines) >= _MAX_LINES:
                raise BrokenReplyError
            if not newline:
                return None
            self._octets = rest
            found = _LINE.fullmatch(line.removesuffix(b"\r"))
            if found is None or (self._lines and found[1] != self._code):
                raise BrokenReplyError
            self._code = found[1]
            self._lines.append(found[3] or b"")
            if found[2] != b"-":
                reply = Reply(int(self._code), tuple(self._lines))
                self._lines.clear()
                return reply
