"""Webhooks over HTTP/1.1, by the standard library's sockets.

No client that others wrote takes the address that was checked, and none ends a request that is
answered byte by byte: so the few lines of the protocol that a POST takes are here.
"""

import re
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from domain.errors import InvalidInput
from domain.public_address import is_public
from domain.webhook_request import Answered, NotAnswered, WebhookAnswer, WebhookRequest
from domain.webhook_url import WebhookUrl, parsed_url

Resolve = Callable[[str], Sequence[str]]
"""The addresses of a name. Raises OSError where it has none, or nobody tells."""

TOTAL = timedelta(seconds=15)
"""Of one attempt, once its name is resolved: to connect, to send and to be answered."""
_CONNECT_SECONDS = 5.0
_AT_ONCE = 20
_MAX_HEAD_BYTES = 8_192
"""Of an answer: its status and headers. What follows is not read."""
_MAX_ADDRESSES = 3
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r?$)", re.MULTILINE)
_RETRY_AFTER = re.compile(rb"^retry-after:[ \t]*(\d{1,6})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_INTERIM = range(100, 200)


def system_addresses(name: str) -> Sequence[str]:
    """As this machine resolves it."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True)
class _Deadline:
    """Of one attempt, on the process's monotonic clock."""

    at: timedelta
    monotonic: Callable[[], timedelta]

    def left(self) -> float:
        """Seconds. Raises TimeoutError where there are none."""
        left = (self.at - self.monotonic()).total_seconds()
        if left <= 0:
            raise TimeoutError
        return left


class HttpWebhookSender:
    """Implements `domain.ports.webhook_sender.WebhookSender`."""

    def __init__(
        self,
        monotonic: Callable[[], timedelta],
        *,
        allow_private: bool = False,
        resolve: Resolve = system_addresses,
        context: ssl.SSLContext | None = None,
        total: timedelta = TOTAL,
    ) -> None:
        """`allow_private` lets requests go anywhere, by http, too: on a machine of one's own."""
        self._allow_private = allow_private
        self._resolve = resolve
        self._context = context
        self._total = total
        self._monotonic = monotonic

    def send(self, requests: Sequence[WebhookRequest]) -> Sequence[WebhookAnswer]:
        """Some at a time, each in a thread."""
        if not requests:
            return ()
        with ThreadPoolExecutor(min(_AT_ONCE, len(requests)), "webhook") as threads:
            return list(threads.map(self._send, requests))

    def _send(self, request: WebhookRequest) -> WebhookAnswer:
        try:
            url = parsed_url(request.url, allow_private=self._allow_private)
            addresses = self._addresses(url)
        except InvalidInput as error:
            return NotAnswered(f"Not sent: {error.detail}")
        except OSError as error:
            return NotAnswered(f"The name could not be resolved ({type(error).__name__}).")
        except UnicodeError:
            return NotAnswered("The name could not be resolved.")
        return self._asked(url, addresses, request)

    def _asked(
        self, url: WebhookUrl, addresses: Sequence[str], request: WebhookRequest
    ) -> WebhookAnswer:
        deadline = _Deadline(self._monotonic() + self._total, self._monotonic)
        try:
            with closing(self._connected(url, addresses, deadline)) as connection:
                connection.settimeout(deadline.left())
                connection.sendall(_message(url, request))
                return _answer(connection, deadline)
        except TimeoutError:
            return NotAnswered(f"No answer within {self._total.total_seconds():g} s.")
        except ssl.SSLCertVerificationError as error:
            return NotAnswered(f"Its certificate is not good: {error.verify_message}.")
        except (OSError, _NoHttpError) as error:
            return NotAnswered(f"No answer ({type(error).__name__.removesuffix('Error')}).")

    def _addresses(self, url: WebhookUrl) -> Sequence[str]:
        """Raises OSError, and InvalidInput where one is not public: who sets one sets the other."""
        found = [url.host] if url.is_address else self._resolve(url.host)
        if not self._allow_private and not all(map(is_public, found)):
            raise InvalidInput("url", "The name has an address that is not on the public internet.")
        return found[:_MAX_ADDRESSES]

    def _connected(
        self, url: WebhookUrl, addresses: Sequence[str], deadline: _Deadline
    ) -> socket.socket:
        """To the first address that takes it, and to no other than these."""
        fault: OSError = OSError("no address")
        for address in addresses:
            try:
                seconds = min(_CONNECT_SECONDS, deadline.left())
                plain = socket.create_connection((address, url.port), seconds)
            except OSError as error:
                fault = error
                continue
            if not url.is_secure:
                return plain
            try:
                plain.settimeout(deadline.left())
                return self._tls().wrap_socket(plain, server_hostname=url.host)
            except BaseException:
                plain.close()
                raise
        raise fault

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


class _NoHttpError(Exception):
    """What came is no answer of HTTP."""


def _message(url: WebhookUrl, request: WebhookRequest) -> bytes:
    headers = {
        "Host": url.authority,
        "User-Agent": "Sentinel-Webhooks/1",
        "Content-Type": "application/json",
        "Content-Length": str(len(request.body)),
        "Accept": "*/*",
        "Connection": "close",
        **request.headers,
    }
    lines = [f"POST {url.target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + request.body


def _answer(connection: socket.socket, deadline: _Deadline) -> Answered:
    """Of the first status that is not an interim one; what comes after its headers stays unread.

    Raises OSError and _NoHttpError.
    """
    received = b""
    for piece in iter(partial(_received, connection, deadline), b""):
        received += piece
        while b"\r\n\r\n" in received:
            head, _, rest = received.partition(b"\r\n\r\n")
            status = _status(head)
            if status not in _INTERIM:
                retry_after = _RETRY_AFTER.search(head)
                seconds = None if retry_after is None else int(retry_after[1])
                return Answered(status, None if seconds is None else timedelta(seconds=seconds))
            received = rest
        if len(received) > _MAX_HEAD_BYTES:
            break
    # Headers without an end: the status is what was asked for.
    return Answered(_status(received))


def _received(connection: socket.socket, deadline: _Deadline) -> bytes:
    connection.settimeout(deadline.left())
    return connection.recv(4_096)


def _status(head: bytes) -> int:
    found = _STATUS.match(head)
    if found is None:
        raise _NoHttpError
    return int(found[1])
