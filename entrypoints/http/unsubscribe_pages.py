"""The pages behind an unsubscribe link: plain HTML, nothing from elsewhere, no script."""

import base64
import hashlib
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from domain.suppression import SuppressionScope

HTML = "text/html; charset=utf-8"
SCOPE_FIELD = "scope"

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
# Without an action a form is sent to where it came from.
_FORM = f"""<form method="post">
<fieldset>
<legend>What should no longer be sent to you?</legend>
<label><input type="radio" name="{SCOPE_FIELD}" value="{SuppressionScope.MARKETING}" checked> \
Newsletters, offers and other marketing</label>
<label><input type="radio" name="{SCOPE_FIELD}" value="{SuppressionScope.ALL}"> \
Any mail at all, also about orders or an account</label>
</fieldset>
<button type="submit">Unsubscribe</button>
</form>
"""


def form_page() -> Response[str]:
    """What is asked before anything is changed."""
    return _page(HTTPStatus.OK, "Unsubscribe", _FORM)


def form_again_page() -> Response[str]:
    """422: what was sent is neither the form nor a mail program's one click."""
    text = "<p>That did not say what you want. Nothing was changed.</p>\n"
    return _page(HTTPStatus.UNPROCESSABLE_ENTITY, "Unsubscribe", text + _FORM)


def done_page(scope: SuppressionScope) -> Response[str]:
    """It is so from now on."""
    if scope is SuppressionScope.ALL:
        what = "No mail will be sent to you any more."
    else:
        what = "No marketing will be sent to you any more."
    late = "A mail that was already on its way may still come."
    return _page(HTTPStatus.OK, "You are unsubscribed", f"<p>{what} {late}</p>\n")


def nobody_page() -> Response[str]:
    """The person was erased: a promise for an address that is not known could not be kept."""
    return _page(
        HTTPStatus.OK,
        "Nothing is known of you here",
        "<p>The address that this mail went to was deleted, so there is nothing to take it off. "
        "Should mail come to you again, unsubscribe by the link in that mail.</p>\n",
    )


def unknown_page() -> Response[str]:
    """404: the link was cut, or is not ours."""
    return _page(
        HTTPStatus.NOT_FOUND,
        "This link does not work",
        "<p>It is not complete, or not one of ours. Open it from the mail once more, or copy all "
        "of it. Nothing was changed.</p>\n",
    )


def failed_page() -> Response[str]:
    """503: nobody knows whether it was done, and it may be repeated."""
    return _page(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "That did not work",
        "<p>We could not write it down just now. Please try again in a minute.</p>\n" + _FORM,
        {"Retry-After": "60"},
    )


def _page(
    status: HTTPStatus, title: str, content: str, headers: dict[str, str] | None = None
) -> Response[str]:
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
