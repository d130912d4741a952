"""The routes behind an unsubscribe link: reading it changes nothing, whoever reads it."""

import logging
from collections.abc import Mapping
from email.message import Message
from email.parser import Parser
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import DependencyFault
from domain.suppression import SuppressionScope
from domain.use_cases.unsubscribe import UnsubscribeResult
from entrypoints.containers.serving import Serving
from entrypoints.http import unsubscribe_pages as pages

logger = logging.getLogger(__name__)

_MULTIPART = "multipart/form-data"
_MAX_FORM_FIELDS = 10
_ONE_CLICK = ("List-Unsubscribe", "One-Click")
_PAGE: Mapping[str, Any] = {pages.HTML: {"schema": {"type": "string"}}}


def unsubscribe_routes(container: Serving) -> APIGatewayHttpRouter:
    """Show, do."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/u/<token>",
        summary="Show the page that an unsubscribe link leads to",
        description="It changes nothing: mail scanners and previews open every link.",
        tags=["unsubscribing"],
        responses=_described(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    )
    def show(token: str) -> Response[str]:
        try:
            known = container.tokens().read(token) is not None
        except DependencyFault as fault:
            return _failed(fault)
        return pages.form_page() if known else pages.unknown_page()

    @router.post(
        "/u/<token>",
        summary="Unsubscribe",
        description=(
            "As a form: `List-Unsubscribe=One-Click`, which mail programs send (RFC 8058), or the "
            "page's own `scope`, `marketing` or `all`. It may be repeated."
        ),
        tags=["unsubscribing"],
        responses=_described(HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    )
    def unsubscribe(token: str) -> Response[str]:
        event = router.current_event
        form = _fields(event.headers.get("content-type", ""), event.decoded_body or "")
        scope = _scope_of(form)
        try:
            if scope is None:
                known = container.tokens().read(token) is not None
                return pages.form_again_page() if known else pages.unknown_page()
            result = container.unsubscribe()(token, scope)
        except DependencyFault as fault:
            return _failed(fault)
        match result:
            case UnsubscribeResult.DONE:
                return pages.done_page(scope)
            case UnsubscribeResult.NOBODY:
                return pages.nobody_page()
            case UnsubscribeResult.NO_TOKEN:
                return pages.unknown_page()

    return router


def _described(*statuses: HTTPStatus) -> dict[int, Any]:
    return {
        status.value: {"description": status.phrase, "content": _PAGE}
        for status in (*statuses, HTTPStatus.SERVICE_UNAVAILABLE)
    }


def _failed(fault: DependencyFault) -> Response[str]:
    logger.error("A dependency failed: %s", fault)
    return pages.failed_page()


def _scope_of(form: Mapping[str, str]) -> SuppressionScope | None:
    """What is asked for; None where that cannot be told."""
    name, value = _ONE_CLICK
    if form.get(name) == value:
        return SuppressionScope.MARKETING
    try:
        return SuppressionScope(form.get(pages.SCOPE_FIELD, ""))
    except ValueError:
        return None


def _fields(content_type: str, body: str) -> dict[str, str]:
    """Of a form in either encoding; none where it cannot be read."""
    if content_type.strip().lower().startswith(_MULTIPART):
        return _multipart_fields(content_type, body)
    try:
        fields = parse_qs(body, max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:
        return {}
    return {name: values[0].strip() for name, values in fields.items()}


def _multipart_fields(content_type: str, body: str) -> dict[str, str]:
    """RFC 7578: like a mail in parts, each named by its Content-Disposition."""
    form = Parser().parsestr(f"Content-Type: {content_type.strip()}\n\n{body}")
    if not form.is_multipart():
        return {}
    parts = [part for part in form.get_payload() if isinstance(part, Message)]
    return {
        str(part.get_param("name", "", header="content-disposition")): str(
            part.get_payload()
        ).strip()
        for part in parts[:_MAX_FORM_FIELDS]
    }
