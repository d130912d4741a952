"""Answers that are a success, and how OpenAPI describes both kinds."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from entrypoints.http.problems import PROBLEM_JSON, ProblemDocument

JSON = "application/json"

BODY_PROBLEMS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
"""What can be wrong with a request that has a body."""


def answer(
    body: BaseModel,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    location: str | None = None,
    etag: str | None = None,
    exclude_none: bool = False,
) -> Response[str]:
    """`body` as JSON; `location` where something was created, `etag` where it can be edited."""
    headers = {"Location": location, "ETag": etag}
    return Response(
        status_code=status,
        content_type=JSON,
        body=body.model_dump_json(exclude_none=exclude_none),
        headers={name: value for name, value in headers.items() if value is not None},
    )


def described(
    *answers: tuple[HTTPStatus, type[BaseModel], str], problems: tuple[HTTPStatus, ...] = ()
) -> dict[int, Any]:
    """The `responses` of a route: each success with its model, each problem with its document."""
    responses: dict[int, Any] = {
        status: {"description": text, "content": {JSON: {"model": model}}}
        for status, model, text in answers
    }
    for status in (*problems, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE):
        responses[status] = {
            "description": status.phrase,
            "content": {PROBLEM_JSON: {"model": ProblemDocument}},
        }
    return responses
