"""The local server: what ASGI brings becomes what API Gateway would have sent."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from entrypoints.containers import Family, build
from entrypoints.http.api import MAX_BODY_BYTES, Api
from entrypoints.http.routes import all_routes
from entrypoints.local.server import LocalServer
from entrypoints.settings import Settings

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server() -> LocalServer:
    """Over an empty memory family."""
    container = build(Family.MEMORY, Settings())
    return LocalServer(Api(container, all_routes(container)))


def ask(server: LocalServer, *requests: httpx.Request) -> list[httpx.Response]:
    """The answers to these requests, all sent at the same moment."""

    async def send() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server)) as client:
            return await asyncio.gather(*(client.send(request) for request in requests))

    return asyncio.run(send())


def request(method: str, target: str, body: bytes | None = None) -> httpx.Request:
    """One request; a body is declared as JSON."""
    headers = {} if body is None else JSON
    return httpx.Request(method, f"http://sentinel.test{target}", content=body, headers=headers)


async def endless() -> AsyncIterator[bytes]:
    """A body that never ends, and fails whoever reads on beyond any use."""
    for _ in range(100):
        yield b" " * (MAX_BODY_BYTES // 4)
    raise AssertionError("The server read on and on.")


def test_a_request_is_answered(server: LocalServer) -> None:
    """Created, listed, read; each answer is JSON with a length and a request id of its own."""
    (created,) = ask(server, request("POST", "/v1/segments", b'{"name": "Z\xc3\xbcrich"}'))
    (listed,) = ask(server, request("GET", "/v1/segments?limit=1"))
    (read,) = ask(server, request("GET", created.headers["location"]))

    assert (created.status_code, listed.status_code, read.status_code) == (201, 200, 200)
    assert listed.json() == {"items": [created.json()], "next_cursor": None}
    assert read.json()["name"] == "Zürich"
    assert len({each.headers["x-request-id"] for each in (created, listed, read)}) == 3
    for answer in (created, listed, read):
        assert answer.headers["content-type"] == "application/json"
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("length", [MAX_BODY_BYTES + 1, 20 * MAX_BODY_BYTES])
def test_a_huge_body_is_too_large(server: LocalServer, length: int) -> None:
    """413, and nothing created."""
    body = b'{"name": "All"}'.ljust(length)

    (answer,) = ask(server, request("POST", "/v1/segments", body))
    (listed,) = ask(server, request("GET", "/v1/segments"))

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    assert listed.json()["items"] == []


def test_a_body_without_end_is_not_waited_for(server: LocalServer) -> None:
    """413 as soon as it is past the limit."""
    streamed = httpx.Request(
        "POST", "http://sentinel.test/v1/segments", content=endless(), headers=JSON
    )

    (answer,) = ask(server, streamed)

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body", [b'{"name": "\xff"}', b"\xff\xfe{\x00}\x00", b"\x00" * 9 + b"\x80"]
)
def test_bytes_that_are_not_utf8_are_malformed(server: LocalServer, body: bytes) -> None:
    """400, and nothing created."""
    (answer,) = ask(server, request("POST", "/v1/segments", body))
    (listed,) = ask(server, request("GET", "/v1/segments"))

    assert answer.status_code == 400
    assert answer.json()["type"].endswith("malformed-body")
    assert listed.json()["items"] == []


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/segments?limit=%31", 200),
        ("/v1/segments?limit=%FF", 422),
        ("/v1/segments?cursor=%F0%9F", 422),
        ("/v1/segments?=&&limit", 422),
        ("/v1/segments/%ff", 404),
        ("/v1/segments/%E2%98%83", 404),
        ("/v1/segments/a%2Fb", 404),
        ("/v1/segments/%00", 404),
    ],
)
def test_odd_targets_are_answered(server: LocalServer, target: str, status: int) -> None:
    """Whatever a URL can hold, no request ends without an answer of the API."""
    (answer,) = ask(server, request("GET", target))

    assert answer.status_code == status
    assert answer.headers["x-request-id"]


def test_requests_at_the_same_moment_do_not_mix(server: LocalServer) -> None:
    """Each gets the answer to what it asked."""
    names = [f"segment-{number}" for number in range(40)]

    answers = ask(
        server,
        *(request("POST", "/v1/segments", b'{"name": "%s"}' % name.encode()) for name in names),
    )

    assert [answer.json()["name"] for answer in answers] == names
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(names)
