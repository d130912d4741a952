"""Messages as mails (RFC 5322 and 2046), and the envelopes that they travel in.

Built from text: whatever comes from elsewhere is checked here, so that it is one value of one
header, or one address.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from adapters.smtp.body_part import body_part
from adapters.smtp.connection import Envelope, Extensions
from adapters.smtp.encoded_words import header_text
from domain.address import in_ascii, normalise_address
from domain.errors import InvalidInput
from domain.message import Message
from domain.outcome import Refused
from domain.sending_identities import address_of
from domain.unicode_text import is_one_line

Sign = Callable[[bytes, bytes, datetime], bytes]
"""Of headers and a body: a header that stands for both."""

REFERENCE_HEADER = "X-Sentinel-Ref"
"""Leads what comes back about a mail to its recipient."""

PLAIN_ADDRESS = re.compile(
    r"(?=[^@]{1,64}@.{1,189}\Z)(?!.*xn--)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
    re.ASCII,
)
"""Most addresses, which are what `normalise_address` makes of them: known much sooner."""
_VALUE = re.compile(r"[!-~]+(?: [!-~]+)*")
"""Of a header that is ASCII: no line can end in it."""
_LONGEST_VALUE = 900


@dataclass(frozen=True, slots=True)
class Mail:
    """Ready to be handed over; `content` ends with the final dot."""

    message_id: str
    to: str
    envelope: Envelope
    content: bytes


@dataclass(frozen=True, slots=True)
class _Sender:
    """What mails of one sender have in common."""

    envelope: bytes
    domain: str
    headers: str


class Composer:
    """Makes the mails of one batch: at one time, with names that no other batch has."""

    def __init__(
        self, sender: str, return_path: str, sign: Sign | None, now: datetime, token: str
    ) -> None:
        """`sender` is for messages that have none; `return_path`, if any, is where bounces go.

        `token` is never given twice, and nobody can guess it: letters, digits, - and _.
        """
        self._sender = sender
        self._return_path = return_path
        self._sign = sign
        self._now = now
        self._token = token
        self._boundary = f"=_{token}"
        self._date = format_datetime(now)

    def compose(self, number: int, message: Message, extensions: Extensions) -> Mail | Refused:
        """The mail with this number of the batch, for a server with these extensions."""
        try:
            return self._composed(number, message, extensions)
        except _UnmailableError as error:
            return Refused(str(error))
        except UnicodeEncodeError:
            return Refused("it holds characters that are not Unicode text")

    def _composed(self, number: int, message: Message, extensions: Extensions) -> Mail:
        sender = _sender(message.sender or self._sender, message.reply_to, self._return_path)
        to = _address(message.to)
        smtputf8 = not to.isascii()
        if smtputf8 and not extensions.smtputf8:
            raise _UnmailableError("the SMTP server takes only ASCII characters before the @")
        # The first is enough mostly, and takes a hundredth of the time.
        if not message.subject.isprintable() and not is_one_line(message.subject):
            raise _UnmailableError("the subject is more than one line")
        message_id = f"{self._token}.{number}@{sender.domain}"
        listed = "".join(
            f"{name}: {_value(name, value)}\r\n" for name, value in message.list_headers.items()
        )
        headers = (
            f"Date: {self._date}\r\n"
            f"{sender.headers}"
            f"To: <{to}>\r\n"
            f"Subject: {header_text(message.subject)}\r\n"
            f"Message-ID: <{message_id}>\r\n"
            f"{listed}"
            f"{REFERENCE_HEADER}: {_value(REFERENCE_HEADER, message.reference)}\r\n"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative; boundary="{self._boundary}"\r\n'
        ).encode()
        body = self._body(message, eight_bit=extensions.eight_bit and self._sign is None)
        if self._sign is not None:
            headers = self._sign(headers, body, self._now) + headers
        mail = headers + b"\r\n" + body
        if extensions.largest and len(mail) > extensions.largest:
            raise _UnmailableError("it is larger than the SMTP server takes")
        envelope = Envelope(
            sender.envelope,
            to.encode(),
            len(mail),
            smtputf8=smtputf8,
            eight_bit=extensions.eight_bit and not mail.isascii(),
        )
        if b"\r\n." in mail:
            # RFC 5321, section 4.5.2.
            mail = mail.replace(b"\r\n.", b"\r\n..")
        return Mail(message_id, to, envelope, mail + b".\r\n")

    def _body(self, message: Message, *, eight_bit: bool) -> bytes:
        between = f"--{self._boundary}\r\n".encode("ascii")
        return b"%b%b%b%b--%b--\r\n" % (
            between,
            body_part("plain", message.text, eight_bit=eight_bit),
            between,
            body_part("html", message.html, eight_bit=eight_bit),
            self._boundary.encode("ascii"),
        )


class _UnmailableError(Exception):
    """Why a message is no mail; its text holds nothing of the message."""


@lru_cache(maxsize=64)  # A deployment has a few.
def _sender(sender: str, reply_to: str | None, return_path: str) -> _Sender:
    headers = f"From: {_value('From', sender)}\r\n"
    if reply_to is not None:
        headers += f"Reply-To: {_value('Reply-To', reply_to)}\r\n"
    address = _address(address_of(sender))
    envelope = _address(return_path) if return_path else address
    if not address.isascii() or not envelope.isascii():
        raise _UnmailableError("the sender has other characters than ASCII before the @")
    return _Sender(envelope.encode("ascii"), address.rpartition("@")[2], headers)


def _address(text: str) -> str:
    if PLAIN_ADDRESS.fullmatch(text):
        return text
    try:
        address = in_ascii(normalise_address(text))
    except InvalidInput:
        raise _UnmailableError("not an e-mail address") from None
    if "=?" in address:
        # Some readers take it for an encoded word, and then for another address.
        raise _UnmailableError("an address that not every mail program reads alike")
    return address


def _value(name: str, text: str) -> str:
    if len(text) > _LONGEST_VALUE or not _VALUE.fullmatch(text):
        raise _UnmailableError(f"its {name} header is no line of printable ASCII")
    return text
