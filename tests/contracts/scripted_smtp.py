"""An SMTP server of raw sockets: answers as it is told to, well-behaved or not."""

import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from tests.contracts.listening import ACCEPT_SECONDS, listening

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

CONNECT, EHLO, MAIL, RCPT, DATA, RSET = "CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "RSET"
AUTH, STARTTLS, QUIT = "AUTH", "STARTTLS", "QUIT"
CONTENT_BEGINS, CONTENT = "CONTENT BEGINS", "CONTENT"
"""The first octets of a mail; its final dot."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and whether the connection is closed then, or even reset."""

    octets: bytes = b""
    closes: bool = False
    resets: bool = False


def say(text: str, *, closes: bool = False) -> Answer:
    """Lines of a reply."""
    return Answer("".join(f"{line}\r\n" for line in text.splitlines()).encode(), closes)


DROP, RESET, SILENCE = Answer(closes=True), Answer(closes=True, resets=True), Answer()
_USUAL: Mapping[str, Answer] = {
    CONNECT: say("220 smtp.example ESMTP"),
    MAIL: say("250 2.1.0 OK"),
    RCPT: say("250 2.1.5 OK"),
    DATA: say("354 Go on"),
    CONTENT: say("250 2.0.0 Queued as 1"),
    RSET: say("250 2.0.0 OK"),
    AUTH: say("235 2.7.0 OK"),
    STARTTLS: say("220 2.0.0 Go on"),
    QUIT: say("221 2.0.0 Bye", closes=True),
}


@dataclass
class ScriptedSmtp:
    """`script` has what differs from the usual, each the first, second, … time; the last stays.

    `asked` is every line that came, in order, `mails` every whole mail, whatever was answered.
    """

    script: Mapping[str, Sequence[Answer]]
    extensions: Sequence[str]
    context: ssl.SSLContext | None
    port: int = 0
    asked: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0
    _met: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def count(self, command: str) -> int:
        """How often it was asked for."""
        return sum(line.upper().startswith(command) for line in self.asked)

    def talk(self, connected: socket.socket) -> None:
        """As it is scripted."""
        with _Conversation(connected, self.ended) as conversation, suppress(OSError, EOFError):
            self._answer(conversation, CONNECT)
            is_nested = False
            while True:
                line = conversation.line()
                with self._lock:
                    self.asked.append(line)
                command = line.split()[0].upper() if line.split() else ""
                if command == MAIL and is_nested:
                    conversation.send(say("503 5.5.1 Nested MAIL command"))
                    continue
                answered = self._answer(conversation, command)
                if command == MAIL:
                    is_nested = answered.octets.startswith(b"250")
                elif command == RSET:
                    is_nested = False
                if command == STARTTLS and self.context is not None:
                    conversation.encrypt(self.context)
                elif command == DATA and answered.octets.startswith(b"354"):
                    if CONTENT_BEGINS in self.script:
                        conversation.peek()
                        self._answer(conversation, CONTENT_BEGINS)
                    self.mails.append(conversation.content())
                    is_nested = False
                    self._answer(conversation, CONTENT)

    def _answer(self, conversation: "_Conversation", point: str) -> Answer:
        """Raises EOFError where that ends the connection."""
        with self._lock:
            turn = self._met[point]
            self._met[point] += 1
        scripted = self.script.get(point)
        usual = self._greeted() if point == EHLO else _USUAL.get(point, say("500 5.5.2 What?"))
        answer = scripted[min(turn, len(scripted) - 1)] if scripted else usual
        conversation.send(answer)
        return answer

    def _greeted(self) -> Answer:
        lines = ["smtp.example", *self.extensions]
        return say("\n".join([*(f"250-{each}" for each in lines[:-1]), f"250 {lines[-1]}"]))


class _Conversation:
    """One connection."""

    def __init__(self, connected: socket.socket, ended: threading.Event) -> None:
        self._socket = connected
        self._ended = ended
        self._octets = b""
        self._socket.settimeout(ACCEPT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def encrypt(self, context: ssl.SSLContext) -> None:
        self._socket.settimeout(None)
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self._socket.settimeout(ACCEPT_SECONDS)

    def send(self, answer: Answer) -> None:
        self._socket.sendall(answer.octets)
        if answer.resets:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        if answer.closes:
            raise EOFError

    def line(self) -> str:
        return self._until(b"\r\n").decode(errors="replace")

    def content(self) -> bytes:
        # The final dot stands on a line of its own, the first one included.
        self._octets = b"\r\n" + self._octets
        return self._until(b"\r\n.\r\n")[2:]

    def peek(self) -> None:
        while not self._octets:
            self._octets += self._received()

    def _until(self, end: bytes) -> bytes:
        while end not in self._octets:
            self._octets += self._received()
        found, _, self._octets = self._octets.partition(end)
        return found

    def _received(self) -> bytes:
        while not self._ended.is_set():
            try:
                received = self._socket.recv(65_536)
            except TimeoutError:
                continue
            if not received:
                break
            return received
        raise EOFError


@contextmanager
def scripted_smtp(
    script: Mapping[str, Sequence[Answer]] | None = None,
    *,
    extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SMTPUTF8"),
    context: ssl.SSLContext | None = None,
) -> Iterator[ScriptedSmtp]:
    """Listening on the loopback interface; `context` is for STARTTLS."""
    server = ScriptedSmtp(script or {}, extensions, context)
    with listening(server) as server.port:
        yield server
