"""By which names a server without keys is asked, and from whose pages.

A page of the web may have its own name lead to 127.0.0.1 (DNS rebinding): then a browser lets it
read what is there, and only the Host header (RFC 9110, section 7.2) tells. Without that, it may
still send what needs no body, and the Origin header (RFC 6454, section 7) tells.
"""

from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import Response

from entrypoints.http import problems
from entrypoints.http.access import READERS_LINKS
from entrypoints.local.asgi import Message

_LOCALHOST = "localhost"
"""And all below it: never another machine (RFC 6761, section 6.3)."""


class TrustedHosts:
    """Those of this machine, and the one of the public URL."""

    def __init__(self, public_url: str) -> None:
        """Empty where nothing leads here but the loopback interface."""
        self._public = _host_of(public_url)

    def refusal(self, scope: Message) -> Response[str] | None:
        """None where the request may go on. Who sends no Host is no browser."""
        for host in _values(scope, b"host"):
            if not self._is_trusted(_host_of(f"//{host}")):
                return problems.problem(
                    HTTPStatus.MISDIRECTED_REQUEST,
                    "misdirected-request",
                    "The Host header is not of this server",
                    "Without API keys it answers to localhost, to 127.0.0.1 and to the host of "
                    "PUBLIC_URL: ask by one of these, or set PUBLIC_URL or REQUIRE_API_KEYS=true.",
                )
        if scope["path"].startswith(READERS_LINKS):
            # Their pages name no origin, and their tokens are their own proof.
            return None
        for origin in _values(scope, b"origin"):
            if not self._is_trusted(_host_of(origin)):
                return problems.problem(
                    HTTPStatus.FORBIDDEN,
                    "foreign-origin",
                    "The Origin header is of another site",
                    "Without API keys it answers to pages of localhost, of 127.0.0.1 and of "
                    "PUBLIC_URL: open the page there, or set PUBLIC_URL or REQUIRE_API_KEYS=true.",
                )
        return None

    def _is_trusted(self, host: str | None) -> bool:
        if not host:
            return False
        if host in {self._public, _LOCALHOST} or host.endswith(f".{_LOCALHOST}"):
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False


def _host_of(url: str) -> str | None:
    """Without its port, in lower case; None where there is none."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if host is None else host.removesuffix(".")


def _values(scope: Message, name: bytes) -> Sequence[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
