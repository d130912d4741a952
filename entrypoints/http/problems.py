"""Problem documents (RFC 9457): what an answer that is not a success says."""

import math
from collections.abc import Sequence
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from domain.access import Scope
from domain.errors import (
    AlreadyExists,
    DependencyFault,
    DependencyUnavailable,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Overloaded,
    StaleRevision,
    VersionConflict,
    escaped,
)
from entrypoints.http.models import Answer, shown_by
from entrypoints.http.revisions import revision_tag

PROBLEM_JSON = "application/problem+json"
_RETRY_AFTER_SECONDS = "5"


class FieldProblem(Answer):
    """One thing wrong with the request: `pointer` is a JSON pointer (RFC 6901) to it."""

    pointer: str
    detail: str


class ProblemDocument(Answer):
    """`type` names the kind of problem and never changes; `detail` is for people."""

    model_config = shown_by(
        {
            "type": "urn:sentinel:problem:invalid-request",
            "title": "The request is not valid",
            "status": 422,
            "detail": "Nothing was changed. Mend what errors names and send it again.",
            "errors": [{"pointer": "/segment_id", "detail": "Required: add it."}],
        },
        {
            "type": "urn:sentinel:problem:illegal-transition",
            "title": "The state does not allow it",
            "status": 409,
            "detail": "A campaign that is sent does not allow: pause.",
            "state": "sent",
        },
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    state: str | None = None
    revision: int | None = None


def described_problem(status: HTTPStatus) -> dict[str, object]:
    """How OpenAPI describes it, in a document that has the model already."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": status.phrase, "content": {PROBLEM_JSON: {"schema": schema}}}


def problem(  # noqa: PLR0913  the members of a problem document
    status: HTTPStatus,
    kind: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] | None = None,
    state: str | None = None,
    revision: int | None = None,
    headers: dict[str, str | list[str]] | None = None,
) -> Response[str]:
    """An answer with a problem document; `kind` ends its type."""
    document = ProblemDocument(
        type=f"urn:sentinel:problem:{kind}",
        title=title,
        status=status,
        detail=detail,
        errors=None if errors is None else list(errors),
        state=state,
        revision=revision,
    )
    return Response(
        status_code=status,
        content_type=PROBLEM_JSON,
        body=document.model_dump_json(exclude_none=True),
        headers=headers,
    )


def invalid(errors: Sequence[FieldProblem]) -> Response[str]:
    """422: the request does not fit; nothing was changed."""
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-request",
        "The request is not valid",
        "Nothing was changed. Mend what errors names and send it again.",
        errors=errors,
    )


def unknown_parameters(pointers: Sequence[str]) -> Response[str]:
    """422: the query has more than the route knows."""
    detail = "Unknown parameter: remove it, or check its spelling."
    return invalid([FieldProblem(pointer=each, detail=detail) for each in pointers])


def malformed(detail: str) -> Response[str]:
    """400: the body cannot be read at all."""
    return problem(
        HTTPStatus.BAD_REQUEST, "malformed-body", "The body is not JSON in UTF-8", detail
    )


def unauthorized(*, presented: bool) -> Response[str]:
    """401: no key, or none that is good."""
    return problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "The request has no API key that is good",
        "Send Authorization: Bearer, and a key that was not revoked and has not expired.",
        headers=_challenge('error="invalid_token"' if presented else ""),
    )


def forbidden(needed: Sequence[Scope]) -> Response[str]:
    """403: the key is for something else."""
    return problem(
        HTTPStatus.FORBIDDEN,
        "insufficient-scope",
        "The API key is not for this",
        f"It needs the scope {' and '.join(needed)}.",
        headers=_challenge(f'error="insufficient_scope", scope="{" ".join(needed)}"'),
    )


def _challenge(reason: str) -> dict[str, str | list[str]]:
    """How to authenticate (RFC 6750, section 3)."""
    parts = ['Bearer realm="Sentinel"', *([reason] if reason else [])]
    return {"WWW-Authenticate": ", ".join(parts)}


def too_large(limit: int) -> Response[str]:
    """413: the body passes the limit."""
    return problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        "The body is too large",
        f"At most {limit} bytes; send less in one request.",
    )


def unsupported_media_type() -> Response[str]:
    """415: the body says that it is something else than JSON."""
    return problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "The body is not declared as JSON",
        "Send the header Content-Type: application/json.",
    )


def no_such_route() -> Response[str]:
    """404: nothing is served here."""
    return problem(
        HTTPStatus.NOT_FOUND,
        "no-such-route",
        "Nothing is served here",
        "See /openapi.json for what is.",
    )


def method_not_allowed(allowed: Sequence[str]) -> Response[str]:
    """405: the resource is there, the method is not."""
    return problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "The method is not served here",
        f"Use {' or '.join(allowed)}.",
        headers={"Allow": ", ".join(allowed)},
    )


def idempotency_key_reused() -> Response[str]:
    """422: the key is another request's."""
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "The Idempotency-Key belongs to another request",
        "It was sent with another body before. Send that one again, or use a new key.",
    )


def still_running(seconds: int) -> Response[str]:
    """409: the same request is being carried out."""
    return problem(
        HTTPStatus.CONFLICT,
        "still-running",
        "A request with this Idempotency-Key is still running",
        "Send it again in a moment, with the same key, to have its answer.",
        headers={"Retry-After": str(seconds)},
    )


def internal() -> Response[str]:
    """500: a defect; the log has it under the request's id."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal-error",
        "Something went wrong in Sentinel",
        "The log has it under the X-Request-Id of this answer.",
    )


def of_validation_error(error: RequestValidationError) -> Response[str]:
    """422 naming every field; values are not repeated."""
    return invalid(
        [
            FieldProblem(pointer=_pointer(fault["loc"]), detail=_detail(fault))
            for fault in error.errors()
        ]
    )


def of_invalid_input(error: InvalidInput) -> Response[str]:
    """422 naming the field."""
    return invalid([FieldProblem(pointer=f"/{error.field}", detail=error.detail)])


def of_not_found(error: NotFound) -> Response[str]:
    """404."""
    return problem(
        HTTPStatus.NOT_FOUND, "not-found", f"No such {error.kind}", "Check the id in the address."
    )


def of_already_exists(error: AlreadyExists) -> Response[str]:
    """409: the id is taken."""
    return problem(
        HTTPStatus.CONFLICT,
        "already-exists",
        f"The {error.kind} exists already",
        f"{error} Choose another id, or leave it out to be given one.",
    )


def of_illegal_transition(error: IllegalTransition) -> Response[str]:
    """409 with the current state."""
    return problem(
        HTTPStatus.CONFLICT,
        "illegal-transition",
        "The state does not allow it",
        str(error),
        state=error.state,
    )


def of_version_conflict(_error: VersionConflict) -> Response[str]:
    """409: somebody else wrote first."""
    return problem(
        HTTPStatus.CONFLICT,
        "changed-meanwhile",
        "It was changed meanwhile",
        "Read it again and decide again.",
    )


def of_stale_revision(error: StaleRevision) -> Response[str]:
    """412 with the present revision."""
    return problem(
        HTTPStatus.PRECONDITION_FAILED,
        "stale-revision",
        "It was changed since you read it",
        f"{error} Nothing was changed. Read it again, decide again, and send "
        f"If-Match: {revision_tag(error.revision)}.",
        revision=error.revision,
        headers={"ETag": revision_tag(error.revision)},
    )


def of_overload(error: Overloaded) -> Response[str]:
    """429: it would have to wait, and may not."""
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-starts",
        "Too many campaigns start at once",
        "Nothing was created. Send it again after Retry-After, or without immediate_only: then it "
        "is queued, and starts within moments.",
        headers={"Retry-After": str(max(1, math.ceil(error.wait.total_seconds())))},
    )


def of_dependency_fault(
    error: DependencyFault, *, reads: bool, keyed: bool = False
) -> Response[str]:
    """503: nothing is known to be wrong with the request.

    Only where it certainly did nothing, as where it only `reads`, or where it is `keyed` and so
    has its effect once, is the client told to repeat it.
    """
    if isinstance(error, DependencyUnavailable) and not reads:
        if keyed:
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "outcome-unknown",
                "A service that Sentinel needs did not answer",
                f"{error}. Send it again with the same Idempotency-Key: it is not done twice.",
                headers={"Retry-After": _RETRY_AFTER_SECONDS},
            )
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "outcome-unknown",
            "A service that Sentinel needs did not answer",
            f"{error}. It may have been done all the same: look before you send it again.",
        )
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "dependency-unavailable",
        "A service that Sentinel needs refuses to work",
        f"{error}. Nothing was changed. Send the request again in a moment.",
        headers={"Retry-After": _RETRY_AFTER_SECONDS},
    )


_DETAILS = {
    "missing": "Required: add it.",
    "extra_forbidden": "Unknown field: remove it, or check its spelling.",
    "string_type": "It must be a string.",
    "int_type": "It must be a whole number.",
    "bool_type": "It must be true or false.",
    "list_type": "It must be an array.",
    "dict_type": "It must be an object.",
    "model_attributes_type": "It must be an object.",
    "model_type": "It must be an object.",
    "string_unicode": "It holds characters that are not Unicode text.",
}


def _pointer(location: Sequence[str | int]) -> str:
    _source, *path = location
    return "".join(f"/{escaped(str(part))}" for part in path)


def _detail(fault: dict[str, object]) -> str:
    return _DETAILS.get(str(fault["type"]), f"{fault['msg']}.")
