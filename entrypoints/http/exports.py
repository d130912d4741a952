"""Routes of exports of contacts."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.contact_export import ContactExport
from domain.identifiers import JobId, SegmentId
from domain.ports.jobs import JobKind
from entrypoints.containers.serving_exports import ServingExports
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.export_models import (
    ExportBody,
    ExportListBody,
    ExportReadBody,
    ExportRequestBody,
)
from entrypoints.http.idempotency import current_record, earlier_try
from entrypoints.http.paging import Cursor, Limit


def export_routes(container: ServingExports) -> APIGatewayHttpRouter:
    """Create, list, read, cancel."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/exports",
        summary="Export contacts as a CSV file",
        description=(
            "It is made in the background: read the export until it is finished, and have the file "
            "from its download.url."
        ),
        tags=["exports"],
        responses=described(
            (HTTPStatus.ACCEPTED, ExportBody, "The export"), problems=BODY_PROBLEMS
        ),
    )
    def create_export(body: ExportRequestBody) -> Response[str]:
        export = container.create_export()(
            segment_id=None if body.segment_id is None else SegmentId(body.segment_id),
            fields=body.fields,
            spreadsheet_safe=body.spreadsheet_safe,
            record=current_record(),
        )
        return answer(
            ExportBody.of(export),
            HTTPStatus.ACCEPTED,
            location=f"/v1/exports/{export.job_id}",
        )

    @router.get(
        "/v1/exports",
        summary="List exports, newest first",
        description="Without their files: read one to download it.",
        tags=["exports"],
        responses=described((HTTPStatus.OK, ExportListBody, "A page")),
    )
    def list_exports(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
        page = container.family.jobs().page(JobKind.EXPORT, limit, cursor)
        exports = [each for each in page.jobs if isinstance(each, ContactExport)]
        return answer(
            ExportListBody(items=[ExportBody.of(each) for each in exports], next_cursor=page.cursor)
        )

    @router.get(
        "/v1/exports/<export_id>",
        summary="Read an export, and download its file",
        description="Each answer has a URL of its own, which is good for an hour.",
        tags=["exports"],
        responses=described(
            (HTTPStatus.OK, ExportReadBody, "The export"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def read_export(export_id: str) -> Response[str]:
        told = answer(ExportReadBody.of_read(container.read_export()(JobId(export_id))))
        # The URL is a secret.
        told.headers["Cache-Control"] = "no-store"
        return told

    @router.post(
        "/v1/exports/<export_id>/cancel",
        summary="Cancel an export",
        description="What was written of its file is taken away.",
        tags=["exports"],
        responses=described(
            (HTTPStatus.OK, ExportBody, "The export"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        ),
    )
    def cancel_export(export_id: str) -> Response[str]:
        return answer(
            ExportBody.of(container.cancel_export()(JobId(export_id), tried_at=earlier_try()))
        )

    return router
