"""Query parameters that a route does not have: a filter that is misspelled is not left out."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver

from domain.errors import escaped
from domain.unicode_text import is_unicode_text
from entrypoints.http import problems
from entrypoints.http.access import is_open

Next = Callable[[ApiGatewayResolver], Response[Any]]


def refuse_unknown_parameters(app: ApiGatewayResolver, next_middleware: Next) -> Response[Any]:
    """422 naming each; but what anybody opens may have been given some on its way."""
    event = app.current_event
    if is_open(event.http_method, event.path):
        return next_middleware(app)
    known = {each.alias for each in app.context["_route"].dependant.query_params}
    unknown = [name for name in event.query_string_parameters or () if name not in known]
    if unknown:
        return problems.unknown_parameters(
            [f"/{escaped(name)}" if is_unicode_text(name) else "" for name in unknown]
        )
    return next_middleware(app)
