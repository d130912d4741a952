"""The routes behind a link that confirms an address: reading it changes nothing."""

import logging
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import DependencyFault, VersionConflict
from domain.use_cases.confirm import ConfirmResult
from entrypoints.containers.serving import Serving
from entrypoints.http import confirm_pages as pages
from entrypoints.http.forms import form_fields
from entrypoints.http.pages import described_pages, failed_page, unknown_page

logger = logging.getLogger(__name__)

_PAGES = {
    ConfirmResult.DONE: pages.done_page,
    ConfirmResult.HELD_BACK: pages.held_back_page,
    ConfirmResult.EXPIRED: pages.expired_page,
    ConfirmResult.NOBODY: pages.nobody_page,
    ConfirmResult.NO_TOKEN: unknown_page,
}


def confirm_routes(container: Serving) -> APIGatewayHttpRouter:
    """Show, do."""
    router = APIGatewayHttpRouter()

    def shown(token: str, page: Response[str]) -> Response[str]:
        """`page`, if the link is good for it; what the contact says is not looked up for it."""
        asking = container.confirmation_tokens().read(token)
        if asking is None:
            return unknown_page()
        expired = asking.has_expired(container.family.clock().now())
        return pages.expired_page() if expired else page

    @router.get(
        "/c/<token>",
        summary="Show the page that a confirmation link leads to",
        description="It changes nothing: mail scanners and previews open every link.",
        tags=["confirming"],
        responses=described_pages(HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
    )
    def show(token: str) -> Response[str]:
        try:
            return shown(token, pages.form_page())
        except DependencyFault as fault:
            return _failed(fault)

    @router.post(
        "/c/<token>",
        summary="Confirm an address",
        description="As a form: the page's own `confirm=yes`. It may be repeated.",
        tags=["confirming"],
        responses=described_pages(
            HTTPStatus.OK,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.GONE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    )
    def confirm(token: str) -> Response[str]:
        answer = form_fields(router.current_event).get(pages.ANSWER_FIELD)
        try:
            if answer != pages.ANSWER:
                return shown(token, pages.form_again_page())
            return _PAGES[container.confirm()(token)]()
        except (DependencyFault, VersionConflict) as fault:
            return _failed(fault)

    return router


def _failed(fault: Exception) -> Response[str]:
    logger.error("A dependency failed: %s", fault)
    return failed_page(pages.FORM)
