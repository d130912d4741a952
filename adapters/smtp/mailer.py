"""Sending by any SMTP server."""

import logging
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import ceil

from adapters.smtp.batch import Batch
from adapters.smtp.composition import Composer, Mail, Sign
from adapters.smtp.connection import (
    Deadline,
    LostError,
    NotOfferedError,
    Refusal,
    SessionRefusedError,
    SmtpConnection,
    connect,
)
from adapters.smtp.doubts import Doubts
from adapters.smtp.pool import ConnectionPool
from adapters.smtp.refusal import Doubtful, Stage, meaning_of
from adapters.smtp.reply import CLOSING, Reply
from adapters.smtp.smtp_url import SmtpServer
from domain.message import Message
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.ports.clock import Clock

logger = logging.getLogger(__name__)

CONNECTIONS = 10
TIMEOUT = timedelta(seconds=30)
BATCH_SIZE = 200
_BATCH_TIME = timedelta(milliseconds=50)
"""In which a batch is to be handed over, if connections can do it: well within a grant."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of `send`."""

    messages: Sequence[Message]
    composer: Composer
    batch: Batch
    deadline: Deadline

    def announced(self, connection: SmtpConnection) -> tuple[int, Mail] | None:
        """The next mail, announced on the connection; None where none is to be begun."""
        while (position := self.batch.take()) is not None:
            mail = self.composer.compose(position, self.messages[position], connection.extensions)
            if isinstance(mail, Mail):
                connection.announce(mail.envelope)
                return position, mail
            self.batch.settle(position, mail)
        return None


class SmtpMailer:
    """Implements `domain.ports.mailer.Mailer`.

    Thread-safe; all calls share the connections. The id of an accepted mail is what its Message-ID
    header has between the angle brackets: reports of its delivery quote it (RFC 3464).
    """

    def __init__(  # noqa: PLR0913  a setting each
        self,
        server: SmtpServer,
        sender: str,
        clock: Clock,
        token: Callable[[], str],
        *,
        return_path: str = "",
        connections: int = CONNECTIONS,
        timeout: timedelta = TIMEOUT,
        sign: Sign | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`sender`, an address or a name and an address, is for messages that have none.

        `token` gives letters, digits, - and _ that were never given before, by any process, and
        that nobody can guess. What cannot be delivered comes back to the address `return_path`; to
        the sender, if empty. `sign` makes a DKIM signature. Authorities are the system's, or those
        of `context`.
        """
        self._server = server
        self._sender = sender
        self._clock = clock
        self._token = token
        self._return_path = return_path
        self._connections = connections
        self._timeout = timeout
        self._sign = sign
        self._given_context = context
        self._doubts = Doubts()
        self._mail_took: timedelta | None = None
        """From the content of the last mail that was answered to its answer."""
        self._pool = ConnectionPool(self._connect, clock.monotonic)
        self._threads = ThreadPoolExecutor(connections, "smtp")

    @property
    def timeout(self) -> timedelta:
        """All connections have so long together, whatever they wait for."""
        return self._timeout

    @property
    def batch_size(self) -> int:
        """What is of unknown outcome if the process is killed, at most."""
        return BATCH_SIZE

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """A mail is begun when the server is told from whom it is."""
        if not messages:
            return []
        started = self._clock.monotonic()
        call = _Call(
            messages,
            Composer(self._sender, self._return_path, self._sign, self._clock.now(), self._token()),
            Batch(len(messages), started + within, self._clock.monotonic, self._doubts),
            Deadline(started + self._timeout, self._clock.monotonic),
        )
        self._threads.submit(self._work, call, self._connections_for(len(messages)) - 1)
        return call.batch.outcomes(self._timeout.total_seconds())

    def _connections_for(self, mails: int) -> int:
        """As many as that takes at the server's pace: threads that need not wait are in the way."""
        most = min(self._connections, mails)
        if self._mail_took is None:
            return most
        return max(1, min(most, ceil(mails * self._mail_took / _BATCH_TIME)))

    def obstacle(self) -> str | None:
        """Why no mail can be begun now; None where a session can. Nothing is sent."""
        deadline = Deadline(self._clock.monotonic() + self._timeout, self._clock.monotonic)
        try:
            connection, _ = self._pool.take(deadline)
        except (SessionRefusedError, NotOfferedError, LostError, OSError) as error:
            return _without_session(error, self._server).reason
        self._pool.give(connection)
        return None

    def close(self) -> None:
        """Once nothing is begun any more: take leave of the server, within a second."""
        self._pool.close()

    def _work(self, call: _Call, others: int, *, joins: bool = False) -> None:
        """Hand over mails until there are none; `others` join once there is a connection.

        Not before: a password that is wrong is tried once, not ten times. Who `joins` and finds no
        connection leaves the mails to those that have one.
        """
        call.batch.attend()
        try:
            while call.batch.is_waiting:
                take = self._pool.take_another if joins else self._pool.take
                taken = take(call.deadline)
                if taken is None:
                    return
                joins = False
                for _ in range(others):
                    self._threads.submit(self._work, call, 0, joins=True)
                others = 0
                connection, is_new = taken
                self._hand_over(call, connection, is_new)
                self._pool.give(connection)
        except (SessionRefusedError, NotOfferedError, LostError, OSError) as error:
            without = _without_session(error, self._server)
            if joins:
                logger.warning("No further connection for now: %s", without.reason)
            else:
                call.batch.halt(without)
        except Exception:
            logger.exception("A defect in the SMTP mailer")
            call.batch.halt(NotSent("a defect in the SMTP mailer"))

    def _hand_over(self, call: _Call, connection: SmtpConnection, is_new: bool) -> None:
        """Over one connection, until it ends or there is none to begin."""
        batch = call.batch
        is_proven = not is_new
        announced = call.announced(connection)
        while announced is not None:
            position, mail = announced
            try:
                refusal = connection.begun()
            except LostError as lost:
                if not is_proven:
                    batch.halt(NotSent(f"no answer before the mail was sent: {lost}"))
                # It had ended before anything of this mail was sent.
                batch.put_back(position)
                return
            if refusal is not None and refusal.reply.code == CLOSING and is_proven:
                # It has had enough of this connection; of a new one it may take more.
                batch.put_back(position)
                return
            is_proven = True
            if refusal is not None:
                meaning = meaning_of(refusal.reply, refusal.stage, mail.to)
                if _may_be_of_connection(refusal, meaning) and connection.finished:
                    connection.close(politely=True)
                    batch.put_back(position)
                    return
                batch.settle(position, meaning)
                announced = call.announced(connection)
                continue
            announced = call.announced(connection)
            if not batch.expose(position):
                connection.close()
                return
            began = self._clock.monotonic()
            try:
                reply = connection.finish(mail.content)
            except LostError as lost:
                batch.settle(position, Unknown(f"the mail was sent, then: {lost}"))
                if announced is not None:
                    batch.put_back(announced[0])
                return
            self._mail_took = self._clock.monotonic() - began
            batch.settle(position, _outcome_of(reply, mail))

    def _connect(self, deadline: Deadline) -> SmtpConnection:
        return connect(self._server, lambda: self._context, deadline)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = self._given_context or ssl.create_default_context()
        if not self._server.tls.is_certain:
            # RFC 7435: better than none, and no password goes this way.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _may_be_of_connection(refusal: Refusal, meaning: Outcome | Doubtful) -> bool:
    """Some servers take so many mails by one connection, or forget who logged in, and keep it."""
    return refusal.stage is Stage.SENDER and not isinstance(meaning, Refused)


def _outcome_of(reply: Reply, mail: Mail) -> Outcome | Doubtful:
    if reply.is_positive:
        return Accepted(mail.message_id)
    return meaning_of(reply, Stage.CONTENT, mail.to)


def _without_session(error: Exception, server: SmtpServer) -> NotSent | AccountBlocked:
    """Why no mail could be begun. What only a person can mend stops the campaign."""
    match error:
        case SessionRefusedError():
            meaning = meaning_of(error.reply, error.stage)
            return (
                meaning
                if isinstance(meaning, NotSent | AccountBlocked)
                else NotSent(meaning.reason)
            )
        case NotOfferedError():
            return AccountBlocked(f"the SMTP server does not offer {error}")
        case ssl.SSLCertVerificationError():
            return AccountBlocked(
                f"the SMTP server's certificate is not good: {error.verify_message}"
            )
        case LostError():
            return NotSent(f"no session with the SMTP server: {error}")
    where = f"{server.host}:{server.port}"
    return NotSent(f"no connection to the SMTP server {where}: {type(error).__name__}")
