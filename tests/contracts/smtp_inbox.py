"""An SMTP server that takes everything and keeps it: aiosmtpd, on the loopback interface."""

import asyncio
import ssl
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from adapters.smtp.mailer import SmtpMailer
from adapters.smtp.smtp_url import SmtpServer, Tls
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from tests.contracts.family import SENDER, Mail

USER, PASSWORD = "sentinel", "pa:ss@word/%"
SLOW = "slow.example"
"""Mails to this domain are not answered before they are released."""


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it came: its envelope, and what it is to another reader."""

    sender: str
    to: str
    options: tuple[str, ...]
    content: bytes
    encrypted: bool
    session: int
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def message(self) -> EmailMessage:
        """As the standard library reads it."""
        message = BytesParser(policy=policy.SMTPUTF8).parsebytes(self.content)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def mail(self) -> Mail:
        """As the contract looks at it."""
        message = self.message
        text, html = (
            str(part.get_content()).replace("\r\n", "\n") for part in message.iter_parts()
        )
        message_id = message["Message-ID"].strip("<>")
        return Mail(message_id, self.to, message["Subject"], html, text)


@dataclass
class SmtpInbox:
    """Everything that was accepted, oldest first."""

    pipelining: bool
    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    """So many were taken."""
    left: int = 0
    """So many were ended by QUIT."""
    held: int = 0
    """Mails that wait for their answer."""
    released: threading.Event = field(default_factory=threading.Event)

    def delivered(self, addresses: Collection[str]) -> Sequence[Mail]:
        """What these got."""
        return [each.mail for each in self.received if each.to in addresses]

    async def handle_EHLO(  # noqa: N802  aiosmtpd's interface
        self, _: SMTP, session: Session, __: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        """Announce what aiosmtpd can and does not say."""
        session.host_name = name
        return [*answers[:-1], "250-PIPELINING", *answers[-1:]] if self.pipelining else answers

    async def handle_QUIT(self, _: SMTP, __: Session, ___: Envelope) -> str:  # noqa: N802
        """Count it."""
        self.left += 1
        return "221 2.0.0 Bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it."""
        if any(to.endswith(f"@{SLOW}") for to in envelope.rcpt_tos):
            self.held += 1
            await asyncio.to_thread(self.released.wait)
            self.held -= 1
        assert isinstance(envelope.original_content, bytes)
        assert server.transport is not None
        for to in envelope.rcpt_tos:
            self.received.append(
                Received(
                    str(envelope.mail_from),
                    to,
                    tuple(envelope.mail_options),
                    envelope.original_content,
                    encrypted=server.transport.get_extra_info("ssl_object") is not None,
                    session=id(session),
                )
            )
        return "250 2.0.0 OK"


@contextmanager
def smtp_inbox(
    *,
    pipelining: bool = True,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    credentials: bool = False,
) -> Iterator[SmtpInbox]:
    """Listening; with `credentials` only for USER with PASSWORD, over TLS."""
    inbox = SmtpInbox(pipelining)
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        inbox.connections += 1
        return SMTP(
            inbox,
            enable_SMTPUTF8=True,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=credentials,
            authenticator=_authenticated if credentials else None,
            loop=loop,
        )

    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
    inbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield inbox
    finally:
        inbox.released.set()
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    """And whatever is under way on its connections."""
    server.close()
    await server.wait_closed()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def smtp_mailer(port: int, connections: int = 1) -> SmtpMailer:
    """Sends to a port of this machine, in the clear."""
    server = SmtpServer("127.0.0.1", port, Tls.OFF)
    token = SystemIds().write_token
    return SmtpMailer(server, SENDER, SystemClock(), token, connections=connections)


def _authenticated(_: SMTP, __: Session, ___: Envelope, ____: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)
