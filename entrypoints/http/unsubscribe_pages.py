"""What the pages behind an unsubscribe link say."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from domain.suppression import SuppressionScope
from entrypoints.http.pages import page

SCOPE_FIELD = "scope"

# Without an action a form is sent to where it came from.
FORM = f"""<form method="post">
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
    return page(HTTPStatus.OK, "Unsubscribe", FORM)


def form_again_page() -> Response[str]:
    """422: what was sent is neither the form nor a mail program's one click."""
    text = "<p>That did not say what you want. Nothing was changed.</p>\n"
    return page(HTTPStatus.UNPROCESSABLE_ENTITY, "Unsubscribe", text + FORM)


def done_page(scope: SuppressionScope) -> Response[str]:
    """It is so from now on."""
    if scope is SuppressionScope.ALL:
        what = "No mail will be sent to you any more."
    else:
        what = "No marketing will be sent to you any more."
    late = "A mail that was already on its way may still come."
    return page(HTTPStatus.OK, "You are unsubscribed", f"<p>{what} {late}</p>\n")


def nobody_page() -> Response[str]:
    """The person was erased: a promise for an address that is not known could not be kept."""
    return page(
        HTTPStatus.OK,
        "Nothing is known of you here",
        "<p>The address that this mail went to was deleted, so there is nothing to take it off. "
        "Should mail come to you again, unsubscribe by the link in that mail.</p>\n",
    )
