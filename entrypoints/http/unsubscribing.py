"""The routes behind an unsubscribe link: reading it changes nothing, whoever reads it."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import DependencyFault
from domain.suppression import SuppressionScope
from domain.use_cases.unsubscribe import UnsubscribeResult
from entrypoints.containers.serving import Serving
from entrypoints.http import unsubscribe_pages as pages
from entrypoints.http.forms import form_fields
from entrypoints.http.pages import described_pages, failed_page, unknown_page

logger = logging.getLogger(__name__)

_ONE_CLICK = ("List-Unsubscribe", "One-Click")


def unsubscribe_routes(container: Serving) -> APIGatewayHttpRouter:
    """Show, do."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/u/<token>",
        summary="Show the page that an unsubscribe link leads to",
        description="It changes nothing: mail scanners and previews open every link.",
        tags=["unsubscribing"],
        responses=described_pages(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    )
    def show(token: str) -> Response[str]:
        try:
            known = container.tokens().read(token) is not None
        except DependencyFault as fault:
            return _failed(fault)
        return pages.form_page() if known else unknown_page()

    @router.post(
        "/u/<token>",
        summary="Unsubscribe",
        description=(
            "As a form: `List-Unsubscribe=One-Click`, which mail programs send (RFC 8058), or the "
            "page's own `scope`, `marketing` or `all`. It may be repeated."
        ),
        tags=["unsubscribing"],
        responses=described_pages(
            HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY
        ),
    )
    def unsubscribe(token: str) -> Response[str]:
        scope = _scope_of(form_fields(router.current_event))
        try:
            if scope is None:
                known = container.tokens().read(token) is not None
                return pages.form_again_page() if known else unknown_page()
            result = container.unsubscribe()(token, scope)
        except DependencyFault as fault:
            return _failed(fault)
        match result:
            case UnsubscribeResult.DONE:
                return pages.done_page(scope)
            case UnsubscribeResult.NOBODY:
                return pages.nobody_page()
            case UnsubscribeResult.NO_TOKEN:
                return unknown_page()

    return router


def _failed(fault: DependencyFault) -> Response[str]:
    logger.error("A dependency failed: %s", fault)
    return failed_page(pages.FORM)


def _scope_of(form: Mapping[str, str]) -> SuppressionScope | None:
    """What is asked for; None where that cannot be told."""
    name, value = _ONE_CLICK
    if form.get(name) == value:
        return SuppressionScope.MARKETING
    try:
        return SuppressionScope(form.get(pages.SCOPE_FIELD, ""))
    except ValueError:
        return None
