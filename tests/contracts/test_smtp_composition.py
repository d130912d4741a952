"""Mails are read by another reader, the standard library's, as what they were made from."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.smtp.composition import PLAIN_ADDRESS, Composer, Mail
from adapters.smtp.connection import Extensions
from domain.address import in_ascii, normalise_address
from domain.errors import InvalidInput
from domain.message import Message
from domain.outcome import Refused
from tests.contracts.family import SENDER
from tests.contracts.test_mailer import messages
from tests.contracts.test_mailer_headers import DOMAINS, ENDS, WORDS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALL = Extensions(pipelining=True, smtputf8=True, eight_bit=True, size=True)
NONE = Extensions()
WITHOUT_LINKS = [
    *("Date", "From", "To", "Subject", "Message-ID", "X-Sentinel-Ref"),
    *("MIME-Version", "Content-Type"),
]
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="a.\r\n =\t-F\u00e9\u2603\x00", max_size=200),
    st.builds(lambda text, times: text * times, st.text(max_size=20), st.integers(1, 400)),
)
both = pytest.mark.parametrize("extensions", [ALL, NONE], ids=["all extensions", "none"])


def composed(message: Message, extensions: Extensions = ALL) -> Mail | Refused:
    """As the first of a batch."""
    return Composer(SENDER, "", None, NOW, "token-of_1").compose(0, message, extensions)


def a_mail(message: Message, extensions: Extensions = ALL) -> Mail:
    """Which has to be one."""
    mail = composed(message, extensions)
    assert isinstance(mail, Mail)
    return mail


def read(mail: Mail) -> EmailMessage:
    """As it arrives: it ends where SMTP says that it does, and nowhere before."""
    *lines, last, nothing = mail.content.split(b"\r\n")
    assert (last, nothing) == (b".", b"")
    assert b"." not in lines
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert max(map(len, lines)) <= 999
    arrived = b"\r\n".join(line.removeprefix(b".") for line in [*lines, b""])
    assert mail.envelope.size == len(arrived)
    message = message_from_bytes(arrived, policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def message(**values: Any) -> Message:  # noqa: ANN401  whatever a message has
    """To somebody, with these values."""
    return replace(messages(1)[0], **values)


def as_read(text: str) -> str:
    """Line breaks are those of mails."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


@both
@given(text=TEXTS, html=TEXTS)
@example(text=".", html="\r\n.\r\n.\r\n")
@example(text="--=_token-of_1--", html="x" * 999)
@example(text="x" * 998, html="☃" * 400)
@example(text="trailing \r\n\tspace\t", html="From me\r\n=3D")
def test_texts_arrive_to_the_character(extensions: Extensions, text: str, html: str) -> None:
    """Whatever they hold, but for how their lines end; without 8BITMIME all octets are ASCII."""
    mail = composed(message(text=text, html=html), extensions)
    if isinstance(mail, Refused):
        assert mail == Refused("it holds characters that are not Unicode text")
        return

    arrived = read(mail)

    assert arrived.keys() == WITHOUT_LINKS
    if "--=_token-of_1" in text + html:
        return  # who guesses 72 random bits
    plain, rich = arrived.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part, written in ((plain, text), (rich, html)):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode() == as_read(written)
    assert mail.envelope.eight_bit or mail.content.isascii()
    assert not mail.envelope.eight_bit or extensions.eight_bit


@given(subject=WORDS)
@example(subject="=?utf-8?b?QmNj?=")
@example(subject="a\r\nBcc: b@example.com")
@example(subject="a\u2028b")
@example(subject="a  b")
@example(subject=" a")
@example(subject="x" * 900)
@example(subject="x" * 901)
@example(subject="☃" * 500)
@example(subject="")
def test_a_subject_is_one_header_or_none(subject: str) -> None:
    """It arrives to the character; what is more than a line is refused."""
    mail = composed(message(subject=subject))
    if isinstance(mail, Refused):
        assert not subject.isprintable()
        return

    arrived = read(mail)

    assert arrived.keys() == WITHOUT_LINKS
    assert str(arrived["Subject"]) == subject
    assert not set(ENDS) & set(subject)


@both
@given(local=WORDS, domain=DOMAINS)
@example(local="zoë", domain="bücher.example")
@example(local="=?utf-8?q?a?=", domain="example.com")
def test_an_address_is_one_address(extensions: Extensions, local: str, domain: str) -> None:
    """In the envelope and in the mail; what is none is refused."""
    to = f"{local}@{domain}"
    mail = composed(message(to=to), extensions)
    try:
        address = in_ascii(normalise_address(to))
    except InvalidInput:
        assert mail == Refused("not an e-mail address")
        return
    if "=?" in address:
        assert mail == Refused("an address that not every mail program reads alike")
        return
    if not address.isascii() and not extensions.smtputf8:
        assert mail == Refused("the SMTP server takes only ASCII characters before the @")
        return

    assert isinstance(mail, Mail)
    arrived = read(mail)

    assert arrived.keys() == WITHOUT_LINKS
    assert mail.envelope.to.decode() == address
    assert mail.envelope.smtputf8 == (not address.isascii())
    assert not set(b" \r\n<>\0") & set(mail.envelope.to)
    assert getaddresses([str(arrived["To"])]) == [("", address)]


@given(
    sender=st.none() | WORDS | st.builds("{} <{}@example.com>".format, WORDS, WORDS),
    reply_to=st.none() | WORDS,
    url=st.none() | WORDS,
)
@example(sender="News <news@bücher.example>", reply_to=None, url=None)
@example(sender="News <nëws@example.com>", reply_to=None, url=None)
def test_a_value_is_one_header_or_none(
    sender: str | None, reply_to: str | None, url: str | None
) -> None:
    """Whatever settings and links hold: the mail is refused, or has them as they are."""
    mail = composed(message(sender=sender, reply_to=reply_to, unsubscribe_url=url))
    if isinstance(mail, Refused):
        assert sender is not None or reply_to is not None or url is not None
        return

    arrived = read(mail)

    assert set(arrived.keys()) - set(WITHOUT_LINKS) == {
        *(["Reply-To"] if reply_to is not None else []),
        *(["List-Unsubscribe", "List-Unsubscribe-Post"] if url is not None else []),
    }
    assert len(arrived.keys()) == len(set(arrived.keys()))
    assert not set(b" \r\n<>\0") & set(mail.envelope.sender)
    raw = message_from_bytes(mail.content, policy=policy.compat32)
    assert raw["From"] == (sender or SENDER)
    assert raw["Reply-To"] == reply_to
    assert raw["List-Unsubscribe"] == (None if url is None else f"<{url}>")


def test_a_mail_says_what_it_is() -> None:
    """From whom, to whom, when, of which campaign, and how to be rid of such mail."""
    link = "https://mail.example.com/u/token"
    (first,) = messages(1)
    mail = a_mail(replace(first, unsubscribe_url=link, reply_to="Help <help@example.com>"))

    arrived = read(mail)

    assert mail.message_id == "token-of_1.0@sentinel.example"
    assert arrived["Message-ID"] == f"<{mail.message_id}>"
    assert arrived["From"].addresses == (Address("Sentinel", "news", "sentinel.example"),)
    assert arrived["Reply-To"].addresses == (Address("Help", "help", "example.com"),)
    assert parsedate_to_datetime(arrived["Date"]) == NOW
    assert arrived["X-Sentinel-Ref"] == first.reference
    assert arrived["List-Unsubscribe"] == f"<{link}>"
    assert arrived["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail.envelope.sender, mail.envelope.to) == (b"news@sentinel.example", first.to.encode())


def test_bounces_go_where_they_are_to() -> None:
    """To the return path; the mail is from its sender all the same."""
    composer = Composer(SENDER, "bounces@sentinel.example", None, NOW, "token")
    mail = composer.compose(0, messages(1)[0], ALL)

    assert isinstance(mail, Mail)
    assert mail.envelope.sender == b"bounces@sentinel.example"
    assert read(mail)["From"] == SENDER


@pytest.mark.parametrize(
    ("text", "extensions", "encoding"),
    [
        ("Hello", ALL, "7bit"),
        ("Hello", NONE, "7bit"),
        ("Grüße aus dem Süden, wie immer mit Bildern", ALL, "8bit"),
        ("Grüße aus dem Süden, wie immer mit Bildern", NONE, "quoted-printable"),
        ("Здравствуйте", NONE, "base64"),
        ("x" * 999, ALL, "quoted-printable"),
    ],
)
def test_a_text_is_encoded_no_more_than_it_has_to_be(
    text: str, extensions: Extensions, encoding: str
) -> None:
    """As it is, where the server takes that; else in what is shorter."""
    plain, _ = read(a_mail(message(text=text), extensions)).iter_parts()
    assert plain["Content-Transfer-Encoding"] == encoding


def test_a_mail_that_is_larger_than_the_server_takes_is_refused() -> None:
    """Without being sent."""
    size = a_mail(messages(1)[0]).envelope.size
    for largest, refused in ((size, False), (size - 1, True)):
        mail = composed(messages(1)[0], replace(ALL, largest=largest))
        assert isinstance(mail, Refused) == refused


@given(
    address=st.from_regex(
        r"[a-z0-9_.+-]{1,70}@([a-z0-9.-]{1,70}|xn--[a-z0-9-]{1,9})\.[a-z0-9]{1,5}", fullmatch=True
    )
)
@example(address="a@xn--zz.com")
@example(address=f"{'a' * 65}@example.com")
@example(address=f"a@{'b' * 64}.com")
@example(address=f"a@{'b.' * 125}com")
@example(address="a.@example.com")
def test_a_plain_address_is_what_a_closer_look_would_make_of_it(address: str) -> None:
    """Whatever is known for an address at a glance is one, and spelled as it is stored."""
    if PLAIN_ADDRESS.fullmatch(address):
        assert in_ascii(normalise_address(address)) == address
