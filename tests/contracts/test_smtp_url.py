"""SMTP_URL says which server mails go to; a password in it goes nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smtp.smtp_url import Credentials, SmtpServer, Tls
from domain.errors import InvalidInput

OURS = Credentials("sentinel", "secret")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, Tls.REQUIRED)),
        ("smtp://mail.example.com:25/", SmtpServer("mail.example.com", 25, Tls.REQUIRED)),
        ("smtps://mail.example.com", SmtpServer("mail.example.com", 465, Tls.AT_ONCE)),
        ("smtp://relay:25?tls=off", SmtpServer("relay", 25, Tls.OFF)),
        ("smtp://relay?tls=opportunistic", SmtpServer("relay", 587, Tls.OPPORTUNISTIC)),
        ("smtp://relay?tls=required", SmtpServer("relay", 587, Tls.REQUIRED)),
        ("smtp://localhost:25", SmtpServer("localhost", 25, Tls.OFF)),
        ("smtp://127.0.0.3:25?tls=required", SmtpServer("127.0.0.3", 25, Tls.REQUIRED)),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, Tls.OFF)),
        ("smtp://[2001:db8::1]", SmtpServer("2001:db8::1", 587, Tls.REQUIRED)),
        (
            "smtp://sentinel:secret@MAIL.example",
            SmtpServer("mail.example", 587, Tls.REQUIRED, OURS),
        ),
        ("smtps://sentinel:secret@mail", SmtpServer("mail", 465, Tls.AT_ONCE, OURS)),
        ("smtp://sentinel:secret@localhost", SmtpServer("localhost", 587, Tls.OFF, OURS)),
        (
            "smtps://a%40example.com:p%3Aa%2Fs%23s%3F%25@mail",
            SmtpServer("mail", 465, Tls.AT_ONCE, Credentials("a@example.com", "p:a/s#s?%")),
        ),
    ],
)
def test_a_url_names_a_server(url: str, server: SmtpServer) -> None:
    """TLS with whom it names, unless that is this machine or it says otherwise."""
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("", "begins with smtp://"),
        ("mail.example.com:25", "begins with smtp://"),
        ("http://sentinel:secret@mail", "begins with smtp://"),
        ("smtp://", "smtp://host"),
        ("smtp://sentinel:secret@", "smtp://host"),
        ("smtp://sentinel:sec/ret@mail", "escape"),
        ("smtp://sentinel:sec#ret@mail", "escape"),
        ("smtp://sentinel:sec?ret@mail", "escape"),
        ("smtp://[::1", "escape"),
        ("smtp://mail/inbox", "smtp://host"),
        ("smtp://bücher.example", "ASCII"),
        ("smtp://ma il", "smtp://host"),
        (f"smtp://{'x' * 64}.example", "smtp://host"),
        ("smtp://mail:0", "1 to 65535"),
        ("smtp://mail:65536", "port"),
        ("smtp://mail:smtp", "port"),
        ("smtp://sentinel@mail", "with a password"),
        ("smtp://:secret@mail", "with a user"),
        ("smtps://sentinel:sec%00ret@mail", "NUL"),
        ("smtp://mail?tls=on", "required, opportunistic or off"),
        ("smtp://mail?tls=at%20once", "required, opportunistic or off"),
        ("smtp://mail?ssl=1", "only option"),
        ("smtp://mail?tls=off&ssl=1", "only option"),
        ("smtp://mail?tls", "only option"),
        ("smtp://mail#tls", "only option"),
        ("smtps://mail?tls=off", "leave tls out"),
        ("smtp://sentinel:secret@mail?tls=off", "leave the user and the password out"),
        ("smtp://sentinel:secret@mail?tls=opportunistic", "leave the user and the password out"),
        ("smtp://sentinel:secret@localhost.example?tls=off", "leave the user"),
        ("smtp://sentinel:secret@127.0.0.1.example?tls=off", "leave the user"),
        ("smtp://sentinel:secret@0.0.0.0?tls=off", "leave the user"),
    ],
)
def test_a_url_that_is_none_is_refused(url: str, remedy: str) -> None:
    """With a remedy, and without what it holds."""
    with pytest.raises(InvalidInput, match=r"^SMTP_URL: ") as refused:
        SmtpServer.from_url(url)

    assert remedy in refused.value.detail
    assert "sec" not in refused.value.detail
    assert refused.value.__cause__ is None


@given(st.text() | st.builds("smtp://{}".format, st.text()))
def test_nothing_else_is_raised(url: str) -> None:
    """Whatever is set."""
    try:
        server = SmtpServer.from_url(url)
    except InvalidInput:
        return
    assert server.host.isascii()
    assert server.credentials is None or server.tls.is_certain or server.host == "localhost"


def test_a_password_is_not_shown() -> None:
    """Neither by the server nor by its credentials."""
    server = SmtpServer.from_url("smtps://sentinel:secret@mail")

    assert server.credentials == OURS
    assert "secret" not in f"{server!r} {server} {server.credentials!r}"
