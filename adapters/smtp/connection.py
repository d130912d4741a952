"""One connection to an SMTP server (RFC 5321), from which mail after mail is handed over.

What is not said otherwise may raise LostError: the connection is closed and good for nothing more.
"""

import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from adapters.smtp.refusal import Stage
from adapters.smtp.reply import CLOSING, BrokenReplyError, Reply, ReplyBuffer
from adapters.smtp.smtp_url import Credentials, SmtpServer, Tls

_RECEIVED = 65_536
_CONNECT_SECONDS = 10.0
"""Of what a name leads to, each: who answers at all does so sooner."""
_CREDENTIALS_WANTED = 334
_UNREADABLE = "an answer that is none of SMTP"


class LostError(Exception):
    """No reply came, or none that can be read. Its text says how that was seen."""


class SessionRefusedError(Exception):
    """The server takes no mail on this connection, and said so."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        super().__init__(stage, reply)
        self.stage = stage
        self.reply = reply


class NotOfferedError(Exception):
    """The server lacks what SMTP_URL asks for. The text says what."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """On the process's monotonic clock."""

    at: timedelta
    monotonic: Callable[[], timedelta]

    def left(self) -> float:
        """Seconds. Raises TimeoutError where there are none."""
        left = (self.at - self.monotonic()).total_seconds()
        if left <= 0:
            raise TimeoutError
        return left


@dataclass(frozen=True, slots=True)
class Extensions:
    """Those of the server that make a difference (RFC 2920, 6531, 6152, 1870, 3207, 4954)."""

    pipelining: bool = False
    smtputf8: bool = False
    eight_bit: bool = False
    size: bool = False
    largest: int = 0
    """Octets of a mail; 0 where no limit is told."""
    starttls: bool = False
    mechanisms: frozenset[str] = frozenset()

    @classmethod
    def of(cls, reply: Reply) -> "Extensions":
        """As EHLO was answered."""
        named: dict[str, list[str]] = {}
        for line in reply.lines[1:]:
            keyword, *parameters = line.decode("ascii", "replace").upper().split() or [""]
            named.setdefault(keyword, parameters)
        size = named.get("SIZE", ())
        return cls(
            pipelining="PIPELINING" in named,
            smtputf8="SMTPUTF8" in named and "8BITMIME" in named,
            eight_bit="8BITMIME" in named,
            size="SIZE" in named,
            largest=int(size[0]) if size and size[0].isascii() and size[0].isdigit() else 0,
            starttls="STARTTLS" in named,
            mechanisms=frozenset(named.get("AUTH", ())),
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom and to whom, as the server is told: ASCII, or UTF-8 with SMTPUTF8."""

    sender: bytes
    to: bytes
    size: int
    smtputf8: bool = False
    eight_bit: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reply by which a mail was not taken."""

    stage: Stage
    reply: Reply


@dataclass(frozen=True, slots=True)
class _Command:
    line: bytes
    stage: Stage
    expected: int
    """The reply's first digit."""


_RESET = _Command(b"RSET\r\n", Stage.SESSION, 2)
_DATA = _Command(b"DATA\r\n", Stage.CONTENT, 3)


class SmtpConnection:
    """Mails go `announce` → `begun` → `finish`; the next is announced before one is finished.

    Where the server takes PIPELINING, its commands then travel with the content of the one before
    (RFC 2920, section 3.1), so that each mail takes one round trip.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._replies = ReplyBuffer()
        self._announced: tuple[_Command, ...] = ()
        self._is_written = False
        self._needs_reset = False
        self.deadline = deadline
        """By when an answer has to be there: of whoever uses the connection now."""
        self.extensions = Extensions()
        self.finished = 0
        """Mails that the server answered for."""

    @property
    def is_open(self) -> bool:
        """Whether nothing was seen to end it."""
        return self._socket.fileno() >= 0

    def greet(self) -> None:
        """Raises SessionRefusedError."""
        self._accepted(Stage.SESSION, self._read())
        self._introduce()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Raises SessionRefusedError; NotOfferedError where STARTTLS was not, or was taken out."""
        if not self.extensions.starttls:
            raise NotOfferedError("STARTTLS")
        self._accepted(Stage.SESSION, self._ask(b"STARTTLS\r\n"))
        if not self._replies.is_empty:
            # Somebody put it in before the connection was safe.
            raise self._lost("more than an answer to STARTTLS")
        self.encrypt(context, host)
        self._introduce()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Raises ssl.SSLCertVerificationError where it is somebody else, or cannot prove itself."""
        try:
            self._socket.settimeout(self.deadline.left())
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except ssl.SSLCertVerificationError:
            self.close()
            raise
        except OSError as error:
            raise self._lost(_named(error)) from error

    def authenticate(self, credentials: Credentials) -> None:
        """Raises SessionRefusedError, and NotOfferedError."""
        user, password = credentials.user.encode(), credentials.password.encode()
        if "PLAIN" in self.extensions.mechanisms:
            steps = [b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password)]
        elif "LOGIN" in self.extensions.mechanisms:
            steps = [b"AUTH LOGIN", b64encode(user), b64encode(password)]
        else:
            raise NotOfferedError("AUTH PLAIN or LOGIN")
        for step in steps[:-1]:
            reply = self._ask(step + b"\r\n")
            if reply.code != _CREDENTIALS_WANTED:
                raise SessionRefusedError(Stage.CREDENTIALS, self._refusing(reply))
        self._accepted(Stage.CREDENTIALS, self._ask(steps[-1] + b"\r\n"))

    def announce(self, envelope: Envelope) -> None:
        """Sends nothing yet."""
        mail = b"MAIL FROM:<" + envelope.sender + b">"
        if self.extensions.size:
            mail += b" SIZE=%d" % envelope.size
        if envelope.smtputf8:
            mail += b" SMTPUTF8"
        if envelope.eight_bit:
            mail += b" BODY=8BITMIME"
        self._announced = (
            *((_RESET,) if self._needs_reset else ()),
            _Command(mail + b"\r\n", Stage.SENDER, 2),
            _Command(b"RCPT TO:<" + envelope.to + b">\r\n", Stage.RECIPIENT, 2),
            _DATA,
        )
        self._is_written = False

    def begun(self) -> Refusal | None:
        """None once the server waits for the content of the mail that was announced.

        Nothing of that is sent before, whatever happens.
        """
        commands, self._announced = self._announced, ()
        refusal: Refusal | None = None
        try:
            if self.extensions.pipelining and not self._is_written:
                self._write(_lines(commands))
            for command in commands:
                if not self.extensions.pipelining:
                    self._write(command.line)
                reply = self._read()
                if command is _RESET:
                    continue
                is_wanted = reply.code // 100 == command.expected
                if not is_wanted:
                    refusal = refusal or Refusal(command.stage, self._refusing(reply))
                if command is _DATA and is_wanted and refusal is not None:
                    # It waits for the content of a mail to nobody (RFC 2920, section 3.1).
                    self._ask(b".\r\n")
                if not is_wanted and not self.extensions.pipelining:
                    break
        except LostError:
            if refusal is None:
                raise
        self._needs_reset = refusal is not None
        return refusal

    def finish(self, content: bytes) -> Reply:
        """The answer to a whole mail, which ends with its final dot.

        Where it raises LostError, nobody knows whether the mail was taken.
        """
        self._needs_reset = False
        if self.extensions.pipelining:
            content += _lines(self._announced)
            self._is_written = True
        self._write(content)
        reply = self._read()
        self.finished += 1
        return reply if reply.is_positive else self._refusing(reply)

    def quit(self) -> None:
        """Say so. Never raises, and waits for nobody."""
        with suppress(OSError):
            self._socket.setblocking(False)
            self._socket.send(b"QUIT\r\n")

    def close_once_answered(self) -> None:
        """After `quit` (RFC 5321, section 4.1.1.10), or at the deadline. Never raises."""
        with suppress(LostError):
            self._read()
        self.close()

    def close(self, *, politely: bool = False) -> None:
        """Never raises, and waits for nobody."""
        if politely and self.is_open:
            self.quit()
        self._socket.close()

    def _introduce(self) -> None:
        """By the address that it comes from (RFC 5321, section 4.1.3): no name has to be right."""
        address, _, _ = self._socket.getsockname()[0].partition("%")
        literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        reply = self._ask(f"EHLO {literal}\r\n".encode("ascii"))
        self._accepted(Stage.SESSION, reply)
        self.extensions = Extensions.of(reply)

    def _accepted(self, stage: Stage, reply: Reply) -> None:
        if not reply.is_positive:
            raise SessionRefusedError(stage, self._refusing(reply))

    def _refusing(self, reply: Reply) -> Reply:
        """A reply that has to be a refusal: the server is not in the state that it should be in."""
        if not reply.is_transient and not reply.is_permanent:
            raise self._lost(_UNREADABLE)
        if reply.code == CLOSING:
            self.close()
        return reply

    def _ask(self, line: bytes) -> Reply:
        self._write(line)
        return self._read()

    def _write(self, octets: bytes) -> None:
        try:
            self._socket.settimeout(self.deadline.left())
            self._socket.sendall(octets)
        except OSError as error:
            raise self._lost(_named(error)) from error

    def _read(self) -> Reply:
        try:
            while (reply := self._replies.next()) is None:
                self._socket.settimeout(self.deadline.left())
                octets = self._socket.recv(_RECEIVED)
                if not octets:
                    raise self._lost("the server ended the connection")
                self._replies.feed(octets)
        except BrokenReplyError as error:
            raise self._lost(_UNREADABLE) from error
        except OSError as error:
            raise self._lost(_named(error)) from error
        return reply

    def _lost(self, how: str) -> LostError:
        self.close()
        return LostError(how)


def connect(
    server: SmtpServer, context: Callable[[], ssl.SSLContext], deadline: Deadline
) -> SmtpConnection:
    """Ready for mail. Raises whatever its steps do, OSError too; nothing is left open then."""
    connected = socket.create_connection(
        (server.host, server.port), min(_CONNECT_SECONDS, deadline.left())
    )
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = SmtpConnection(connected, deadline)
    try:
        if server.tls is Tls.AT_ONCE:
            connection.encrypt(context(), server.host)
        connection.greet()
        if server.tls is Tls.REQUIRED or (
            server.tls is Tls.OPPORTUNISTIC and connection.extensions.starttls
        ):
            connection.start_tls(context(), server.host)
        if server.credentials is not None:
            connection.authenticate(server.credentials)
    except BaseException:
        connection.close(politely=True)
        raise
    return connection


def _lines(commands: Sequence[_Command]) -> bytes:
    return b"".join(command.line for command in commands)


def _named(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return type(error).__name__
