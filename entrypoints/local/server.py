"""The local HTTP server's application: ASGI in front, API Gateway's event format behind.

Requests are answered one at a time, as one Lambda instance does: the resolver that serves both
keeps the request under way in its own attributes.
"""

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.http.api import MAX_BODY_BYTES, Api
from entrypoints.local.asgi import Message, Receive, Send, refuse, respond
from entrypoints.local.file_doors import PATH, FileDoors
from entrypoints.local.trusted_hosts import TrustedHosts


class LocalServer:
    """An ASGI application that answers with `api`, and with `file_doors` if files are its own."""

    def __init__(
        self,
        api: Api,
        file_doors: FileDoors | None = None,
        trusted_hosts: TrustedHosts | None = None,
    ) -> None:
        """One thread answers, so that the event loop stays free to accept.

        Without `trusted_hosts` it may be asked by any name.
        """
        self._api = api
        self._file_doors = file_doors
        self._trusted_hosts = trusted_hosts
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="api")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        refusal = None if self._trusted_hosts is None else self._trusted_hosts.refusal(scope)
        if refusal is not None:
            await refuse(send, refusal, str(uuid4()))
            return
        if self._file_doors is not None and scope["path"].startswith(PATH):
            await self._file_doors(scope, receive, send, str(uuid4()))
            return
        event = _event(scope, await _read_body(receive))
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._executor, self._api, event, LambdaContext())
        body = answer.get("body") or ""
        raw = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        await respond(send, answer["statusCode"], answer["headers"], raw)


async def _read_body(receive: Receive) -> bytes:
    """The body, or just more of it than is allowed: the rest is not waited for."""
    body = b""
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _event(scope: Message, body: bytes) -> dict[str, Any]:
    """The request as API Gateway hands it to a function (payload format 2.0)."""
    query = scope["query_string"].decode("ascii", "replace")
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    try:
        text_body, encoded = body.decode(), False
    except UnicodeDecodeError:
        text_body, encoded = base64.b64encode(body).decode(), True
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": scope["path"],
        "rawQueryString": query,
        "headers": headers,
        "queryStringParameters": {
            name: ",".join(values)
            for name, values in parse_qs(query, keep_blank_values=True).items()
        },
        "requestContext": {
            "http": {"method": scope["method"], "path": scope["path"], "protocol": "HTTP/1.1"},
            "requestId": str(uuid4()),
            "stage": "$default",
        },
        "body": text_body or None,
        "isBase64Encoded": encoded,
    }
