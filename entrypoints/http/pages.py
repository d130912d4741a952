"""The pages behind the links in mails: plain HTML, nothing from elsewhere, no script."""

import base64
import hashlib
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

HTML = "text/html; charset=utf-8"

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:36rem}"
    "main{padding:3rem 1.25rem}"
    "h1{font-size:1.6rem;line-height:1.25}"
    "fieldset{border:0;margin:0 0 1.5rem;padding:0}legend{margin-bottom:.5rem;padding:0}"
    "label{display:block;padding:.5rem 0}"
    "button{border:2px solid;border-radius:.5rem;cursor:pointer;font:inherit;padding:.6rem 1.4rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # The path is a key of its own: nobody else is to be sent it, and nobody is to keep it.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def described_pages(*statuses: HTTPStatus) -> dict[int, Any]:
    """For OpenAPI: pages with these statuses, and the one that asks to try again."""
    return {
        status.value: {
            "description": status.phrase,
            "content": {HTML: {"schema": {"type": "string"}}},
        }
        for status in (*statuses, HTTPStatus.SERVICE_UNAVAILABLE)
    }


def unknown_page() -> Response[str]:
    """404: the link was cut, or is not ours."""
    return page(
        HTTPStatus.NOT_FOUND,
        "This link does not work",
        "<p>It is not complete, or not one of ours. Open it from the mail once more, or copy all "
        "of it. Nothing was changed.</p>\n",
    )


def failed_page(form: str) -> Response[str]:
    """503: nobody knows whether it was done, and it may be repeated."""
    return page(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "That did not work",
        f"<p>We could not write it down just now. Please try again in a minute.</p>\n{form}",
        {"Retry-After": "60"},
    )


def page(
    status: HTTPStatus, title: str, content: str, headers: dict[str, str] | None = None
) -> Response[str]:
    """One of them; `content` is HTML."""
    return Response(
        status_code=status,
        content_type=HTML,
        headers={**_HEADERS, **(headers or {})},
        body=(
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
            f"<h1>{title}</h1>\n{content}</main>\n</body>\n</html>\n"
        ),
    )
