"""Idempotency keys: a POST that is sent again has its effect once, and its first answer again."""

import logging
import math
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from http import HTTPMethod, HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

from domain.errors import (
    AlreadyExists,
    DependencyFault,
    IdempotencyKeyInUse,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Overloaded,
    StaleRevision,
)
from domain.idempotency import (
    HEADER,
    KEY_PATTERN,
    IdempotencyRecord,
    KeptAnswer,
    checked_key,
    fingerprint_of,
    key_digest,
)
from domain.ports.clock import Clock
from domain.ports.idempotency import IdempotencyRepository
from domain.ports.ids import Ids
from entrypoints.http import problems
from entrypoints.http.access import READERS_LINKS

logger = logging.getLogger(__name__)

REPLAYED = "Idempotency-Replayed"
API_KEY_ID = "api_key_id"
"""Under which name the resolver's context has the id of the API key that was shown."""

_ANONYMOUS = "anonymous"
_WRITTEN_WITH_ITS_EFFECT = re.compile(r"/v1/campaigns(/[^/]+/clone)?")
"""Paths whose handlers write the record themselves, in one transaction with what they create."""
_NOTHING_DONE = (
    AlreadyExists,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Overloaded,
    StaleRevision,
)
_LONGEST_WAIT_SECONDS = 5

_under_way: ContextVar[IdempotencyRecord | None] = ContextVar("idempotency_record", default=None)

Next = Callable[[ApiGatewayResolver], Response[Any]]


def current_record() -> IdempotencyRecord | None:
    """That of the request under way; None where it came without a key."""
    return _under_way.get()


def earlier_try() -> datetime | None:
    """When the request under way was begun before, if its effect may be there already."""
    record = current_record()
    return None if record is None else record.tried_at


def is_keyed(event: BaseProxyEvent) -> bool:
    """Whether a request has its effect once, however often it is sent."""
    if event.path.startswith(READERS_LINKS):
        # Anybody may send it, and it has its effect once by itself: no records for that.
        return False
    return event.http_method == HTTPMethod.POST and HEADER in event.headers


class Idempotency:
    """Looks at a request that has been let in and fits its route."""

    def __init__(self, records: IdempotencyRepository, clock: Clock, ids: Ids) -> None:
        """Nothing is called yet."""
        self._records = records
        self._clock = clock
        self._ids = ids

    def middleware(self, app: ApiGatewayResolver, next_middleware: Next) -> Response[Any]:
        """The first answer, if there is one; else the handler's, which is kept."""
        event: Any = app.current_event
        if not is_keyed(event):
            return next_middleware(app)
        digest = key_digest(
            checked_key(event.headers[HEADER]),
            [app.context.get(API_KEY_ID) or _ANONYMOUS, event.http_method, event.path],
        )
        fingerprint = _fingerprint(event)
        now = self._clock.now()
        found = self._records.get(digest)
        if found is None or found.has_expired(now):
            record = IdempotencyRecord.begin(digest, fingerprint, self._new_ulid(), now)
        elif found.fingerprint != fingerprint:
            return problems.idempotency_key_reused()
        elif found.answer is not None:
            return _replayed(found.answer)
        elif found.is_held(now):
            return problems.still_running(_seconds_to_wait(found, now))
        else:
            record = found.try_again(now)
        try:
            return self._run(record, lambda: next_middleware(app), path=event.path)
        except IdempotencyKeyInUse:
            return problems.still_running(1)

    def _run(
        self, record: IdempotencyRecord, handle: Callable[[], Response[Any]], *, path: str
    ) -> Response[Any]:
        """Raises IdempotencyKeyInUse where another request is at it, and what `handle` raises."""
        creates = _WRITTEN_WITH_ITS_EFFECT.fullmatch(path) is not None
        is_written_later = creates and record.version == 0
        if not is_written_later:
            record = self._records.save(record)
        token = _under_way.set(record)
        try:
            response = handle()
        except IdempotencyKeyInUse:
            raise
        except Exception as error:
            if not is_written_later:
                self._write(record.release(self._clock.now(), undone=_did_nothing(error)))
            raise
        finally:
            _under_way.reset(token)
        if is_written_later:
            record = record.stored()
        if response.status_code < HTTPStatus.BAD_REQUEST and _answers_a_secret(path):
            # Made again at every try, from what is stored: a secret is not.
            self._write(record.release(self._clock.now(), undone=False))
        elif response.status_code < HTTPStatus.BAD_REQUEST:
            self._write(record.complete(_kept(response)))
        else:
            self._write(record.release(self._clock.now(), undone=True))
        return response

    def _write(self, record: IdempotencyRecord) -> None:
        """What became of it. Without that the next one tries again, which does no harm."""
        try:
            self._records.save(record)
        except (IdempotencyKeyInUse, DependencyFault) as error:
            logger.warning("An answer was not kept under its idempotency key: %r", error)

    def _new_ulid(self) -> str:
        return self._ids.campaign_id().partition("_")[2]


def with_idempotency_keys(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, an OpenAPI document, with the header of each POST and the answers to it."""
    for path, item in schema["paths"].items():
        if "post" in item and not path.startswith(READERS_LINKS):
            _describe(item["post"])
    return schema


def _describe(operation: dict[str, Any]) -> None:
    operation.setdefault("parameters", []).append(
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": (
                "A text of your own, best a random UUID, for sending the request again without "
                "doing it again: within 24 hours the same key and body have the first answer, "
                "with another body they have 422. While the first is still running: 409."
            ),
            "schema": {"type": "string", "pattern": KEY_PATTERN},
        }
    )
    responses = operation["responses"]
    for status, response in responses.items():
        if status.startswith("2"):
            response.setdefault("headers", {})[REPLAYED] = {
                "description": "`true` where it is the first answer again.",
                "schema": {"type": "string", "const": "true"},
            }
    conflict = str(HTTPStatus.CONFLICT.value)
    responses.setdefault(conflict, problems.described_problem(HTTPStatus.CONFLICT))["headers"] = {
        "Retry-After": {
            "description": "Seconds, where the same request is still running.",
            "schema": {"type": "integer"},
        }
    }


def _fingerprint(event: APIGatewayProxyEventV2) -> str:
    """Of what was sent: a body comes in base64, or as its text."""
    body = event.decoded_body
    return fingerprint_of(event.raw_query_string or "", (body or "").encode())


def _did_nothing(error: Exception) -> bool:
    return isinstance(error, _NOTHING_DONE)


def _answers_a_secret(path: str) -> bool:
    """Whether the answer has what is shown once, and may be kept nowhere."""
    return path == "/v1/webhooks" or path.endswith("/rotate-secret")


def _kept(response: Response[Any]) -> KeptAnswer:
    headers: Mapping[str, Any] = response.headers
    return KeptAnswer(response.status_code, dict(headers), response.body or "")


def _replayed(answer: KeptAnswer) -> Response[Any]:
    return Response(
        status_code=answer.status,
        body=answer.body,
        headers={**answer.headers, REPLAYED: "true"},
    )


def _seconds_to_wait(record: IdempotencyRecord, now: datetime) -> int:
    left = math.ceil((record.lease_until - now).total_seconds())
    return max(1, min(left, _LONGEST_WAIT_SECONDS))
