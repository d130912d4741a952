"""Who is at the other end, and who may listen: TLS, and what goes over it."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import trustme

from adapters.smtp.mailer import SmtpMailer
from adapters.smtp.smtp_url import Credentials, SmtpServer, Tls
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome
from tests.contracts.family import SENDER
from tests.contracts.scripted_smtp import (
    AUTH,
    CONNECT,
    EHLO,
    MAIL,
    STARTTLS,
    Answer,
    say,
    scripted_smtp,
)
from tests.contracts.smtp_inbox import PASSWORD, USER, smtp_inbox
from tests.contracts.test_mailer import messages

WITHIN = timedelta(seconds=20)
OURS = Credentials(USER, PASSWORD)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Of the certificates."""
    return trustme.CA()


@pytest.fixture(scope="module")
def serving(authority: trustme.CA) -> ssl.SSLContext:
    """A server's, who is 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's, who takes the authority's word."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@contextmanager
def mailer_to(
    port: int, tls: Tls, context: ssl.SSLContext | None, credentials: Credentials | None = None
) -> Iterator[SmtpMailer]:
    """With one connection."""
    with closing(
        SmtpMailer(
            SmtpServer("127.0.0.1", port, tls, credentials),
            SENDER,
            SystemClock(),
            SystemIds().write_token,
            connections=1,
            context=context,
        )
    ) as mailer:
        yield mailer


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.AT_ONCE, Tls.OPPORTUNISTIC])
def test_mail_goes_over_tls(tls: Tls, serving: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    """By STARTTLS, or from the first byte; logged in, and connections are kept as others are."""
    at_once = serving if tls is Tls.AT_ONCE else None
    starttls = None if tls is Tls.AT_ONCE else serving
    with (
        smtp_inbox(starttls=starttls, tls=at_once, credentials=tls is Tls.REQUIRED) as inbox,
        mailer_to(inbox.port, tls, trusting, OURS if tls is Tls.REQUIRED else None) as mailer,
    ):
        outcomes = [*mailer.send(messages(3), WITHIN), *mailer.send(messages(3), WITHIN)]

    assert [type(each) for each in outcomes] == [Accepted] * 6
    assert [each.encrypted for each in inbox.received] == [True] * 6
    assert len({each.session for each in inbox.received}) == 1


def test_whoever_answers_is_good_enough_for_opportunistic_tls(serving: ssl.SSLContext) -> None:
    """Better than none: no password goes that way."""
    with (
        smtp_inbox(starttls=serving) as inbox,
        mailer_to(inbox.port, Tls.OPPORTUNISTIC, None) as mailer,
    ):
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert isinstance(outcome, Accepted)
    assert inbox.received[0].encrypted


def test_opportunistic_tls_does_without_where_there_is_none() -> None:
    """As it says."""
    with smtp_inbox() as inbox, mailer_to(inbox.port, Tls.OPPORTUNISTIC, None) as mailer:
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert isinstance(outcome, Accepted)
    assert not inbox.received[0].encrypted


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.AT_ONCE])
def test_who_cannot_prove_itself_gets_neither_mail_nor_password(
    tls: Tls, serving: ssl.SSLContext
) -> None:
    """A person has to look: the campaign stops."""
    with (
        smtp_inbox(
            starttls=serving if tls is Tls.REQUIRED else None,
            tls=serving if tls is Tls.AT_ONCE else None,
        ) as inbox,
        mailer_to(inbox.port, tls, None, OURS) as mailer,
    ):
        outcomes = mailer.send(messages(2), WITHIN)

    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], AccountBlocked)
    assert "certificate" in outcomes[0].reason
    assert inbox.received == []


def test_a_server_of_another_name_is_another(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """However good its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mail.example.com").configure_cert(context)
    with (
        smtp_inbox(starttls=context) as inbox,
        mailer_to(inbox.port, Tls.REQUIRED, trusting, OURS) as mailer,
    ):
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert isinstance(outcome, AccountBlocked)


def _refused(
    script: dict[str, list[Answer]],
    extensions: list[str],
    context: ssl.SSLContext,
    serving: ssl.SSLContext | None = None,
) -> Outcome:
    """The outcome by a server to which neither a mail nor a password was sent."""
    with (
        scripted_smtp(script, extensions=extensions, context=serving) as server,
        mailer_to(server.port, Tls.REQUIRED, context, OURS) as mailer,
    ):
        (outcome,) = mailer.send(messages(1), WITHIN)
    assert server.count(AUTH) == server.count(MAIL) == 0
    return outcome


def test_starttls_that_was_taken_out_stops_the_campaign(trusting: ssl.SSLContext) -> None:
    """By a server that has none, or by somebody in between."""
    outcome = _refused({}, ["AUTH PLAIN", "PIPELINING"], trusting)
    assert outcome == AccountBlocked("the SMTP server does not offer STARTTLS")


def test_what_was_put_in_before_tls_is_not_believed(
    serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """An answer that came along with that to STARTTLS was not the server's (CVE-2011-0411)."""
    injected = say("220 2.0.0 Go on\n250-smtp.example\n250 AUTH PLAIN")
    outcome = _refused({STARTTLS: [injected]}, ["STARTTLS", "AUTH PLAIN"], trusting, serving)
    assert isinstance(outcome, NotSent)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (say("454 4.7.0 TLS not available"), NotSent),
        (say("502 5.5.1 No"), AccountBlocked),
        (say("220 Go on", closes=True), NotSent),
        (say("220 Go on\nno handshake"), NotSent),
    ],
)
def test_starttls_that_fails_is_no_reason_to_do_without(
    answer: Answer, kind: type[Outcome], trusting: ssl.SSLContext
) -> None:
    """What may pass is tried again."""
    outcome = _refused({STARTTLS: [answer]}, ["STARTTLS", "AUTH PLAIN"], trusting)
    assert isinstance(outcome, kind)


def test_a_password_goes_by_login_where_that_is_all_there_is(
    serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """After STARTTLS, of what is offered then."""
    script = {
        CONNECT: [say("220 smtp.example")],
        EHLO: [say("250-smtp.example\n250 STARTTLS"), say("250-smtp.example\n250 AUTH LOGIN")],
        AUTH: [say("334 VXNlcm5hbWU6")],
        "C2VUDGLUZWW=": [say("334 UGFzc3dvcmQ6")],
        "CGE6C3NAD29YZC8L": [say("235 2.7.0 OK")],
    }
    with (
        scripted_smtp(script, context=serving) as server,
        mailer_to(server.port, Tls.REQUIRED, trusting, OURS) as mailer,
    ):
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert isinstance(outcome, Accepted)
    assert server.asked[3:6] == ["AUTH LOGIN", "c2VudGluZWw=", "cGE6c3NAd29yZC8l"]
