"""What the local server hears and says (ASGI 3.0)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def begin_response(send: Send, status: int, headers: Mapping[str, str]) -> None:
    """The status and the headers; the body is the caller's to send."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
    )


async def respond(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """A whole answer, with its length."""
    await begin_response(send, status, {**headers, "Content-Length": str(len(body))})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refusal: Response[str], request_id: str) -> None:
    """A problem document that no route answers with."""
    said = {name: str(value) for name, value in refusal.headers.items()}
    body = (refusal.body or "").encode()
    await respond(send, refusal.status_code, {**said, "X-Request-Id": request_id}, body)
