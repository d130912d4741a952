"""What S3 answers and no emulator does, and what is asked of it, met by the aws family."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.aws.clients import AwsClients
from adapters.aws.object_store import S3ObjectStore
from adapters.system.clock import SystemClock
from domain.errors import DependencyFault, DependencyRefused, DependencyUnavailable, NotFound
from domain.ports.object_store import ObjectStore
from tests.contracts.raw_server import http_answer, raw_server
from tests.contracts.settable_clock import SettableClock

pytestmark = pytest.mark.usefixtures("no_backoff")

NAME = "imports/imp_1/contacts.csv"
HOUR = timedelta(hours=1)
CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "size": lambda store: store.size(NAME),
    "read": lambda store: store.read(NAME, 0, 10),
    "write": lambda store: store.write(NAME, b"x"),
    "delete": lambda store: store.delete(NAME),
    "begin": lambda store: store.begin(NAME),
    "write_part": lambda store: store.write_part(NAME, "upload", 1, b"x"),
    "complete": lambda store: store.complete(NAME, "upload", ["tag"]),
    "abandon": lambda store: store.abandon(NAME, "upload"),
}
RawClients = Callable[[str], AwsClients]


def store_at(raw_clients: RawClients, endpoint_url: str) -> S3ObjectStore:
    """Somewhere, which nobody asks whether to go on before a body is sent: it would not say."""
    clients = raw_clients(endpoint_url)
    clients.s3.meta.events.register("before-call.s3", _without_expect)
    return S3ObjectStore(clients, "files", SystemClock())


def _without_expect(params: dict[str, Any], **_: object) -> None:  # Any: botocore's own
    params["headers"].pop("Expect", None)


def refusal(code: str, status: str) -> bytes:
    """As S3 has it."""
    text = (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>ann@example.com</Message></Error>"
    )
    return http_answer(text.encode(), status)


@pytest.mark.parametrize("call", CALLS)
def test_what_s3_refuses_is_refused(raw_clients: RawClients, call: str) -> None:
    """Denied, once, and told without S3's words, which may be about anybody."""
    with raw_server(refusal("AccessDenied", "403 Forbidden")) as server:
        if call == "size":
            # A HEAD is answered without a body.
            server.answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(DependencyRefused) as raised:
            CALLS[call](store_at(raw_clients, server.endpoint_url))

    assert "ann@example.com" not in str(raised.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("call", CALLS)
def test_what_s3_does_not_answer_may_have_been_done(raw_clients: RawClients, call: str) -> None:
    """It is asked a few times; then nobody knows."""
    with raw_server(b"") as server, pytest.raises(DependencyUnavailable):
        CALLS[call](store_at(raw_clients, server.endpoint_url))

    assert len(server.requests) == 4


@pytest.mark.parametrize("call", CALLS)
def test_nobody_at_all_is_a_fault(raw_clients: RawClients, closed_port: int, call: str) -> None:
    """As everywhere."""
    with pytest.raises(DependencyFault):
        CALLS[call](store_at(raw_clients, f"http://127.0.0.1:{closed_port}"))


def test_half_of_what_was_to_be_read_is_not_taken_for_all(raw_clients: RawClients) -> None:
    """The connection breaks within the file: whoever took that for its end would lose rows."""
    with (
        raw_server(http_answer(b"email\nann", "206 Partial Content", length=100)) as server,
        pytest.raises(DependencyUnavailable),
    ):
        store_at(raw_clients, server.endpoint_url).read(NAME, 0, 100)


def test_a_completion_that_fails_after_its_headers_is_a_fault(raw_clients: RawClients) -> None:
    """S3 answers 200 at once, and may say later that it failed (CompleteMultipartUpload)."""
    with (
        raw_server(refusal("InternalError", "200 OK")) as server,
        pytest.raises(DependencyUnavailable),
    ):
        store_at(raw_clients, server.endpoint_url).complete(NAME, "upload", ["tag"])


def test_a_missing_bucket_is_no_missing_file(raw_clients: RawClients) -> None:
    """Nothing can be read of it, and somebody has to look."""
    with (
        raw_server(refusal("NoSuchBucket", "404 Not Found")) as server,
        pytest.raises(DependencyRefused, match="NoSuchBucket"),
    ):
        store_at(raw_clients, server.endpoint_url).read(NAME, 0, 10)


def test_a_writing_that_is_over_is_not_found(raw_clients: RawClients) -> None:
    """Though S3 may take for a while what was completed already."""
    with raw_server(refusal("NoSuchUpload", "404 Not Found")) as server:
        store = store_at(raw_clients, server.endpoint_url)
        with pytest.raises(NotFound):
            store.write_part(NAME, "upload", 1, b"x")
        with pytest.raises(NotFound):
            store.complete(NAME, "upload", ["tag"])
        store.abandon(NAME, "upload")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "files.s3.eu-central-1.amazonaws.com"),
        ("us-east-1", "files.s3.amazonaws.com"),
        ("us-gov-west-1", "files.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "files.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_url_leads_to_the_bucket_in_its_region(region: str, host: str) -> None:
    """Elsewhere S3 would lead on to there, by a redirection that the signature is not good for."""
    clock = SettableClock()
    store = S3ObjectStore(AwsClients(region, access_key="test"), "files", clock)

    for signed in (store.sign_upload(NAME, HOUR), store.sign_download(NAME, "x.csv", HOUR)):
        url = urlsplit(signed.url)
        query = parse_qs(url.query)
        assert (url.scheme, url.netloc, url.path) == ("https", host, f"/{NAME}")
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert query["X-Amz-Expires"] == ["3600"]
        # Any other would have to be sent by whoever has the URL.
        assert query["X-Amz-SignedHeaders"] == ["host"]
        assert not [name for name in query if "checksum" in name]
        assert signed.expires_at == clock.now() + HOUR


def test_an_emulators_urls_have_the_bucket_in_the_path() -> None:
    """Nobody knows a name that begins with the bucket's there."""
    clients = AwsClients("eu-central-1", "http://localhost:4566", "test")
    store = S3ObjectStore(clients, "files", SystemClock())

    assert store.sign_upload(NAME, HOUR).url.startswith(f"http://localhost:4566/files/{NAME}?")
