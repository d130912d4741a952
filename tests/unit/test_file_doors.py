"""The local server's doors for files: streamed, bounded, open to whoever has a signed URL."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import IO

import httpx
import pytest

from adapters.memory.object_store import MemoryObjectStore
from adapters.system.ids import SystemIds
from entrypoints.containers import Family, build
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.local.asgi import Message
from entrypoints.local.file_doors import PATH, FileDoors
from entrypoints.local.server import LocalServer
from entrypoints.settings import Settings
from tests.unit.sentinel import SettableClock

MEGABYTE = 1_000_000
LIMIT = 30 * MEGABYTE
NAME = "imports/imp_1/contacts.csv"
HOUR = timedelta(hours=1)
PATIENCE_SECONDS = 300


@pytest.fixture
def store() -> MemoryObjectStore:
    """An empty one."""
    return MemoryObjectStore(SettableClock(), SystemIds(), f"http://sentinel.test{PATH}"[:-1])


@pytest.fixture
def server(store: MemoryObjectStore) -> LocalServer:
    """With its doors."""
    container = build(Family.MEMORY, Settings())
    return LocalServer(Api(container, all_routes(container)), FileDoors(store, LIMIT))


def ask(server: LocalServer, request: httpx.Request) -> httpx.Response:
    """The answer to a request."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server)) as client:
            return await client.send(request)

    return asyncio.run(send())


async def pieces(megabytes: int) -> AsyncIterator[bytes]:
    """A body of which nobody has said how long it is; it fails whoever reads on for long."""
    for number in range(megabytes):
        if number > LIMIT // MEGABYTE + 1:
            raise AssertionError("The server read on and on.")
        yield bytes([number % 256]) * MEGABYTE


def test_a_large_file_goes_to_disk(server: LocalServer, store: MemoryObjectStore) -> None:
    """20 MB, of which no more than a few are ever in memory."""
    url = store.sign_upload(NAME, HOUR).url
    tracemalloc.start()

    answer = ask(server, httpx.Request("PUT", url, content=pieces(20)))

    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 200
    assert answer.headers["x-request-id"]
    assert peak < 5 * MEGABYTE
    assert store.size(NAME) == 20 * MEGABYTE
    assert store.read(NAME, 19 * MEGABYTE - 1, 2) == b"\x12\x13"


@pytest.mark.parametrize("declared", [True, False])
def test_a_file_that_is_too_large_is_refused(
    server: LocalServer, store: MemoryObjectStore, declared: bool
) -> None:
    """As soon as that is known; what was there stays."""
    store.write(NAME, b"stays")
    length = {"Content-Length": str(LIMIT + 1)} if declared else {}
    body = pieces(0 if declared else 1_000)
    url = store.sign_upload(NAME, HOUR).url

    answer = ask(server, httpx.Request("PUT", url, content=body, headers=length))

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert str(LIMIT) in answer.json()["detail"]
    assert store.read(NAME, 0, 9) == b"stays"


def test_the_largest_file_is_taken(server: LocalServer, store: MemoryObjectStore) -> None:
    """To the byte."""
    url = store.sign_upload(NAME, HOUR).url

    answer = ask(server, httpx.Request("PUT", url, content=pieces(LIMIT // MEGABYTE)))

    assert answer.status_code == 200
    assert store.size(NAME) == LIMIT


def test_an_upload_that_breaks_off_changes_nothing(
    server: LocalServer, store: MemoryObjectStore
) -> None:
    """Half a file is none."""
    store.write(NAME, b"stays")
    path = store.sign_upload(NAME, HOUR).url.removeprefix("http://sentinel.test")
    heard: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[Message] = []

    async def receive() -> Message:
        return heard.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": "PUT", "path": path, "headers": [], "query_string": b""}
    asyncio.run(server(scope, receive, send))

    assert said == []
    assert store.read(NAME, 0, 9) == b"stays"


@pytest.mark.parametrize("token", ["", "x", "x" * 5_000, "%00", "a/b", "AAAA" * 40, "%C3%BC"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_a_token_that_was_not_signed_is_refused(
    server: LocalServer, token: str, method: str
) -> None:
    """403, whatever it looks like."""
    answer = ask(server, httpx.Request(method, f"http://sentinel.test{PATH}{token}"))

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:sentinel:problem:bad-signature"
    assert answer.headers["x-request-id"]


def test_another_method_is_told_which_one_to_use(
    server: LocalServer, store: MemoryObjectStore
) -> None:
    """405."""
    store.write(NAME, b"stays")
    for url, methods, right in (
        (store.sign_upload(NAME, HOUR).url, ("GET", "POST", "DELETE", "HEAD"), "PUT"),
        (store.sign_download(NAME, "x.csv", HOUR).url, ("PUT", "POST", "DELETE"), "GET"),
    ):
        for method in methods:
            answer = ask(server, httpx.Request(method, url))
            assert answer.status_code == 405
            assert answer.headers["allow"] == right
    assert store.read(NAME, 0, 9) == b"stays"


def test_a_disk_that_fails_is_no_defect(server: LocalServer, store: MemoryObjectStore) -> None:
    """503, as when S3 does, and what to do."""
    store.write(NAME, b"gone")
    urls = store.sign_upload(NAME, HOUR).url, store.sign_download(NAME, "x.csv", HOUR).url
    store.close()

    for method, url in zip(("PUT", "GET"), urls, strict=True):
        answer = ask(server, httpx.Request(method, url))
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:sentinel:problem:dependency-unavailable"


class SlowDisk(MemoryObjectStore):
    """It takes until somebody else was answered to have a file on the disk, or in hand."""

    def __init__(self) -> None:
        super().__init__(SettableClock(), SystemIds(), f"http://sentinel.test{PATH}"[:-1])
        self.is_at_it = Event()
        self.answered = Event()

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """As by the fsync(2) of a busy disk."""
        with super().writing(name) as file:
            yield file
            self._take_long()

    def reading(self, name: str) -> IO[bytes]:
        """As from an idle disk that has to begin to turn."""
        self._take_long()
        return super().reading(name)

    def _take_long(self) -> None:
        self.is_at_it.set()
        assert self.answered.wait(PATIENCE_SECONDS), "Nobody else was answered meanwhile."


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_disk_that_takes_long_keeps_nobody_else_waiting(method: str) -> None:
    """The API answers while a file is put on the disk, or looked for."""
    store = SlowDisk()
    store.answered.set()
    store.write(NAME, b"email")
    store.answered.clear()
    store.is_at_it.clear()
    container = build(Family.MEMORY, Settings())
    server = LocalServer(Api(container, all_routes(container)), FileDoors(store, LIMIT))
    urls = {"PUT": store.sign_upload(NAME, HOUR), "GET": store.sign_download(NAME, "x.csv", HOUR)}

    async def ask_both() -> Sequence[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server)) as client:
            slow = asyncio.create_task(client.request(method, urls[method].url))
            await asyncio.to_thread(store.is_at_it.wait, PATIENCE_SECONDS)
            quick = await client.get("http://sentinel.test/healthz")
            store.answered.set()
            return [quick.status_code, (await slow).status_code]

    assert asyncio.run(ask_both()) == [200, 200]


def test_files_go_with_the_process(store: MemoryObjectStore) -> None:
    """Those of every object, and the folder."""
    store.write(NAME, b"x")
    directory = store.directory
    assert len(list(directory.iterdir())) == 1

    store.close()

    assert not directory.exists()


def test_no_file_is_left_of_what_was_replaced_or_abandoned(store: MemoryObjectStore) -> None:
    """Only that of the object is."""
    store.write(NAME, b"old")
    writing = store.begin(NAME)
    store.write_part(NAME, writing, 2, b"never used")
    store.write_part(NAME, writing, 1, b"replaced")
    tag = store.write_part(NAME, writing, 1, b"new")
    store.complete(NAME, writing, [tag])
    abandoned = store.begin(NAME)
    store.write_part(NAME, abandoned, 1, b"abandoned")
    store.abandon(NAME, abandoned)

    assert [file.read_bytes() for file in store.directory.iterdir()] == [b"new"]


def test_without_doors_there_is_no_such_route() -> None:
    """As on an emulator, which stores files itself."""
    container = build(Family.MEMORY, Settings())
    server = LocalServer(Api(container, all_routes(container)))

    answer = ask(server, httpx.Request("PUT", f"http://sentinel.test{PATH}x", content=b"x"))

    assert answer.status_code in {404, 415}


def test_the_containers_urls_lead_to_the_local_server() -> None:
    """Where it listens, as the settings say, and whatever the public URL is."""
    settings = Settings.from_environment(
        {"LOCAL_URL": "http://127.0.0.1:8081", "PUBLIC_URL": "https://mail.example.com"}
    )
    family = build(Family.MEMORY, settings).family
    store = family.object_store()

    url = store.sign_upload(NAME, HOUR).url

    assert url.startswith(f"http://127.0.0.1:8081{PATH}")
    assert family.stored_files() is store


def test_the_log_tells_of_a_file_but_not_where_it_leads(
    server: LocalServer, store: MemoryObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A URL is as good as a key."""
    url = store.sign_upload(NAME, HOUR).url
    with caplog.at_level("INFO"):
        ask(server, httpx.Request("PUT", url, content=b"email"))

    told = [each for each in caplog.records if each.name == "entrypoints.local.file_doors"]
    assert [each.getMessage() for each in told] == ["PUT of a file answered 200"]
    assert url.rpartition("/")[2] not in "".join(str(vars(each)) for each in told)
