"""Where the local server's signed URLs lead: files come and go here as they do at S3's.

Nobody is asked for an API key: whoever has a URL may do what was signed, and nothing else.
"""

import logging
import os
from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from http import HTTPStatus
from typing import IO, Protocol

from aws_lambda_powertools.event_handler import Response

from domain.errors import DependencyFault, NotFound
from domain.stored_file import Permission
from entrypoints.http import problems
from entrypoints.local.asgi import Message, Receive, Send, begin_response, refuse, respond
from entrypoints.request_id import REQUEST_ID

logger = logging.getLogger(__name__)

PATH = "/_local/files/"
"""What a token follows."""

_READ_AT_ONCE = 262_144


class StoredFiles(Protocol):
    """The objects of a store in this process."""

    def allowed(self, token: str) -> Permission | None:
        """What `token` allows; None where it is forged or has expired."""
        ...

    def writing(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file that becomes the object once it is left, but not where that is by an error."""
        ...

    def reading(self, name: str) -> IO[bytes]:
        """The object, open. Raises NotFound."""
        ...


class _RefusedError(Exception):
    """A body that is not to be stored; without an `answer` nobody waits for one any more."""

    def __init__(self, answer: Response[str] | None) -> None:
        super().__init__()
        self.answer = answer


class FileDoors:
    """A PUT streams to the file and a GET from it: neither is ever in memory as a whole.

    Whatever may wait for a disk or for the database does so in a thread: others are answered
    meanwhile.
    """

    def __init__(self, files: StoredFiles, max_bytes: int) -> None:
        """A file of more than `max_bytes` is refused."""
        self._files = files
        self._max_bytes = max_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send, request_id: str) -> None:
        """Answer one request, whose path begins with `PATH`."""
        # Of this request alone: each is a task, with a context of its own.
        REQUEST_ID.set(request_id)
        headers = {"X-Request-Id": request_id}
        method: str = scope["method"]
        try:
            refusal = await self._answer(scope, receive, send, headers)
        except NotFound as error:
            refusal = problems.of_not_found(error)
        except DependencyFault as error:
            logger.error("A file could not be stored: %s", error)  # noqa: TRY400  foreseen
            refusal = problems.of_dependency_fault(error, reads=False)
        except _RefusedError as error:
            refusal = error.answer
        if refusal is not None:
            await refuse(send, refusal, request_id)
        status = HTTPStatus.OK if refusal is None else refusal.status_code
        # Not the path: it is as good as a key.
        logger.info("%s of a file answered %s", method, status)

    async def _answer(
        self, scope: Message, receive: Receive, send: Send, headers: dict[str, str]
    ) -> Response[str] | None:
        """A refusal, or None where it was answered."""
        permission = self._files.allowed(scope["path"].removeprefix(PATH))
        if permission is None:
            return problems.problem(
                HTTPStatus.FORBIDDEN,
                "bad-signature",
                "The address is not good, or not good any more",
                "Take it whole, as it was given, or ask for a new one.",
            )
        if scope["method"] != permission.method:
            return problems.method_not_allowed([permission.method])
        if permission.method == "GET":
            await self._send_file(permission, send, headers)
            return None
        await self._store(permission.name, scope, receive)
        await respond(send, HTTPStatus.OK, headers, b"")
        return None

    async def _store(self, name: str, scope: Message, receive: Receive) -> None:
        """Raises _RefusedError, and the object is what it was."""
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            raise _RefusedError(problems.too_large(self._max_bytes))
        left = self._max_bytes
        async with _in_threads(self._files.writing(name)) as file:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _RefusedError(None)
                body = message.get("body", b"")
                left -= len(body)
                if left < 0:
                    raise _RefusedError(problems.too_large(self._max_bytes))
                await to_thread(file.write, body)
                more = message.get("more_body", False)

    async def _send_file(self, permission: Permission, send: Send, headers: dict[str, str]) -> None:
        with await to_thread(self._files.reading, permission.name) as file:
            size = os.fstat(file.fileno()).st_size
            told = {
                **headers,
                "Content-Type": "application/octet-stream",
                "Content-Disposition": permission.disposition,
                "Content-Length": str(size),
            }
            await begin_response(send, HTTPStatus.OK, told)
            while content := await to_thread(file.read, _READ_AT_ONCE):
                await send({"type": "http.response.body", "body": content, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def _in_threads(manager: AbstractContextManager[IO[bytes]]) -> AsyncIterator[IO[bytes]]:
    """It is entered and left in threads, where it may wait for as long as it takes."""
    entered = await to_thread(manager.__enter__)
    try:
        yield entered
    except BaseException as error:
        if not await to_thread(manager.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await to_thread(manager.__exit__, None, None, None)
