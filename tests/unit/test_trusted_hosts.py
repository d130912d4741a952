"""Without keys the local server answers to this machine only, whatever name leads to it."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest

from entrypoints.containers import Family, build
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.local.server import LocalServer
from entrypoints.local.trusted_hosts import TrustedHosts
from entrypoints.settings import Settings

HERE = {"Host": "127.0.0.1:8080"}


@pytest.fixture(scope="module")
def server() -> LocalServer:
    """As it runs without keys, behind something that speaks TLS."""
    container = build(Family.MEMORY, Settings())
    api = Api(container, all_routes(container))
    return LocalServer(api, trusted_hosts=TrustedHosts("https://mail.example.com"))


def ask(
    server: LocalServer, headers: Mapping[str, str], method: str = "GET", path: str = "/v1/segments"
) -> httpx.Response:
    """The answer to a request with these headers."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(server), base_url="http://127.0.0.1:8080"
        ) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "127.8.0.1",
        "[::1]:8080",
        "localhost:8080",
        "LOCALHOST.",
        "sentinel.localhost:8080",
        "mail.example.com",
        "Mail.Example.Com:443",
    ],
)
def test_this_machine_and_the_public_url_are_answered(server: LocalServer, host: str) -> None:
    """By whatever name of theirs, at whatever port a tunnel begins."""
    assert ask(server, {"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:8080",
        "127.0.0.1.rebound.example",
        "notlocalhost",
        "localhost.rebound.example",
        "198.51.100.7",
        "0.0.0.0:8080",
        "[::2]",
        "example.com",
        "[",
        "",
        "user@rebound.example",
        "127.0.0.1@rebound.example",
    ],
)
@pytest.mark.parametrize("path", ["/v1/segments", "/healthz", "/_local/outbox", "/u/token"])
def test_a_name_that_somebody_leads_here_is_refused(
    server: LocalServer, host: str, path: str
) -> None:
    """A page of that name would read the answer: it is told nothing but what to do."""
    answer = ask(server, {"Host": host}, path=path)

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    assert answer.json()["type"] == "urn:sentinel:problem:misdirected-request"
    assert "set PUBLIC_URL or REQUIRE_API_KEYS=true" in answer.json()["detail"]


@pytest.mark.parametrize(
    "origin", ["https://page.example", "null", "http://127.0.0.1.page.example"]
)
def test_a_page_of_another_site_changes_nothing(server: LocalServer, origin: str) -> None:
    """It may send what needs no body without asking first, and cannot read the answer."""
    answer = ask(server, {**HERE, "Origin": origin}, "POST", "/v1/dead-letters/replay")

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:sentinel:problem:foreign-origin"
    assert "set PUBLIC_URL or REQUIRE_API_KEYS=true" in answer.json()["detail"]


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "https://mail.example.com"])
def test_its_own_pages_are_answered(server: LocalServer, origin: str) -> None:
    """As /docs asks."""
    assert ask(server, {**HERE, "Origin": origin}).status_code == 200


def test_a_reader_unsubscribes_from_wherever_the_link_was_opened(server: LocalServer) -> None:
    """Such a page names no origin, and the token is what counts."""
    answer = ask(server, {**HERE, "Origin": "null"}, "POST", "/u/token")

    assert answer.status_code not in {403, 421}
