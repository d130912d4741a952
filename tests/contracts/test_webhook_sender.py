"""The contract of `domain.ports.webhook_sender`, to servers that mean no good, too."""

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
import trustme
from dns.nameserver import Do53Nameserver
from dns.resolver import Resolver

from adapters.memory.webhook_sender import MemoryWebhookSender
from adapters.system.clock import SystemClock
from adapters.web.webhook_sender import HttpWebhookSender, Resolve, system_addresses
from domain.webhook_request import Answered, NotAnswered, WebhookAnswer, WebhookRequest
from tests.dns_server import name_server
from tests.webhook_receiver import Received, Receiver, answering, receiver

MONOTONIC = SystemClock().monotonic
SHORT = timedelta(milliseconds=200)
NAME = "hooks.example.com"


def a_request(url: str, body: bytes = b'{"type":"webhook.test"}') -> WebhookRequest:
    """Signed by nobody."""
    return WebhookRequest(url, {"webhook-id": "evt_1"}, body)


def asked(url: str, total: timedelta = timedelta(seconds=10)) -> WebhookAnswer:
    """By a sender that may reach this machine."""
    sender = HttpWebhookSender(MONOTONIC, allow_private=True, total=total)
    (answer,) = sender.send([a_request(url)])
    return answer


@pytest.fixture
def http() -> Iterator[Receiver]:
    """Without TLS."""
    with receiver() as told:
        yield told


def test_a_request_arrives_as_it_was_made(http: Receiver) -> None:
    """A POST with the headers and the very bytes that were signed."""
    answer = asked(f"http://127.0.0.1:{http.port}/a/b?c=d")

    assert answer == Answered(204)
    (received,) = http.received
    assert received.line == "POST /a/b?c=d HTTP/1.1"
    assert received.headers["host"] == f"127.0.0.1:{http.port}"
    assert received.headers["webhook-id"] == "evt_1"
    assert received.headers["content-type"] == "application/json"
    assert received.body == b'{"type":"webhook.test"}'


@pytest.mark.parametrize("status", [200, 299, 301, 404, 410, 500, 503])
def test_the_status_is_told(http: Receiver, status: int) -> None:
    """Whichever it is; only 2xx is a success."""
    http.respond = answering(status)

    answer = asked(f"http://127.0.0.1:{http.port}/")

    assert answer == Answered(status)
    assert isinstance(answer, Answered)
    assert answer.is_success == (status < 300)
    assert answer.is_gone == (status == 410)


def test_retry_after_is_told_in_seconds(http: Receiver) -> None:
    """A date is not followed, nor is nonsense."""
    for header, seconds in (("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)):
        http.respond = answering(503, f"Retry-After: {header}")
        expected = None if seconds is None else timedelta(seconds=seconds)
        assert asked(f"http://127.0.0.1:{http.port}/") == Answered(503, expected)


def test_an_interim_answer_is_none(http: Receiver) -> None:
    """The status that follows is."""
    http.respond = lambda _received, write: write(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n\r\n"
    )

    assert asked(f"http://127.0.0.1:{http.port}/") == Answered(201)


def test_a_redirect_is_not_followed(http: Receiver) -> None:
    """Neither to the cloud's metadata nor to anywhere: it is an answer like another."""
    with receiver() as other:
        http.respond = answering(307, f"Location: http://127.0.0.1:{other.port}/latest/meta-data/")

        assert asked(f"http://127.0.0.1:{http.port}/") == Answered(307)

        assert other.connections == 0


def _drip(_received: Received, write: Callable[[bytes], None]) -> None:
    stop = threading.Event()
    write(b"HTTP/1.1 200 OK\r\n")
    while not stop.wait(0.02):
        write(b"a")


def _silent(_received: Received, _write: Callable[[bytes], None]) -> None:
    threading.Event().wait(60)


@pytest.mark.parametrize("respond", [_drip, _silent])
def test_an_answer_that_does_not_end_is_given_up(
    http: Receiver, respond: Callable[[Received, Callable[[bytes], None]], None]
) -> None:
    """Byte by byte, each in time, or none at all: the time is for the whole of it."""
    http.respond = respond

    assert asked(f"http://127.0.0.1:{http.port}/", SHORT) == NotAnswered("No answer within 0.2 s.")


def test_a_huge_answer_is_not_read(http: Receiver) -> None:
    """Of headers without an end a few KB, of a body nothing."""
    sent = 0

    def flood(_received: Received, write: Callable[[bytes], None]) -> None:
        nonlocal sent
        write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(10_000):
            write(b"X-Filler: " + b"x" * 10_000 + b"\r\n")
            sent += 10_000

    http.respond = flood

    assert asked(f"http://127.0.0.1:{http.port}/") == Answered(200)
    assert sent < 100_000_000


@pytest.mark.parametrize(
    "answer", [b"", b"220 mail.example.com ESMTP\r\n\r\n", b"\x16\x03\x01\r\n\r\n"]
)
def test_what_is_no_http_is_no_answer(http: Receiver, answer: bytes) -> None:
    """It may be another service that was made to speak."""
    http.respond = lambda _received, write: write(answer)

    assert isinstance(asked(f"http://127.0.0.1:{http.port}/"), NotAnswered)


def test_nobody_there_is_no_answer(closed_port: int) -> None:
    """The connection is refused."""
    assert asked(f"http://127.0.0.1:{closed_port}/") == NotAnswered(
        "No answer (ConnectionRefused)."
    )


def test_some_are_sent_at_once(http: Receiver) -> None:
    """One that waits keeps no other; answers come in the order of the requests."""
    gate = threading.Barrier(5, timeout=60)

    def together(received: Received, write: Callable[[bytes], None]) -> None:
        gate.wait()
        answering(200 + int(received.line.split()[1][1:]))(received, write)

    http.respond = together
    sender = HttpWebhookSender(MONOTONIC, allow_private=True)

    answers = sender.send([a_request(f"http://127.0.0.1:{http.port}/{n}") for n in range(5)])

    assert answers == [Answered(200 + number) for number in range(5)]
    assert list(sender.send([])) == []


# Names, which may lie ----------------------------------------------------------------------------


class Lookups:
    """Asks a real name server, and counts."""

    def __init__(self, server: str, port: int) -> None:
        self._resolver = Resolver(configure=False)
        self._resolver.nameservers = [Do53Nameserver(server, port)]
        self.count = 0

    def __call__(self, name: str) -> Sequence[str]:
        """All its addresses, of both kinds."""
        self.count += 1
        found: list[str] = []
        for kind in ("A", "AAAA"):
            answer = self._resolver.resolve(f"{name}.", kind, raise_on_no_answer=False)
            found += [record.to_text() for record in answer]
        return found


PRIVATE = {
    ("loopback.example.com", "A"): ["127.0.0.1"],
    ("metadata.example.com", "A"): ["169.254.169.254"],
    ("nat.example.com", "A"): ["100.64.0.1"],
    ("inside.example.com", "A"): ["10.0.0.1"],
    ("both.example.com", "A"): ["8.8.8.8", "127.0.0.1"],
    ("six.example.com", "AAAA"): ["::1"],
    ("mapped.example.com", "AAAA"): ["::ffff:169.254.169.254"],
    ("nat64.example.com", "AAAA"): ["64:ff9b::a9fe:a9fe"],
    ("mixed.example.com", "A"): ["8.8.8.8"],
    ("mixed.example.com", "AAAA"): ["fd00:ec2::254"],
}


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of its addresses does, none is tried; the reason holds no address."""
    monkeypatch.setattr("socket.create_connection", _never)
    with name_server(PRIVATE) as (host, port):
        sender = HttpWebhookSender(MONOTONIC, resolve=Lookups(host, port))
        names = dict.fromkeys(name for name, _ in PRIVATE)

        answers = sender.send([a_request(f"https://{name}/") for name in names])

    assert set(answers) == {
        NotAnswered("Not sent: The name has an address that is not on the public internet.")
    }


def _never(*_: object, **__: object) -> None:
    raise AssertionError("it was connected to")


def test_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that leads elsewhere the next time is asked for once: nothing to rebind."""
    connected: list[object] = []

    def connect(address: object, *_: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    zone: dict[tuple[str, str], list[str]] = {(NAME, "A"): ["8.8.8.8"]}
    with name_server(zone) as (host, port):
        lookups = Lookups(host, port)

        def rebinding(name: str) -> Sequence[str]:
            found = lookups(name)
            zone[NAME, "A"] = ["127.0.0.1"]
            return found

        (answer,) = HttpWebhookSender(MONOTONIC, resolve=rebinding).send(
            [a_request(f"https://{NAME}/")]
        )

    assert connected == [("8.8.8.8", 443)]
    assert lookups.count == 1
    assert isinstance(answer, NotAnswered)


def test_a_name_that_is_none_is_no_answer() -> None:
    """The next attempt may find it."""
    (answer,) = HttpWebhookSender(MONOTONIC, resolve=system_addresses).send(
        [a_request("https://no-such-name.invalid/")]
    )

    assert isinstance(answer, NotAnswered)
    assert "could not be resolved" in answer.reason


def test_a_url_that_was_let_in_by_older_code_is_refused() -> None:
    """What is refused at the door is refused here, too, before anything is resolved."""
    sender = HttpWebhookSender(MONOTONIC, resolve=_never_resolved)

    for url in ("http://hooks.example.com/", "https://127.0.0.1/", "https://hooks.example.com:25/"):
        (answer,) = sender.send([a_request(url)])
        assert isinstance(answer, NotAnswered)
        assert answer.reason.startswith("Not sent: ")


def _never_resolved(_name: str) -> Sequence[str]:
    raise AssertionError("it was asked for")


# TLS ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """One of our own."""
    return trustme.CA()


def _server(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def _over_tls(authority: trustme.CA | None, to: Receiver) -> WebhookAnswer:
    context = ssl.create_default_context()
    if authority is not None:
        authority.configure_trust(context)
    resolve: Resolve = lambda _name: ["127.0.0.1"]  # noqa: E731  as short as it is
    sender = HttpWebhookSender(MONOTONIC, allow_private=True, resolve=resolve, context=context)
    (answer,) = sender.send([a_request(f"https://{NAME}:{to.port}/hook")])
    return answer


def test_tls_is_with_the_name_at_the_address(authority: trustme.CA) -> None:
    """Name indication, certificate and Host are the name's; the connection is the address's."""
    with receiver(_server(authority, NAME)) as https:
        assert _over_tls(authority, https) == Answered(204)

        assert https.names == [NAME]
        assert https.received[0].headers["host"] == f"{NAME}:{https.port}"


@pytest.mark.parametrize("names", [("other.example.com",), ("127.0.0.1",)])
def test_a_certificate_of_another_name_is_refused(
    authority: trustme.CA, names: Sequence[str]
) -> None:
    """Nothing is told to whoever it is."""
    with receiver(_server(authority, *names)) as https:
        answer = _over_tls(authority, https)

        assert isinstance(answer, NotAnswered)
        assert "certificate" in answer.reason
        assert https.received == []


def test_a_certificate_of_nobody_known_is_refused(authority: trustme.CA) -> None:
    """By the authorities that this machine trusts."""
    with receiver(_server(authority, NAME)) as https:
        answer = _over_tls(None, https)

        assert isinstance(answer, NotAnswered)
        assert https.received == []


def test_the_memory_sender_keeps_what_left() -> None:
    """And answers as it is told."""
    sender = MemoryWebhookSender(lambda _request: Answered(500))
    requests = [a_request(f"https://{NAME}/{number}") for number in range(2)]

    assert list(sender.send(requests)) == [Answered(500), Answered(500)]
    assert sender.sent == requests
