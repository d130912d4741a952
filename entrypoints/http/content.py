"""Routes of templates."""

import re
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.errors import InvalidInput, NotFound
from domain.identifiers import TemplateId
from domain.template import Template
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.idempotency import current_record, earlier_try
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.revisions import IfMatch, revision_tag, revisions_of, tagged
from entrypoints.http.template_models import (
    CheckedTemplateBody,
    PreviewBody,
    PreviewRequestBody,
    TemplateBody,
    TemplateContentBody,
    TemplateListBody,
    TemplateRequestBody,
    TemplateSummaryBody,
    TestSendBody,
    TestSendRequestBody,
    TestSendResultBody,
)

FewLimit = Annotated[int, Query(ge=1, le=50, description="How many at most.")]
_MAX_VERSION = 99_999_999
_CURSOR = re.compile(r"[1-9][0-9]{0,7}", re.ASCII)


def template_routes(container: Serving) -> APIGatewayHttpRouter:
    """Create, edit, list, read, preview, send a test."""
    router = APIGatewayHttpRouter()

    def checked(
        template: Template, status: HTTPStatus = HTTPStatus.OK, location: str | None = None
    ) -> Response[str]:
        return answer(
            CheckedTemplateBody.of_checked(template, container.check_template()(template.content)),
            status,
            location=location,
            etag=revision_tag(template.version),
        )

    @router.post(
        "/v1/templates",
        summary="Create a template",
        tags=["templates"],
        responses=tagged(
            described(
                (HTTPStatus.CREATED, CheckedTemplateBody, "The template"),
                problems=(*BODY_PROBLEMS, HTTPStatus.CONFLICT),
            )
        ),
    )
    def create_template(body: TemplateRequestBody) -> Response[str]:
        template = container.create_template()(
            body.name,
            container.write_content()(body.written()),
            body.template_id,
            current_record(),
        )
        return checked(
            template, HTTPStatus.CREATED, location=f"/v1/templates/{template.template_id}"
        )

    @router.put(
        "/v1/templates/<template_id>",
        summary="Edit a template",
        description=(
            "It makes a version, and keeps those before; what changes nothing makes none. A "
            "campaign that has started keeps what it started with, one that has not takes the "
            "version that is current then."
        ),
        tags=["templates"],
        responses=tagged(
            described(
                (HTTPStatus.OK, CheckedTemplateBody, "The template"),
                problems=(
                    *BODY_PROBLEMS,
                    HTTPStatus.NOT_FOUND,
                    HTTPStatus.CONFLICT,
                    HTTPStatus.PRECONDITION_FAILED,
                ),
            )
        ),
    )
    def edit_template(
        template_id: str, body: TemplateContentBody, if_match: IfMatch = None
    ) -> Response[str]:
        return checked(
            container.edit_template()(
                TemplateId(template_id),
                body.name,
                container.write_content()(body.written()),
                versions=revisions_of(if_match),
            )
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
        responses=tagged(
            described(
                (HTTPStatus.OK, TemplateBody, "The template"), problems=(HTTPStatus.NOT_FOUND,)
            )
        ),
    )
    def read_template(
        template_id: str,
        version: Annotated[
            int | None,
            Query(ge=1, le=_MAX_VERSION, description="One before; the current one if left out."),
        ] = None,
    ) -> Response[str]:
        template = container.preview_template().template(TemplateId(template_id), version)
        return answer(TemplateBody.of(template), etag=revision_tag(template.version))

    @router.get(
        "/v1/templates/<template_id>/versions",
        summary="List the versions of a template, newest first",
        tags=["templates"],
        responses=described(
            (HTTPStatus.OK, TemplateListBody, "A page"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def list_versions(
        template_id: str, limit: FewLimit = 20, cursor: Cursor = None
    ) -> Response[str]:
        found = container.family.templates().versions(
            TemplateId(template_id), None if cursor is None else _version_of(cursor), limit
        )
        if not found:
            raise NotFound("template", template_id)
        last = found[-1].version
        return answer(
            TemplateListBody(
                items=[TemplateSummaryBody.of(each) for each in found],
                next_cursor=str(last) if last > 1 else None,
            )
        )

    @router.post(
        "/v1/templates/<template_id>/preview",
        summary="See a template as somebody would get it",
        description="For a contact, or for somebody with fields of your own. Nothing is sent.",
        tags=["templates"],
        responses=described(
            (HTTPStatus.OK, PreviewBody, "The mail"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND),
        ),
    )
    def preview_template(template_id: str, body: PreviewRequestBody) -> Response[str]:
        preview = container.preview_template()(TemplateId(template_id), body.person(), body.version)
        return answer(PreviewBody.of(preview))

    @router.post(
        "/v1/templates/<template_id>/test-send",
        summary="Send a template to a few people who want to see it arrive",
        description=(
            "To one to five addresses, as a contact or somebody with fields of your own would get "
            "it. It is no campaign, and is counted nowhere. Refused where an address is suppressed "
            "for all mail."
        ),
        tags=["templates"],
        responses=described(
            (HTTPStatus.OK, TestSendBody, "What became of each"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND),
        ),
    )
    def test_send(template_id: str, body: TestSendRequestBody) -> Response[str]:
        outcomes = container.send_test_mails()(
            TemplateId(template_id),
            body.to,
            body.person(),
            body.version,
            is_repeat=earlier_try() is not None,
        )
        return answer(TestSendBody(results=[TestSendResultBody.of(each) for each in outcomes]))

    return router


def _version_of(cursor: str) -> int:
    """Raises InvalidInput."""
    if not _CURSOR.fullmatch(cursor):
        raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
    return int(cursor)
