"""Asking for pages by the standard library."""

from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from domain.errors import DependencyUnavailable

_SECONDS = 10
_AGENT = "sentinel-preflight"


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401  what the standard library hands it
        """None: the answer is as it is."""


class UrllibWeb:
    """Implements `domain.ports.web.Web`; reads no body."""

    def status(self, url: str) -> int:
        """A GET."""
        try:
            request = Request(url, headers={"User-Agent": _AGENT})  # noqa: S310  as configured
            with build_opener(_NoRedirects).open(request, timeout=_SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise DependencyUnavailable(f"HTTP: {type(reason).__name__}") from error
