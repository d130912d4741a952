"""What is handed to SES, read as a mail by another reader: the standard library's parser.

SES puts these values into headers. Whatever people's fields, addresses and templates hold, they are
one header each, and no more.
"""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_string
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.aws.clients import AwsClients
from adapters.aws.mailer import SesMailer
from adapters.minijinja.renderer import MinijinjaRenderer
from domain.address import normalise_address
from domain.chunk import ChunkRef
from domain.errors import InvalidInput
from domain.identifiers import ContactId
from domain.message import Message
from domain.outcome import Accepted
from domain.ports.renderer import Rendered
from domain.recipient import Recipient
from domain.template import Content
from entrypoints.settings import InvalidSettingsError, Settings
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.settable_clock import SettableClock
from tests.contracts.wire import answer, intercepted

WITHIN = timedelta(seconds=20)
SENDER = "News <news@example.com>"
ENDS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""What some reader or other takes for the end of a line."""
INJECTED = st.sampled_from(
    ["\r\nBcc: b@example.com", "\nBcc: b@example.com", "\rX: y", ", b@example.com", "\r\n\r\nx"]
)
WORDS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=f"{ENDS}:,;<>@\" '\\()[]ab\u202e\u200f\ufeff🎉é", max_size=20),
    st.builds("{}{}{}".format, st.text(max_size=5), INJECTED, st.text(max_size=5)),
)
DOMAINS = st.one_of(
    st.sampled_from(["example.com", "bücher.example", "straße.de", "例え.テスト", "مثال.إختبار"]),
    WORDS,
)


@pytest.fixture(scope="module")
def clients() -> Iterator[AwsClients]:
    """Of an endpoint that nothing is ever sent to."""
    clients = AwsClients("eu-central-1", "http://127.0.0.1:1", "none")
    yield clients
    clients.sesv2.close()


def handed_over(clients: AwsClients, message: Message) -> dict[str, Any] | None:
    """The request for one mail; None where none was made."""
    mailer = SesMailer(clients, SENDER, bulk=False, clock=SettableClock())
    with intercepted(clients.sesv2, "SendEmail", answer({"MessageId": "id"})) as wire:
        (outcome,) = mailer.send([message], WITHIN)
    assert isinstance(outcome, Accepted) == bool(wire.bodies)
    return wire.bodies[0] if wire.bodies else None


def read_headers(body: dict[str, Any]) -> list[tuple[str, str]]:
    """What another reader makes of them, in a mail."""
    simple = body["Content"]["Simple"]
    written = [
        ("From", body["FromEmailAddress"]),
        *(("Reply-To", each) for each in body.get("ReplyToAddresses", ())),
        *(("To", each) for each in body["Destination"]["ToAddresses"]),
        ("Subject", simple["Subject"]["Data"]),
        *((each["Name"], each["Value"]) for each in simple["Headers"]),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in written)
    read = message_from_string(f"{lines}\r\n{simple['Body']['Text']['Data']}")
    assert read.items() == written
    return written


def a_message(to: str, subject: str = "Hi", **more: str) -> Message:
    """With everything that becomes a header."""
    return Message(
        chunk=ChunkRef(CAMPAIGN_ID, 0, 1),
        position=2,
        to=to,
        subject=subject,
        html="<p>Hi",
        text="Hi",
        unsubscribe_url="https://mail.example.com/u/token",
        **more,
    )


@given(name=WORDS, town=WORDS)
def test_a_subject_is_one_header_whatever_is_merged(
    clients: AwsClients, name: str, town: str
) -> None:
    """In any script, of any length: it arrives as it was rendered, and is one line to everybody."""
    content = Content("{{ name }}: news 🎉 from {{ town }} " + "x" * 400, "<p>", "{{ name }}")
    person = Recipient(ContactId("con"), "a@example.com", {"name": name, "town": town})
    (mail,) = MinijinjaRenderer().render(content, [person])
    if not isinstance(mail, Rendered):
        return

    body = handed_over(clients, a_message("a@example.com", mail.subject))

    assert body is not None
    headers = dict(read_headers(body))
    assert headers["Subject"] == mail.subject
    assert not set(ENDS) & set(headers["Subject"])


@given(local=WORDS, domain=DOMAINS)
def test_an_address_is_one_address(clients: AwsClients, local: str, domain: str) -> None:
    """Whatever can be a contact's: in ASCII once it is handed over, or not handed over at all."""
    try:
        address = normalise_address(f"{local}@{domain}")
    except InvalidInput:
        return

    body = handed_over(clients, a_message(address))

    if body is None:
        return
    (to,) = body["Destination"]["ToAddresses"]
    read_headers(body)
    assert to.isascii()
    assert getaddresses([to]) == [("", to)]
    assert to.rpartition("@")[0] == address.rpartition("@")[0]


@pytest.mark.parametrize(
    ("address", "handed"),
    [
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("A@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@straße.de", "a@xn--strae-oqa.de"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("zoë@example.com", None),
    ],
)
def test_domains_in_their_own_letters(
    clients: AwsClients, address: str, handed: str | None
) -> None:
    """They go in ASCII; before the @ SES takes nothing else."""
    body = handed_over(clients, a_message(normalise_address(address)))

    assert (None if body is None else body["Destination"]["ToAddresses"]) == (
        None if handed is None else [handed]
    )


def test_a_sender_of_a_domain_in_its_own_letters(clients: AwsClients) -> None:
    """Comes from it in ASCII, as SES has the identity; so do answers go."""
    settings = Settings.from_environment({"SENDER": "Bücher <news@bücher.example>"})
    sender = settings.identities.named("from", "news@bücher.example")

    body = handed_over(clients, a_message("a@example.com", sender=sender, reply_to=sender))

    assert body is not None
    assert body["FromEmailAddress"] == settings.sender
    assert body["FromEmailAddress"].endswith(" <news@xn--bcher-kva.example>")
    assert dict(read_headers(body))["From"] == sender


@given(name=WORDS, local=st.one_of(st.just("help"), WORDS))
@example(name="A\x0bB", local="help")
@example(name="A\u2028B", local="help")
def test_a_sender_is_one_mailbox(clients: AwsClients, name: str, local: str) -> None:
    """Of any name that the deployment may be configured with; what holds more is refused there."""
    try:
        settings = Settings.from_environment({"SENDER": f'"{name}" <{local}@example.com>'})
        (sender,) = settings.identities.headers
    except (InvalidSettingsError, ValueError):
        return

    body = handed_over(clients, a_message("a@example.com", sender=sender, reply_to=sender))

    assert body is not None
    headers = dict(read_headers(body))
    assert headers["From"] == headers["Reply-To"] == sender
    ((_, address),) = getaddresses([sender])
    assert address.endswith("@example.com")
    assert sender.isascii()
    assert not set(ENDS) & set(sender)


def test_bodies_are_handed_over_to_the_character(clients: AwsClients) -> None:
    """Emoji, right to left, and what JSON or a template of SES might take for its own."""
    text = '🎉 שלום \u202eabc\u202c {{x}} {{{y}}} \\ " \r\n.\r\nFrom me\x00\u2028é'
    message = a_message("a@example.com")
    message = Message(**{**vars(message), "text": text, "html": f"<p>{text}"})

    body = handed_over(clients, message)

    assert body is not None
    parts = body["Content"]["Simple"]["Body"]
    assert (parts["Text"]["Data"], parts["Html"]["Data"]) == (text, f"<p>{text}")
    assert {each["Charset"] for each in parts.values()} == {"UTF-8"}
