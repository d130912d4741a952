"""Routes for those who run Sentinel."""

from http import HTTPStatus
from typing import Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from entrypoints.containers.serving import Serving
from entrypoints.http.answers import answer, described
from entrypoints.http.models import Answer, shown_by


class HealthBody(Answer):
    """It is well."""

    model_config = shown_by({"status": "ok"})

    status: Literal["ok"] = "ok"


def operation_routes(container: Serving) -> APIGatewayHttpRouter:
    """Liveness and readiness."""
    router = APIGatewayHttpRouter()

    @router.get(
        "/healthz",
        summary="Is the process alive?",
        tags=["operations"],
        responses=described((HTTPStatus.OK, HealthBody, "It is")),
    )
    def health() -> Response[str]:
        return answer(HealthBody())

    @router.get(
        "/readyz",
        summary="Does the store answer?",
        tags=["operations"],
        responses=described((HTTPStatus.OK, HealthBody, "It does")),
    )
    def ready() -> Response[str]:
        container.family.campaigns().page(None, 1, None)
        return answer(HealthBody())

    return router
