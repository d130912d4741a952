"""The HTTP API: the same object answers API Gateway in Lambda and the local server."""

import base64
import binascii
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPMethod, HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.models import PathItem
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.errors import (
    AlreadyExists,
    DependencyFault,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Overloaded,
    StaleRevision,
    VersionConflict,
)
from domain.unicode_text import is_one_line
from entrypoints.containers.use_cases import UseCases
from entrypoints.http import problems
from entrypoints.http.access import READERS_LINKS, Access, Admission
from entrypoints.http.answers import JSON
from entrypoints.http.idempotency import (
    API_KEY_ID,
    Idempotency,
    is_keyed,
    with_idempotency_keys,
)
from entrypoints.http.queries import refuse_unknown_parameters
from entrypoints.http.security import with_security
from entrypoints.request_id import REQUEST_ID

logger = logging.getLogger(__name__)

TITLE = "Sentinel"
VERSION = "0.1.0"
MAX_BODY_BYTES = 524_288
MAX_FORM_BYTES = 8_192
"""Of what anybody may send: a form with one choice."""

_OF_A_LINK = "What the link in a mail ends with."
_WITH_BODY = frozenset({HTTPMethod.POST, HTTPMethod.PUT, HTTPMethod.PATCH})


class Api:
    """Answers an event of API Gateway's HTTP API (payload format 2.0)."""

    def __init__(
        self,
        container: UseCases,
        routes: Sequence[APIGatewayHttpRouter],
        more_routes: Sequence[APIGatewayHttpRouter] = (),
    ) -> None:
        """`more_routes` are served beside `routes` and left out of OpenAPI."""
        family = container.family
        self._resolver = _resolver(routes)
        idempotency = Idempotency(family.idempotency(), family.clock(), family.ids())
        self._resolver.use([refuse_unknown_parameters, idempotency.middleware])
        self._access = Access(family.api_keys(), family.clock())
        for router in more_routes:
            self._resolver.include_router(router)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Every answer carries X-Request-Id, that to a defect too."""
        request = event["requestContext"]
        token = REQUEST_ID.set(request["requestId"])
        try:
            admission = self._admission(event)
            if admission.refusal is None:
                answer = self._answer(event, context, admission.key_id)
            else:
                answer = _built(admission.refusal)
            answer.setdefault("headers", {})["X-Request-Id"] = request["requestId"]
            # Not the path: it holds ids that people chose.
            logger.info(
                "%s answered %s",
                request["http"]["method"],
                answer["statusCode"],
                extra={"api_key_id": admission.key_id},
            )
        finally:
            REQUEST_ID.reset(token)
        return answer

    def openapi(self) -> str:
        """The interface as OpenAPI 3.1, in JSON."""
        return _openapi_of(self._resolver)

    def _admission(self, event: Mapping[str, Any]) -> Admission:
        # As the resolver reads it: it leaves out a stage's name, and so must we.
        request = APIGatewayProxyEventV2(dict(event))
        authorization = event.get("headers", {}).get("authorization")
        try:
            return self._access.check(request.http_method, request.path, authorization)
        except Exception:
            logger.exception("Request failed")
            return Admission(refusal=problems.internal())

    def _answer(
        self, event: Mapping[str, Any], context: LambdaContext, api_key_id: str | None
    ) -> dict[str, Any]:
        path = APIGatewayProxyEventV2(dict(event)).path
        if not is_one_line(path):
            # The resolver takes a line break at the end for none, and would serve another path
            # than the one that was looked at.
            return _built(problems.no_such_route())
        is_form = path.startswith(READERS_LINKS)
        refused = _refused_form(event) if is_form else _refused_body(event)
        if refused is not None:
            return _built(refused)
        headers = dict(event.get("headers", {}))
        if not is_form:
            # The resolver takes the type by its exact spelling, and it has been checked by now.
            headers["content-type"] = JSON
        self._resolver.append_context(**{API_KEY_ID: api_key_id})
        try:
            return self._resolver.resolve({**event, "headers": headers}, context)
        except Exception:
            logger.exception("Request failed")
            return _built(problems.internal())


def _resolver(routes: Sequence[APIGatewayHttpRouter]) -> APIGatewayHttpResolver:
    resolver = APIGatewayHttpResolver(enable_validation=True)
    for router in routes:
        resolver.include_router(router)

    @resolver.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response[str]:
        return Response(status_code=200, content_type=JSON, body=_openapi_of(resolver))

    def dependency_fault(error: DependencyFault) -> Response[str]:
        logger.error("A dependency failed: %s", error)
        event = resolver.current_event
        reads = event.http_method == HTTPMethod.GET
        return problems.of_dependency_fault(error, reads=reads, keyed=is_keyed(event))

    handlers: dict[type[Exception], Callable[..., Response[str]]] = {
        RequestValidationError: problems.of_validation_error,
        InvalidInput: problems.of_invalid_input,
        NotFound: problems.of_not_found,
        AlreadyExists: problems.of_already_exists,
        IllegalTransition: problems.of_illegal_transition,
        VersionConflict: problems.of_version_conflict,
        StaleRevision: problems.of_stale_revision,
        Overloaded: problems.of_overload,
        DependencyFault: dependency_fault,
    }
    for error, handler in handlers.items():
        resolver.exception_handler(error)(handler)

    @resolver.not_found
    def not_found(_error: NotFoundError) -> Response[str]:
        event = resolver.current_event
        served = _methods_of(event.path, resolver.get_openapi_schema().paths or {})
        if served and event.http_method not in served:
            return problems.method_not_allowed(served)
        return problems.no_such_route()

    resolver.enable_swagger(path="/docs", title=TITLE, version=VERSION)
    return resolver


def _openapi_of(resolver: APIGatewayHttpResolver) -> str:
    schema = json.loads(resolver.get_openapi_json_schema(title=TITLE, version=VERSION))
    _empty_what_has_no_content(schema)
    _describe_ids(schema)
    return json.dumps(with_idempotency_keys(with_security(schema)), ensure_ascii=False)


def _empty_what_has_no_content(schema: Mapping[str, Any]) -> None:
    """Powertools says of a 204, too, that it is JSON."""
    for item in schema["paths"].values():
        for operation in item.values():
            operation["responses"].get(str(HTTPStatus.NO_CONTENT.value), {}).pop("content", None)


def _describe_ids(schema: Mapping[str, Any]) -> None:
    """What stands in a path, of which routes say no more than the name."""
    for item in schema["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    kind, is_id, _ = parameter["name"].partition("_id")
                    parameter["description"] = f"The id of the {kind}." if is_id else _OF_A_LINK


def _methods_of(path: str, paths: Mapping[str, PathItem]) -> list[str]:
    """The methods that are served at `path`, of OpenAPI's paths such as /v1/campaigns/{id}.

    One that is there as it is, as /v1/contacts/lookup, is not the one of an id.
    """
    if path in paths:
        return _methods(paths[path])
    for template, item in paths.items():
        if re.fullmatch(re.sub(r"\\{[^/]*\\}", "[^/]+", re.escape(template)), path):
            return _methods(item)
    return []


def _methods(item: PathItem) -> list[str]:
    return sorted(method.upper() for method in item.model_dump(exclude_none=True))


def _refused_body(event: Mapping[str, Any]) -> Response[str] | None:
    """The answer to a body that is not even looked at; None if it is to be."""
    text = _text_of(event, MAX_BODY_BYTES)
    if not isinstance(text, str):
        return text
    if event["requestContext"]["http"]["method"] not in _WITH_BODY:
        return None
    media_type = event.get("headers", {}).get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != JSON:
        return problems.unsupported_media_type()
    return _refused_json(text)


def _refused_form(event: Mapping[str, Any]) -> Response[str] | None:
    """The same of what a reader's link is sent; what it says is the route's to read."""
    text = _text_of(event, MAX_FORM_BYTES)
    return None if text is None or isinstance(text, str) else text


def _text_of(event: Mapping[str, Any], limit: int) -> str | Response[str] | None:
    """The body; None where there is none, a refusal where it is too large or no text."""
    body = event.get("body")
    if not body:
        return None
    try:
        raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > limit:
            return problems.too_large(limit)
        return raw.decode()
    except (binascii.Error, UnicodeError):
        return problems.malformed("It has bytes that are not UTF-8.")


def _refused_json(text: str) -> Response[str] | None:
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return problems.malformed(f"{error.msg}, at character {error.pos}.")
    except RecursionError:
        return problems.malformed("It is nested too deeply.")
    except ValueError as error:
        # NaN and the infinities, or a number of thousands of digits.
        return problems.malformed(f"{error}.")
    return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON (RFC 8259, section 6)")


def _built(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "headers": dict(response.headers),
        "body": response.body,
        "isBase64Encoded": False,
    }
