"""Where webhooks may go, as far as a URL alone tells."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from domain.domain_name import is_domain
from domain.errors import InvalidInput
from domain.public_address import is_public

MAX_URL_CHARACTERS = 2_000
PORTS = frozenset({443, 8443})
"""Of HTTPS, and what people take where that is in use: at no other port another protocol listens
that a request could be made to speak."""

_PORTS_OF_SCHEMES = {"https": 443, "http": 80}
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".arpa")
"""What is told of no name on the internet (RFC 6761, RFC 6762; ICANN's `internal`)."""


@dataclass(frozen=True)
class WebhookUrl:
    """A URL in its parts: `host` is a name in ASCII or an address, without brackets."""

    is_secure: bool
    host: str
    port: int
    target: str
    """Path and query, as they are asked for."""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = _PORTS_OF_SCHEMES["https" if self.is_secure else "http"]
        return host if self.port == default else f"{host}:{self.port}"

    @property
    def is_address(self) -> bool:
        """Whether there is no name to resolve."""
        return _is_address(self.host)


def parsed_url(text: str, *, allow_private: bool = False) -> WebhookUrl:
    """`text` in its parts. Raises InvalidInput naming `url`.

    With `allow_private` http, any port and any host will do: for a machine of one's own. What a
    name resolves to is for whoever connects.
    """
    if len(text) > MAX_URL_CHARACTERS or not text.isascii() or not text.isprintable():
        raise InvalidInput("url", f"At most {MAX_URL_CHARACTERS} printable ASCII characters.")
    if " " in text or "\\" in text:
        raise InvalidInput("url", "Write spaces as %20, and no backslash.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidInput("url", "Not a URL; write it as https://example.com/hooks.") from None
    schemes = {"https", "http"} if allow_private else {"https"}
    if parts.scheme not in schemes:
        raise InvalidInput("url", "Write it as https://example.com/hooks; http is not encrypted.")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("url", "No user and password; the signature proves who sends it.")
    if parts.fragment:
        raise InvalidInput("url", "No fragment (#): a server is not told of it.")
    host = (parts.hostname or "").rstrip(".")
    port = _PORTS_OF_SCHEMES[parts.scheme] if port is None else port
    if not allow_private:
        _check_public(host, port)
    elif not host:
        raise InvalidInput("url", "It names no host.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebhookUrl(parts.scheme == "https", host, port, target)


def _check_public(host: str, port: int) -> None:
    if port not in PORTS:
        raise InvalidInput("url", "Port 443 or 8443.")
    if _is_address(host):
        if not is_public(host):
            raise InvalidInput("url", "The address is not on the public internet.")
    elif not is_domain(_letters(host)) or host.endswith(_LOCAL_NAMES):
        raise InvalidInput("url", "The host is no name on the public internet.")


def _letters(host: str) -> str:
    # What is written as xn-- stays what it is: only whether it can be a name is asked.
    return host.replace("xn--", "xn-")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
