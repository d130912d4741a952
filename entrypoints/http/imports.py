"""Routes of imports of contacts."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.contact_import import ContactImport
from domain.identifiers import JobId
from domain.ports.jobs import JobKind
from domain.use_cases.read_import import ImportRead
from entrypoints.containers.serving_imports import ServingImports
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.idempotency import current_record, earlier_try
from entrypoints.http.import_models import (
    ImportBody,
    ImportListBody,
    ImportReadBody,
    ImportRequestBody,
    ImportStartBody,
    RefusedListBody,
)
from entrypoints.http.paging import Cursor, Limit

_CHANGE_PROBLEMS = (*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


def import_routes(container: ServingImports) -> APIGatewayHttpRouter:
    """Create, list, read, start, cancel, and what was refused."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/imports",
        summary="Import contacts from a CSV file",
        description=(
            "PUT the file to upload.url, then start the import. Reading it gives a fresh URL."
        ),
        tags=["imports"],
        responses=described(
            (HTTPStatus.CREATED, ImportReadBody, "The import"), problems=BODY_PROBLEMS
        ),
    )
    def create_import(body: ImportRequestBody) -> Response[str]:
        read = container.create_import()(body.plan(), record=current_record())
        return _with_url(
            read, HTTPStatus.CREATED, location=f"/v1/imports/{read.contact_import.job_id}"
        )

    @router.get(
        "/v1/imports",
        summary="List imports, newest first",
        description="Without URLs for their files: read one to upload its file.",
        tags=["imports"],
        responses=described((HTTPStatus.OK, ImportListBody, "A page")),
    )
    def list_imports(limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
        page = container.family.jobs().page(JobKind.IMPORT, limit, cursor)
        imports = [each for each in page.jobs if isinstance(each, ContactImport)]
        return answer(
            ImportListBody(items=[ImportBody.of(each) for each in imports], next_cursor=page.cursor)
        )

    @router.get(
        "/v1/imports/<import_id>",
        summary="Read an import: how far it is, and where to put its file",
        description="Each answer has a URL of its own, which is good for an hour.",
        tags=["imports"],
        responses=described(
            (HTTPStatus.OK, ImportReadBody, "The import"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def read_import(import_id: str) -> Response[str]:
        return _with_url(container.read_import()(JobId(import_id)), HTTPStatus.OK)

    @router.post(
        "/v1/imports/<import_id>/start",
        summary="Start an import, or a dry run of it",
        description=(
            "After a dry run it begins anew. So does one that failed before a row was applied; "
            "both may be given another file first, by the URL that reading them gives. One that "
            "failed later is not started again. Read it to see how far it is."
        ),
        tags=["imports"],
        responses=described(
            (HTTPStatus.ACCEPTED, ImportBody, "The import"), problems=_CHANGE_PROBLEMS
        ),
    )
    def start_import(import_id: str, body: ImportStartBody) -> Response[str]:
        started = container.start_import()(
            JobId(import_id), dry_run=body.dry_run, tried_at=earlier_try()
        )
        return answer(
            ImportBody.of(started), HTTPStatus.ACCEPTED, location=f"/v1/imports/{import_id}"
        )

    @router.post(
        "/v1/imports/<import_id>/cancel",
        summary="Cancel an import",
        description="Its file is taken away; who was imported by then stays.",
        tags=["imports"],
        responses=described((HTTPStatus.OK, ImportBody, "The import"), problems=_CHANGE_PROBLEMS),
    )
    def cancel_import(import_id: str) -> Response[str]:
        return answer(
            ImportBody.of(container.cancel_import()(JobId(import_id), tried_at=earlier_try()))
        )

    @router.get(
        "/v1/imports/<import_id>/refused",
        summary="List the rows that an import refused",
        description="Of the last run, or the one under way: then there may be more later.",
        tags=["imports"],
        responses=described(
            (HTTPStatus.OK, RefusedListBody, "A page"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def list_refused(import_id: str, limit: Limit = 20, cursor: Cursor = None) -> Response[str]:
        page = container.list_refused()(JobId(import_id), limit, cursor)
        return answer(RefusedListBody.of(page))

    return router


def _with_url(
    read: ImportRead, status: HTTPStatus, *, location: str | None = None
) -> Response[str]:
    told = answer(ImportReadBody.of_read(read), status, location=location)
    # The URL is a secret.
    told.headers["Cache-Control"] = "no-store"
    return told
