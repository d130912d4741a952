"""Requests to the server, and again those whose answer was lost where that does no harm."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from entrypoints.cli import clock
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed, Refused, Unreachable
from entrypoints.cli.refusals import refusal_lines

DEFAULT_URL = "http://127.0.0.1:8080"
URL_VARIABLE = "SENTINEL_URL"
KEY_VARIABLE = "SENTINEL_API_KEY"

_TIMEOUT = httpx.Timeout(35, connect=10)
"""Seconds; API Gateway gives up on an answer after 30."""
_PAUSES = (0.2, 1.0, 3.0)
_LONGEST_PAUSE = 30.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ASKS_TO_WAIT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TOO_MANY_STARTS = "urn:sentinel:problem:too-many-starts"
"""A campaign that is to start at once or not at all is not asked for again."""
_REPEATABLE = frozenset({"GET", "POST"})
"""A POST has an idempotency key. Others are sent once: a second DELETE may take away more."""


@dataclass(frozen=True)
class Said:
    """By what a person says which server it is, and with which key; and all else of a command.

    `options` are its options, as `--at`, and its arguments, as `CAMPAIGN`.
    """

    url: str
    key: str
    options: Collection[str] = ()


BY_DEFAULT = Said(f"--url or {URL_VARIABLE}", KEY_VARIABLE)


@dataclass(frozen=True)
class Answer:
    """A success: its status, its JSON, its headers by lower-case name."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def revision(self) -> int | None:
        """Of what people edit, where it has one (ETag)."""
        text = self.headers.get("etag", "").strip('"')
        return int(text) if text.isdecimal() else None


class Connection:
    """Speaks to one server, with the key that was given."""

    def __init__(
        self, url: str, key: str | None, say: Callable[[str], None], said: Said = BY_DEFAULT
    ) -> None:
        """`say` tells a person that it takes longer. Raises CommandFailed: usage."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandFailed(
                ExitCode.USAGE,
                "The URL of the server is not one.",
                f"Write it as {DEFAULT_URL}, by {said.url}.",
            )
        self.is_local = parts.hostname in _LOOPBACK
        if key is not None and parts.scheme == "http" and not self.is_local:
            raise CommandFailed(
                ExitCode.USAGE,
                "A key is not sent over http to another machine: anybody on the way could read it.",
                "Use https.",
            )
        if key is not None and not (key.isascii() and key.isprintable()):
            raise CommandFailed(
                ExitCode.USAGE,
                f"{said.key} holds what no key has.",
                "Take the key whole, as it was given: snt_, its id, _ and its secret.",
            )
        self.url = url.rstrip("/")
        self.has_key = key is not None
        self._say = say
        self._said = said
        self._client = httpx.Client(
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
            timeout=_TIMEOUT,
            # A proxy is for other machines.
            trust_env=not self.is_local,
        )

    @contextmanager
    def without_key(self) -> Iterator["Connection"]:
        """To the same server, as a stranger."""
        stranger = Connection(self.url, None, self._say, self._said)
        try:
            yield stranger
        finally:
            stranger.close()

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def get(self, path: str, *ids: str, **query: str | int | None) -> Answer:
        """`path` has `{}` for each of `ids`. Raises Refused, Unreachable."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._repeated("GET", _target(path, ids), params=given)

    def post(
        self,
        path: str,
        *ids: str,
        body: Mapping[str, Any] | None = None,
        if_match: int | None = None,
    ) -> Answer:
        """Once, however often it has to be sent. Raises Refused, Unreachable."""
        return self._repeated("POST", _target(path, ids), body=body or {}, if_match=if_match)

    def put(
        self, path: str, *ids: str, body: Mapping[str, Any], if_match: int | None = None
    ) -> Answer:
        """Raises Refused, Unreachable."""
        return self._repeated("PUT", _target(path, ids), body=body, if_match=if_match)

    def patch(
        self, path: str, *ids: str, body: Mapping[str, Any], if_match: int | None = None
    ) -> Answer:
        """Raises Refused, Unreachable."""
        return self._repeated("PATCH", _target(path, ids), body=body, if_match=if_match)

    def delete(self, path: str, *ids: str) -> Answer:
        """Raises Refused, Unreachable."""
        return self._repeated("DELETE", _target(path, ids))

    def _repeated(
        self,
        method: str,
        target: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        if_match: int | None = None,
    ) -> Answer:
        headers = {"If-Match": f'"{if_match}"'} if if_match is not None else {}
        if method == "POST":
            # One for all tries: a lost answer makes no second campaign.
            headers["Idempotency-Key"] = clock.request_key()
        request = self._client.build_request(
            method, self.url + target, params=params, json=body, headers=headers
        )
        for pause in _PAUSES:
            try:
                answer = self._sent(request)
            except Unreachable as failure:
                if not failure.was_sent or method not in _REPEATABLE:
                    raise
                self._say("The answer was lost; sending the same request again.")
            else:
                waits = _seconds_to_wait(answer, self._said)
                # 429 is before anything is done.
                is_throttled = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
                if waits is None or not (is_throttled or method in _REPEATABLE):
                    return _success(answer, self._said, has_key=self.has_key)
                pause = max(pause, min(waits, _LONGEST_PAUSE))  # noqa: PLW2901  asked for
                self._say(f"The server asks to wait: {pause:g} s.")
            clock.pause(pause)
        return _success(self._sent(request), self._said, has_key=self.has_key)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(*self._nobody(error), was_sent=False) from None
        except httpx.TransportError as error:
            raise Unreachable(
                f"No answer came from {self.url} ({_reason(error)}).",
                "What was asked for may have been done: look, before you ask again.",
                was_sent=True,
            ) from None

    def _nobody(self, error: httpx.TransportError) -> tuple[str, ...]:
        lines = (f"Nothing answers at {self.url} ({_reason(error)}).",)
        if self.is_local:
            return (*lines, f"Start it by `make local-run`, or name another by {self._said.url}.")
        return (*lines, f"See that {self._said.url} names the server, and the network.")


def _target(path: str, ids: tuple[str, ...]) -> str:
    return path.format(*(quote(each, safe="") for each in ids))


def _reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def _seconds_to_wait(answer: httpx.Response, said: Said) -> float | None:
    """Where the same request is to be sent again after so long."""
    text = answer.headers.get("retry-after", "")
    is_running = answer.status_code == HTTPStatus.CONFLICT and text
    if answer.status_code not in _ASKS_TO_WAIT and not is_running:
        return None
    if _document(answer, said).get("type") == _TOO_MANY_STARTS:
        return None
    return float(text) if text.isdecimal() else 0.0


def _success(answer: httpx.Response, said: Said, *, has_key: bool) -> Answer:
    """Raises Refused."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    document = _document(answer, said)
    if answer.is_success:
        return Answer(answer.status_code, document, headers)
    if "title" not in document:
        # API Gateway's own, or a proxy's on the way.
        told = document.get("message") or answer.reason_phrase
        detail = "The answer is not of Sentinel's API: see that the URL is right."
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            detail = "More requests than are let through. Nothing was done: try again in a while."
        document = {
            "title": f"{answer.url.host} answered {answer.status_code} {told}",
            "detail": detail,
        }
    raise Refused(
        answer.status_code,
        *refusal_lines(document, said.options),
        *_hints(answer, said, has_key=has_key),
    )


def _document(answer: httpx.Response, said: Said) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        document = answer.json()
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    if answer.is_success:
        raise CommandFailed(
            ExitCode.UNAVAILABLE,
            f"What answers at {answer.url.host} is not Sentinel's API.",
            f"See that {said.url} names it.",
        )
    return {}


def _hints(answer: httpx.Response, said: Said, *, has_key: bool) -> tuple[str, ...]:
    request_id = answer.headers.get("x-request-id")
    waits = answer.headers.get("retry-after")
    match answer.status_code:
        case HTTPStatus.UNAUTHORIZED if has_key:
            return (f"The key is the one in {said.key}; `make api-key` issues another.",)
        case HTTPStatus.UNAUTHORIZED:
            return (f"Put a key into {said.key}; `make api-key` issues one.",)
        case HTTPStatus.FORBIDDEN:
            issues = "`make api-key SCOPES=…` issues one with the scopes that it names."
            return (f"The key is the one in {said.key}; {issues}",)
        case HTTPStatus.TOO_MANY_REQUESTS if waits:
            return (f"There is room in {waits} s.",)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR and request_id:
            return (f"The request's id, for who looks at the log: {request_id}",)
    return ()
