"""SMTP_URL: which server mails are handed to, and how it is spoken to.

`smtp://user:password@host:port?tls=required`, or `smtps://` for TLS from the first byte.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from domain.errors import InvalidInput

SETTING = "SMTP_URL"

_PORTS = {"smtp": 587, "smtps": 465}
"""Submission, with STARTTLS and with TLS at once (RFC 6409; RFC 8314, section 3.3)."""
_LAST_PORT = 65_535
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]*:[0-9a-f:.]*")
"""A name, or an address of IPv4 or IPv6; in lower case, as urlsplit has it."""


class Tls(StrEnum):
    """How a connection is kept from others."""

    OFF = "off"
    OPPORTUNISTIC = "opportunistic"
    """STARTTLS where it is offered, with whoever answers: against listening, not against lying."""
    REQUIRED = "required"
    """STARTTLS with the host that was named, or no mail."""
    AT_ONCE = "at once"
    """Likewise, without STARTTLS."""

    @property
    def is_certain(self) -> bool:
        """Whether nobody else can be at the other end."""
        return self in {Tls.REQUIRED, Tls.AT_ONCE}


@dataclass(frozen=True, slots=True)
class Credentials:
    """For AUTH."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Credentials go to nobody but this host: it proves who it is, or is on this machine."""

    host: str
    port: int
    tls: Tls
    credentials: Credentials | None = None

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Raises InvalidInput naming SMTP_URL; its text holds nothing of what may be a secret."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            # Its text would quote what stands where a host or a port should.
            raise _wrong(
                "Its host or its port cannot be read; escape / ? # @ : in a password (%40 for @)."
            ) from None
        if parts.scheme not in _PORTS:
            raise _wrong("It begins with smtp:// or smtps://.")
        if not _HOST.fullmatch(host) or parts.path not in {"", "/"}:
            raise _wrong(
                "Write it as smtp://host or smtp://user:password@host:587, with the host"
                " in ASCII; escape / ? # @ : in a password (%40 for @)."
            )
        if port == 0:
            raise _wrong(f"A port is 1 to {_LAST_PORT}.")
        credentials = _credentials(parts)
        tls = _tls(parts, is_loopback=_is_loopback(host))
        if credentials and not tls.is_certain and not _is_loopback(host):
            raise _wrong(
                "A password is sent to nobody who might listen or lie: leave tls out, or"
                " leave the user and the password out."
            )
        return cls(host, port or _PORTS[parts.scheme], tls, credentials)


def _credentials(parts: SplitResult) -> Credentials | None:
    if parts.username is None and parts.password is None:
        return None
    if not parts.username or not parts.password:
        raise _wrong("A user comes with a password, and a password with a user.")
    user, password = unquote(parts.username), unquote(parts.password)
    if "\0" in user + password:
        raise _wrong("Neither user nor password holds NUL.")
    return Credentials(user, password)


def _tls(parts: SplitResult, *, is_loopback: bool) -> Tls:
    try:
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
    except ValueError:
        options = {} if not parts.query else {"?": ""}
    asked = options.pop("tls", None)
    if options or parts.fragment:
        raise _wrong("The only option is tls; escape ? and # in a password (%3F, %23).")
    if parts.scheme == "smtps":
        if asked is not None:
            raise _wrong("smtps:// is TLS from the first byte; leave tls out.")
        return Tls.AT_ONCE
    if asked is None:
        return Tls.OFF if is_loopback else Tls.REQUIRED
    if asked not in {Tls.OFF, Tls.OPPORTUNISTIC, Tls.REQUIRED}:
        raise _wrong("tls is required, opportunistic or off.")
    return Tls(asked)


def _is_loopback(host: str) -> bool:
    """By the name alone: nobody is asked (RFC 6761, section 6.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(detail: str) -> InvalidInput:
    return InvalidInput(SETTING, detail)
