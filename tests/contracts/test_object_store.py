"""The contract of `domain.ports.object_store`, and of the URLs that it signs."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import httpx
import pytest
import uvicorn

from adapters.aws.object_store import S3ObjectStore
from adapters.memory.object_store import MemoryObjectStore
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.object_store import SqliteObjectStore
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.errors import DependencyRefused, InvalidInput, NotFound
from domain.job import KEPT
from domain.ports.clock import Clock
from domain.ports.object_store import MIN_PART_BYTES, ObjectStore
from entrypoints.local.asgi import Message, Receive, Send
from entrypoints.local.file_doors import PATH, FileDoors
from tests.contracts.aws_family import Deployment
from tests.contracts.settable_clock import SettableClock

HOUR = timedelta(hours=1)
PART = bytes(range(256)) * (MIN_PART_BYTES // 256)
MAX_BYTES = 64_000_000
OUTSIDE = [
    "",
    "/",
    "/etc/passwd",
    "../x.csv",
    "imports/../../x.csv",
    "imports/./x.csv",
    "imports//x.csv",
    "imports/",
    "imports/.hidden",
    "imports\\..\\x.csv",
    "imports/x.csv\n",
    "imports/x\0.csv",
    "imports/%2e%2e/x.csv",
    "imports/ü.csv",
    "x" * 1_025,
]
_names = count()


@dataclass(frozen=True)
class Stored:
    """A store, and who lets time pass by it: nobody, where it is S3's."""

    store: ObjectStore
    elapse: Callable[[timedelta], None] | None


@pytest.fixture(scope="module")
def memory() -> Iterator[Stored]:
    """In memory."""
    with at_a_socket(lambda clock, url: MemoryObjectStore(clock, SystemIds(), url)) as stored:
        yield stored


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Beside a database."""
    database = SqliteDatabase(tmp_path_factory.mktemp("sqlite") / "sentinel.db")
    with at_a_socket(
        lambda clock, url: SqliteObjectStore(database, clock, SystemIds(), url)
    ) as stored:
        yield stored


@contextmanager
def at_a_socket(
    make: Callable[[Clock, str], MemoryObjectStore | SqliteObjectStore],
) -> Iterator[Stored]:
    """What `make` makes, its URLs served as the local server serves them."""
    clock = SettableClock()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}".removesuffix("/")
        store = make(clock, url)
        with served(FileDoors(store, MAX_BYTES), listener):
            yield Stored(store, clock.sleep)


@contextmanager
def served(doors: FileDoors, listener: socket.socket) -> Iterator[None]:
    """At a socket."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await doors(scope, receive, send, "req-1")

    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(params=["memory", "sqlite"])
def local(request: pytest.FixtureRequest) -> Stored:
    """Of each family that is on this machine."""
    stored: Stored = request.getfixturevalue(request.param)
    return stored


@pytest.fixture(params=["memory", "sqlite", "aws"])
def stored(request: pytest.FixtureRequest) -> Stored:
    """Of each family."""
    if request.param != "aws":
        stored: Stored = request.getfixturevalue(request.param)
        return stored
    deployment: Deployment = request.getfixturevalue("deployment")
    bucket = deployment.outputs["FilesBucketName"]
    return Stored(S3ObjectStore(deployment.clients, bucket, SystemClock()), None)


@pytest.fixture
def store(stored: Stored) -> ObjectStore:
    """Of each family."""
    return stored.store


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    """Somebody outside, who has nothing but URLs."""
    with httpx.Client() as client:
        yield client


@pytest.fixture
def name() -> str:
    """Of no object yet."""
    return f"imports/imp_{next(_names)}/contacts.csv"


def test_what_was_written_is_read(store: ObjectStore, name: str) -> None:
    """Whole or in ranges, to the byte; past its end there is nothing."""
    store.write(name, b"email\r\nann@example.com\r\n\0\xff")

    assert store.size(name) == 26
    assert store.read(name, 0, 100) == b"email\r\nann@example.com\r\n\0\xff"
    assert store.read(name, 7, 3) == b"ann"
    assert store.read(name, 24, 100) == b"\0\xff"
    assert store.read(name, 26, 1) == b""
    assert store.read(name, 1_000, 10) == b""
    assert store.read(name, 3, 0) == b""


def test_an_empty_object_is_one(store: ObjectStore, name: str) -> None:
    """Of no bytes, which is not none."""
    store.write(name, b"")

    assert store.size(name) == 0
    assert store.read(name, 0, 10) == b""


def test_no_object_is_told_from_an_empty_one(store: ObjectStore, name: str) -> None:
    """By its size, and by whoever reads it."""
    assert store.size(name) is None
    for length in (0, 10):
        with pytest.raises(NotFound):
            store.read(name, 0, length)
    store.delete(name)


def test_an_object_takes_the_place_of_another(store: ObjectStore, name: str) -> None:
    """At once, and nothing of the longer one is left."""
    store.write(name, b"a long one")
    store.write(name, b"short")

    assert store.size(name) == 5
    assert store.read(name, 0, 100) == b"short"


def test_a_deleted_object_is_gone(store: ObjectStore, name: str) -> None:
    """And only that; to delete it again is no error."""
    store.write(name, b"1")
    store.write(f"{name}.refused", b"2")

    store.delete(name)
    store.delete(name)

    assert store.size(name) is None
    assert store.read(f"{name}.refused", 0, 9) == b"2"


@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_name_that_leads_elsewhere_is_refused(store: ObjectStore, outside: str) -> None:
    """By every method, before anything is done."""
    asked: list[Callable[[], object]] = [
        lambda: store.sign_upload(outside, HOUR),
        lambda: store.sign_download(outside, "x.csv", HOUR),
        lambda: store.size(outside),
        lambda: store.read(outside, 0, 1),
        lambda: store.read(outside, 0, 0),
        lambda: store.write(outside, b"x"),
        lambda: store.delete(outside),
        lambda: store.begin(outside),
    ]
    for ask in asked:
        with pytest.raises(InvalidInput, match="name"):
            ask()


def test_an_object_in_parts_is_there_once_it_is_completed(store: ObjectStore, name: str) -> None:
    """Not before; in the order of the parts, whatever order they came in."""
    writing = store.begin(name)
    last = store.write_part(name, writing, 2, b"the end")
    first = store.write_part(name, writing, 1, PART)
    assert store.size(name) is None

    store.complete(name, writing, [first, last])

    assert store.size(name) == MIN_PART_BYTES + 7
    assert store.read(name, 0, 4) == PART[:4]
    assert store.read(name, MIN_PART_BYTES - 2, 100) == PART[-2:] + b"the end"


def test_an_object_in_parts_takes_the_place_of_another(store: ObjectStore, name: str) -> None:
    """Which is what is read until then."""
    store.write(name, b"old")
    writing = store.begin(name)
    tag = store.write_part(name, writing, 1, b"new")
    assert store.read(name, 0, 9) == b"old"

    store.complete(name, writing, [tag])

    assert store.read(name, 0, 9) == b"new"


def test_a_part_written_again_takes_the_place_of_the_first(store: ObjectStore, name: str) -> None:
    """As whoever takes over after a kill writes it; the same bytes have the same tag."""
    writing = store.begin(name)
    first = store.write_part(name, writing, 1, b"one")
    assert store.write_part(name, writing, 1, b"one") == first
    again = store.write_part(name, writing, 1, b"another")

    with pytest.raises(NotFound):
        store.complete(name, writing, [first])
    store.complete(name, writing, [again])

    assert store.read(name, 0, 100) == b"another"


def test_parts_of_two_writings_do_not_mix(store: ObjectStore, name: str) -> None:
    """What is completed last is there, whole."""
    writings = [store.begin(name) for _ in range(2)]
    tags = [
        store.write_part(name, writing, 1, f"by {number}".encode())
        for number, writing in enumerate(writings)
    ]

    for number in (1, 0):
        store.complete(name, writings[number], [tags[number]])

    assert store.read(name, 0, 100) == b"by 0"


def test_a_writing_that_is_completed_is_over(store: ObjectStore, name: str) -> None:
    """The object stays what it is; nothing more is written to it."""
    writing = store.begin(name)
    tag = store.write_part(name, writing, 1, b"whole")
    store.complete(name, writing, [tag])

    with suppress(NotFound):
        store.complete(name, writing, [tag])
    with pytest.raises(NotFound):
        store.write_part(name, writing, 1, b"more")
    store.abandon(name, writing)

    assert store.read(name, 0, 100) == b"whole"


def test_an_abandoned_writing_is_over(store: ObjectStore, name: str) -> None:
    """Nothing of it is there; to abandon it again is no error."""
    writing = store.begin(name)
    tag = store.write_part(name, writing, 1, b"some")

    store.abandon(name, writing)
    store.abandon(name, writing)

    with pytest.raises(NotFound):
        store.write_part(name, writing, 2, b"more")
    with pytest.raises(NotFound):
        store.complete(name, writing, [tag])
    assert store.size(name) is None


def test_a_writing_that_was_never_begun_is_not_found(store: ObjectStore, name: str) -> None:
    """Nor one of another object."""
    other = store.begin(f"{name}.other")

    for writing in ("never-begun", other):
        with pytest.raises(NotFound):
            store.write_part(name, writing, 1, b"x")
        with pytest.raises(NotFound):
            store.complete(name, writing, ["x"])
        store.abandon(name, writing)

    store.write_part(f"{name}.other", other, 1, b"x")
    store.abandon(f"{name}.other", other)


def test_a_part_that_is_missing_is_refused(store: ObjectStore, name: str) -> None:
    """When the object is to be made of it; it can be written then."""
    writing = store.begin(name)
    first = store.write_part(name, writing, 1, PART)
    for tags in ([first, first], [f"{first}0"]):
        with pytest.raises(NotFound):
            store.complete(name, writing, tags)
    assert store.size(name) is None

    last = store.write_part(name, writing, 2, b"small")
    store.complete(name, writing, [first, last])

    assert store.size(name) == MIN_PART_BYTES + 5


def test_a_part_that_is_too_small_is_refused(
    request: pytest.FixtureRequest, stored: Stored, name: str
) -> None:
    """All but the last; it can be written anew."""
    if isinstance(stored.store, S3ObjectStore):
        reason = "ministack takes parts of any size"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    writing = stored.store.begin(name)
    tags = [stored.store.write_part(name, writing, number, b"small") for number in (1, 2)]

    with pytest.raises(DependencyRefused):
        stored.store.complete(name, writing, tags)

    large = stored.store.write_part(name, writing, 1, PART)
    stored.store.complete(name, writing, [large, tags[1]])
    assert stored.store.size(name) == MIN_PART_BYTES + 5


def test_a_file_is_put_to_a_signed_url(
    store: ObjectStore, browser: httpx.Client, name: str
) -> None:
    """Any number of times, with any content type and no key; then it is there."""
    signed = store.sign_upload(name, HOUR)
    for content, media_type in ((b"email\nann@example.com\n", "text/csv"), (b"email\n", "x/y")):
        answer = browser.put(signed.url, content=content, headers={"Content-Type": media_type})
        assert answer.status_code == 200
        assert store.read(name, 0, 100) == content

    assert browser.put(signed.url, content=b"").status_code == 200
    assert store.size(name) == 0


def test_a_file_is_got_from_a_signed_url(
    store: ObjectStore, browser: httpx.Client, name: str
) -> None:
    """Whole, and saved under its name rather than shown."""
    store.write(name, PART)

    answer = browser.get(store.sign_download(name, "contacts.csv", HOUR).url)

    assert answer.status_code == 200
    assert answer.content == PART
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("Zürich.csv", "attachment; filename=\"Zurich.csv\"; filename*=UTF-8''Z%C3%BCrich.csv"),
        ('a"b\\c/../d.csv', 'attachment; filename="a_b_c_.._d.csv"'),
        ("a\r\nSet-Cookie: x=1.csv", 'attachment; filename="a__Set-Cookie_ x=1.csv"'),
        ("..", 'attachment; filename="file"'),
        ("客户", "attachment; filename=\"file\"; filename*=UTF-8''%E5%AE%A2%E6%88%B7"),
    ],
)
def test_a_filename_is_made_safe(
    store: ObjectStore, browser: httpx.Client, name: str, filename: str, disposition: str
) -> None:
    """For a header, and for the system that the file is saved on."""
    store.write(name, b"x")

    answer = browser.get(store.sign_download(name, filename, HOUR).url)

    assert answer.headers["content-disposition"] == disposition


def test_a_url_is_good_for_one_method_and_one_object(
    store: ObjectStore, browser: httpx.Client, name: str
) -> None:
    """Whoever may upload may not read, and the other way round; and nothing is changed."""
    store.write(name, b"stays")
    upload = store.sign_upload(name, HOUR).url
    download = store.sign_download(name, "x.csv", HOUR).url

    for method, url in (("GET", upload), ("PUT", download), ("DELETE", upload), ("POST", upload)):
        assert browser.request(method, url).status_code in {403, 405}
    assert store.read(name, 0, 9) == b"stays"


@pytest.mark.parametrize("position", [-2, -20, -60])
def test_a_url_that_was_changed_is_refused(
    store: ObjectStore, browser: httpx.Client, name: str, position: int
) -> None:
    """By one character."""
    url = store.sign_upload(name, HOUR).url
    other = "a" if url[position] != "a" else "b"
    changed = url[:position] + other + url[position + 1 :]

    assert browser.put(changed, content=b"forged").status_code == 403
    assert store.size(name) is None


def test_a_file_that_is_not_there_is_not_got(
    store: ObjectStore, browser: httpx.Client, name: str
) -> None:
    """404, though the URL is good."""
    assert browser.get(store.sign_download(name, "x.csv", HOUR).url).status_code == 404


def test_a_url_says_when_it_expires(store: ObjectStore, name: str) -> None:
    """As long after now as was asked for."""
    first = store.sign_upload(name, HOUR).expires_at
    second = store.sign_download(name, "x.csv", 2 * HOUR).expires_at

    assert HOUR <= second - first < HOUR + timedelta(minutes=1)
    assert first.utcoffset() == timedelta()


def test_a_url_expires(local: Stored, browser: httpx.Client, name: str) -> None:
    """To the moment; what was uploaded stays."""
    upload = local.store.sign_upload(name, HOUR).url
    download = local.store.sign_download(name, "x.csv", HOUR).url
    assert local.elapse is not None
    local.elapse(HOUR - timedelta(seconds=1))
    assert browser.put(upload, content=b"in time").status_code == 200
    assert browser.get(download).status_code == 200

    local.elapse(timedelta(seconds=1))

    late = browser.put(upload, content=b"too late")
    assert late.status_code == 403
    assert late.headers["content-type"] == "application/problem+json"
    assert browser.get(download).status_code == 403
    assert local.store.read(name, 0, 100) == b"in time"


def test_an_object_goes_by_itself(local: Stored, name: str) -> None:
    """After as long as the bucket's lifecycle leaves one."""
    local.store.write(name, b"x")
    assert local.elapse is not None
    local.elapse(KEPT - timedelta(seconds=1))
    assert local.store.size(name) == 1

    local.elapse(timedelta(seconds=1))

    assert local.store.size(name) is None
    with pytest.raises(NotFound):
        local.store.read(name, 0, 1)
