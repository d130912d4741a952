"""What the pages behind a link that confirms an address say."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from entrypoints.http.pages import page

ANSWER_FIELD = "confirm"
ANSWER = "yes"
# Without an action a form is sent to where it came from.
FORM = f"""<form method="post">
<input type="hidden" name="{ANSWER_FIELD}" value="{ANSWER}">
<button type="submit">Yes, this is my address, and I want mail</button>
</form>
"""
_TITLE = "Confirm your address"


def form_page() -> Response[str]:
    """What is asked before anything is changed."""
    text = "<p>If you did not ask for it, close this page: then no mail will come.</p>\n"
    return page(HTTPStatus.OK, _TITLE, text + FORM)


def form_again_page() -> Response[str]:
    """422: what was sent is not the form."""
    text = "<p>That did not say what you want. Nothing was changed.</p>\n"
    return page(HTTPStatus.UNPROCESSABLE_ENTITY, _TITLE, text + FORM)


def done_page() -> Response[str]:
    """It is so from now on."""
    return page(
        HTTPStatus.OK,
        "Your address is confirmed",
        "<p>Thank you. Each mail will have a link by which you can unsubscribe.</p>\n",
    )


def held_back_page() -> Response[str]:
    """Confirmed, and yet nothing will come: only the sender can help."""
    return page(
        HTTPStatus.OK,
        "Your address is confirmed",
        "<p>Thank you. But mail to it is held back for another reason, as that somebody "
        "unsubscribed, or that a mail came back. Please ask the sender to look.</p>\n",
    )


def expired_page() -> Response[str]:
    """410: it confirms nothing any more."""
    return page(
        HTTPStatus.GONE,
        "This link is too old",
        "<p>Nothing was changed. Please sign up again: then a new one will be mailed to you.</p>\n",
    )


def nobody_page() -> Response[str]:
    """410: the person was erased."""
    return page(
        HTTPStatus.GONE,
        "Nothing is known of you here",
        "<p>The address that this mail went to was deleted. If you want mail, please sign up "
        "again.</p>\n",
    )
