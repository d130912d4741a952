"""What Prometheus scrapes, where the backend has it."""

from collections.abc import Callable
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus, "Exposition formats"."""


def metrics_route(expose: Callable[[], str]) -> APIGatewayHttpRouter:
    """`GET /metrics`; with API keys it needs `operations:read`."""
    router = APIGatewayHttpRouter()

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response[str]:
        return Response(status_code=HTTPStatus.OK, content_type=_TEXT_FORMAT, body=expose())

    return router
