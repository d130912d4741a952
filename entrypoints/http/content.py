"""Routes of templates."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import NotFound
from domain.identifiers import TemplateId
from domain.template import Content
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.idempotency import current_record
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.template_models import (
    TemplateBody,
    TemplateListBody,
    TemplateRequestBody,
    TemplateSummaryBody,
)


def template_routes(container: Serving) -> APIGatewayHttpRouter:
    """Create, list, read."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/templates",
        summary="Create a template",
        tags=["templates"],
        responses=described(
            (HTTPStatus.CREATED, TemplateBody, "The template"),
            problems=(*BODY_PROBLEMS, HTTPStatus.CONFLICT),
        ),
    )
    def create_template(body: TemplateRequestBody) -> Response[str]:
        template = container.create_template()(
            body.name,
            Content.of(body.subject, body.html, body.text),
            body.template_id,
            current_record(),
        )
        return answer(
            TemplateBody.of(template),
            HTTPStatus.CREATED,
            location=f"/v1/templates/{template.template_id}",
        )

    @router.get(
        "/v1/templates",
        summary="List templates by id",
        tags=["templates"],
        responses=described(
            (HTTPStatus.OK, TemplateListBody, "A page"),
        ),
    )
    def list_templates(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
        page = container.family.templates().page(limit, cursor)
        return answer(
            TemplateListBody(
                items=[TemplateSummaryBody.of(each) for each in page.templates],
                next_cursor=page.cursor,
            )
        )

    @router.get(
        "/v1/templates/<template_id>",
        summary="Read a template",
        tags=["templates"],
        responses=described(
            (HTTPStatus.OK, TemplateBody, "The template"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def read_template(template_id: str) -> Response[str]:
        template = container.family.templates().get(TemplateId(template_id))
        if template is None:
            raise NotFound("template", template_id)
        return answer(TemplateBody.of(template))

    return router
