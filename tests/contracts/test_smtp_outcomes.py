"""What an SMTP server does at which point, and what that means for a mail."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.smtp.mailer import SmtpMailer
from adapters.smtp.smtp_url import Credentials, SmtpServer, Tls
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from tests.contracts.eventually import eventually
from tests.contracts.family import SENDER
from tests.contracts.scripted_smtp import (
    AUTH,
    CONNECT,
    CONTENT,
    CONTENT_BEGINS,
    DATA,
    DROP,
    EHLO,
    MAIL,
    QUIT,
    RCPT,
    RESET,
    RSET,
    SILENCE,
    Answer,
    ScriptedSmtp,
    say,
    scripted_smtp,
)
from tests.contracts.test_mailer import messages

WITHIN = timedelta(seconds=20)
PATIENT, IMPATIENT = timedelta(seconds=20), timedelta(seconds=0.5)
LESS_PATIENT = timedelta(seconds=4)
"""Where all that comes before a silence has to come in time."""

ACCEPTED, REFUSED, UNKNOWN = "accepted", "refused", "unknown"
NOT_SENT, THROTTLED, OVERDUE = "not sent", "throttled", "overdue"
BLOCKED, QUOTA = "account blocked", "out of quota"

both_ways = pytest.mark.parametrize(
    "extensions",
    [("PIPELINING", "8BITMIME"), ("8BITMIME",)],
    ids=["pipelined", "one by one"],
)


def kind_of(outcome: Outcome) -> str:
    """In a word."""
    match outcome:
        case Accepted():
            return ACCEPTED
        case Refused():
            return REFUSED
        case Unknown():
            return UNKNOWN
        case AccountBlocked(quota=quota):
            return QUOTA if quota else BLOCKED
        case NotSent(overdue=True):
            return OVERDUE
        case NotSent(throttled=throttled):
            return THROTTLED if throttled else NOT_SENT


@contextmanager
def mailer_to(
    server: ScriptedSmtp,
    *,
    connections: int = 1,
    timeout: timedelta = PATIENT,
    credentials: Credentials | None = None,
) -> Iterator[SmtpMailer]:
    """With one connection, if not told otherwise: what happens, happens in order."""
    with closing(
        SmtpMailer(
            SmtpServer("127.0.0.1", server.port, Tls.OFF, credentials),
            SENDER,
            SystemClock(),
            SystemIds().write_token,
            connections=connections,
            timeout=timeout,
        )
    ) as mailer:
        yield mailer


HUGE_LINE = Answer(b"250 " + b"x" * 100_000)
ENDLESS = Answer(b"250-still talking\r\n" * 1_000)
GARBAGE = say("HTTP/1.1 400 Bad Request")

ROWS: Sequence[tuple[str, Answer, str]] = [
    (CONNECT, DROP, NOT_SENT),
    (CONNECT, RESET, NOT_SENT),
    (CONNECT, SILENCE, NOT_SENT),
    (CONNECT, GARBAGE, NOT_SENT),
    (CONNECT, HUGE_LINE, NOT_SENT),
    (CONNECT, ENDLESS, NOT_SENT),
    (CONNECT, say("354 Go on"), NOT_SENT),
    (CONNECT, say("421 4.3.2 Too many connections", closes=True), THROTTLED),
    (CONNECT, say("554 5.7.1 Your address is on a list", closes=True), BLOCKED),
    (EHLO, DROP, NOT_SENT),
    (EHLO, say("421 4.3.2 Not now", closes=True), THROTTLED),
    (EHLO, say("502 5.5.1 Who?"), BLOCKED),
    (MAIL, DROP, NOT_SENT),
    (MAIL, SILENCE, NOT_SENT),
    (MAIL, GARBAGE, NOT_SENT),
    (MAIL, say("354 Go on"), NOT_SENT),
    (MAIL, say("250-2.1.0 OK\n550 5.1.1 No"), NOT_SENT),
    (MAIL, say("421 4.7.0 Slower", closes=True), THROTTLED),
    (MAIL, say("450 4.7.1 Slower"), THROTTLED),
    (MAIL, say("451 4.3.0 Disk"), THROTTLED),
    (MAIL, say("452 4.3.1 Insufficient system storage"), THROTTLED),
    (MAIL, say("452 Insufficient system storage"), THROTTLED),
    (MAIL, say("454 Throttling failure: Maximum sending rate exceeded."), THROTTLED),
    (MAIL, say("454 Throttling failure: Daily message quota exceeded."), QUOTA),
    (MAIL, say("550 5.4.5 Daily user sending limit exceeded."), QUOTA),
    (MAIL, say("530 5.7.0 Must issue a STARTTLS command first"), BLOCKED),
    (MAIL, say("550 5.1.8 Sender address rejected"), BLOCKED),
    (MAIL, say("553 Sender not owned by user"), BLOCKED),
    (MAIL, say("552 5.3.4 Message size exceeds fixed limit"), REFUSED),
    (RCPT, DROP, NOT_SENT),
    (RCPT, SILENCE, NOT_SENT),
    (RCPT, say("550 5.1.1 No such user"), REFUSED),
    (RCPT, say("550 5.1.1 No such user", closes=True), REFUSED),
    (RCPT, say("550 No such user"), REFUSED),
    (RCPT, say("550-5.1.1 No such user,\n550 5.1.1 as far as we know"), REFUSED),
    (RCPT, say("550 5.7.1 Not by our policy"), REFUSED),
    (RCPT, say("552 5.2.2 Mailbox full"), REFUSED),
    (RCPT, say("554 5.7.1 Relay access denied"), BLOCKED),
    (RCPT, say("550 relay not permitted"), BLOCKED),
    (RCPT, say("553 sorry, that domain isn't in my list of allowed rcpthosts"), BLOCKED),
    (RCPT, say("550 SMTP AUTH is required for message submission"), BLOCKED),
    (RCPT, say("550 You must authenticate first"), BLOCKED),
    (RCPT, say("550 5.7.133 Sender not authenticated for group"), REFUSED),
    (RCPT, say("550 Rejected"), REFUSED),
    (RCPT, say("550 5.7.26 Neither SPF nor DKIM passes"), BLOCKED),
    (RCPT, say("450 4.2.0 Greylisted"), NOT_SENT),
    (RCPT, say("450 Mailbox busy"), NOT_SENT),
    (RCPT, say("452 4.2.2 Mailbox over its daily quota"), NOT_SENT),
    (RCPT, say("452 4.5.3 Too many recipients"), THROTTLED),
    (RCPT, say("451 4.4.1 Nobody there"), THROTTLED),
    (RCPT, say("421 4.7.0 Enough", closes=True), THROTTLED),
    (DATA, DROP, NOT_SENT),
    (DATA, SILENCE, NOT_SENT),
    (DATA, GARBAGE, NOT_SENT),
    (DATA, say("250 2.0.0 OK"), NOT_SENT),
    (DATA, say("451 4.3.0 Queue"), THROTTLED),
    (DATA, say("554 5.5.1 No valid recipients"), REFUSED),
    (CONTENT_BEGINS, DROP, UNKNOWN),
    (CONTENT_BEGINS, RESET, UNKNOWN),
    (CONTENT, DROP, UNKNOWN),
    (CONTENT, RESET, UNKNOWN),
    (CONTENT, SILENCE, UNKNOWN),
    (CONTENT, GARBAGE, UNKNOWN),
    (CONTENT, HUGE_LINE, UNKNOWN),
    (CONTENT, ENDLESS, UNKNOWN),
    (CONTENT, Answer(b"250 2.0.0 Queu", closes=True), UNKNOWN),
    (CONTENT, Answer(b"250-2.0.0 Queued\r\n", closes=True), UNKNOWN),
    (CONTENT, Answer(b"25"), UNKNOWN),
    (CONTENT, say("354 Go on"), UNKNOWN),
    (CONTENT, say("250 2.0.0 Queued", closes=True), ACCEPTED),
    (CONTENT, say("250-2.0.0 Queued,\n250 2.0.0 and thanks"), ACCEPTED),
    (CONTENT, say("250"), ACCEPTED),
    (CONTENT, Answer(b"250 ok\n"), ACCEPTED),
    (CONTENT, say("421 4.4.2 Timeout", closes=True), THROTTLED),
    (CONTENT, say("451 4.7.0 Slower"), THROTTLED),
    (CONTENT, say("452 4.2.2 Mailbox full"), NOT_SENT),
    (CONTENT, say("550 5.7.1 Looks like spam"), REFUSED),
    (CONTENT, say("552 5.3.4 Too large"), REFUSED),
    (CONTENT, say("554 5.6.0 Not a mail"), REFUSED),
    (CONTENT, say("535 5.7.8 Log in anew"), BLOCKED),
]


def _named(point: str, answer: Answer) -> str:
    end = "reset" if answer.resets else "drop" if answer.closes else "stay"
    return f"{point.lower()}: {answer.octets[:30].decode().strip()}, {end}"


@both_ways
@pytest.mark.parametrize(
    ("point", "answer", "kind"),
    ROWS,
    ids=[_named(point, answer) for point, answer, _ in ROWS],
)
def test_an_answer_has_its_outcome(
    point: str, answer: Answer, kind: str, extensions: Sequence[str]
) -> None:
    """Before the final dot all is certain, and after it only what was answered."""
    with (
        scripted_smtp({point: [answer]}, extensions=extensions) as server,
        mailer_to(server, timeout=_patience(answer, kind)) as mailer,
    ):
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert kind_of(outcome) == kind
    whole = kind in {ACCEPTED, UNKNOWN} or point == CONTENT
    assert sum(map(bool, server.mails)) == (whole and point != CONTENT_BEGINS)


def _patience(answer: Answer, kind: str) -> timedelta:
    """Little where only time tells that no more of it comes."""
    if answer.closes or answer.octets.endswith(b"\n"):
        return PATIENT
    return IMPATIENT if kind == NOT_SENT else LESS_PATIENT


def test_nobody_listens(closed_port: int) -> None:
    """Certainly not sent."""
    server = ScriptedSmtp({}, (), None, port=closed_port)
    with mailer_to(server) as mailer:
        assert [kind_of(each) for each in mailer.send(messages(3), WITHIN)] == [NOT_SENT] * 3


OK_, NO = say("250 2.0.0 OK"), say("550 5.1.1 No such user")
SPAM = say("554 5.7.1 Looks like spam")
PLAIN_NO = say("550 Requested action not taken: mailbox unavailable")
GONE = say("550 User unknown")

BATCHES: Sequence[tuple[str, str, Sequence[Answer], Sequence[str]]] = [
    ("one in the middle", RCPT, [OK_, NO, OK_], [ACCEPTED, REFUSED, ACCEPTED]),
    ("every other", RCPT, [NO, OK_, NO, OK_], [REFUSED, ACCEPTED, REFUSED, ACCEPTED]),
    ("all of them", RCPT, [NO], [REFUSED] * 3),
    ("spam to a man", CONTENT, [SPAM], [BLOCKED] * 3),
    ("without a status, to a man", RCPT, [PLAIN_NO], [BLOCKED] * 5),
    ("without a status, a few", RCPT, [PLAIN_NO], [REFUSED] * 4),
    ("without a status, not all", RCPT, [PLAIN_NO] * 5 + [OK_], [REFUSED] * 5 + [ACCEPTED]),
    ("all of them gone", RCPT, [GONE], [REFUSED] * 5),
    ("spam, but not all", CONTENT, [SPAM, SPAM, OK_], [REFUSED, REFUSED, ACCEPTED]),
    ("a busy mailbox", RCPT, [say("450 4.2.1 Busy"), OK_], [NOT_SENT, ACCEPTED, ACCEPTED]),
    ("a throttled one", MAIL, [OK_, say("451 4.7.0 Slow")], [ACCEPTED, THROTTLED, THROTTLED]),
    ("out of quota", MAIL, [OK_, say("454 Daily message quota")], [ACCEPTED, QUOTA, QUOTA]),
    ("no answer", CONTENT, [OK_, DROP], [ACCEPTED, UNKNOWN, NOT_SENT]),
    ("the last one", CONTENT, [OK_, OK_, DROP], [ACCEPTED, ACCEPTED, UNKNOWN]),
    ("one is nested", RSET, [say("250 OK")], [ACCEPTED] * 3),
]


@both_ways
@pytest.mark.parametrize(
    ("point", "answers", "kinds"),
    [row[1:] for row in BATCHES],
    ids=[row[0] for row in BATCHES],
)
def test_a_batch_has_the_outcomes_of_its_mails(
    point: str, answers: Sequence[Answer], kinds: Sequence[str], extensions: Sequence[str]
) -> None:
    """What concerns one stays its own; what concerns all ends the batch before it does harm."""
    with (
        scripted_smtp({point: answers}, extensions=extensions) as server,
        mailer_to(server) as mailer,
    ):
        outcomes = mailer.send(messages(len(kinds)), WITHIN)

    assert [kind_of(each) for each in outcomes] == list(kinds)


@pytest.mark.parametrize(
    "text",
    [
        "550 No such user here",
        "550 unknown user",
        "550 {to}: user unknown",
        "550 mailbox {to} does not exist",
        "550 Recipient not found",
        "550 Unrouteable address",
        "550 Invalid recipient",
        "554 This account has been disabled",
        "550 mailbox is full",
    ],
)
def test_an_old_list_is_not_taken_for_a_server_that_refuses_everybody(text: str) -> None:
    """The text says that it is these people: however many in a row they are."""
    batch = messages(5)
    answers = [say(text.format(to=each.to)) for each in batch]
    with scripted_smtp({RCPT: answers}) as server, mailer_to(server) as mailer:
        outcomes = mailer.send(batch, WITHIN)

    assert [kind_of(each) for each in outcomes] == [REFUSED] * 5


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        ([SPAM], [REFUSED, BLOCKED, REFUSED, BLOCKED]),
        ([SPAM, OK_, SPAM, OK_], [REFUSED, ACCEPTED, REFUSED, ACCEPTED]),
        ([SPAM, NO, SPAM, OK_], [REFUSED, REFUSED, BLOCKED, ACCEPTED]),
    ],
    ids=["spam to a man", "every other", "nobody taken between"],
)
def test_at_a_slow_rate_the_batches_before_tell_whom_a_refusal_means(
    answers: Sequence[Answer], kinds: Sequence[str]
) -> None:
    """Each has one mail: a campaign that is taken for spam is paused all the same, not failed."""
    with scripted_smtp({CONTENT: answers}) as server, mailer_to(server) as mailer:
        outcomes = [outcome for _ in kinds for outcome in mailer.send(messages(1), WITHIN)]

    assert [kind_of(each) for each in outcomes] == list(kinds)


def test_no_more_mails_are_risked_than_there_are_connections() -> None:
    """A server that takes them and does not say so costs each connection one, not each mail."""
    with (
        scripted_smtp({CONTENT: [DROP]}) as server,
        mailer_to(server, connections=4) as mailer,
    ):
        outcomes = mailer.send(messages(50), WITHIN)

    kinds = [kind_of(each) for each in outcomes]
    assert set(kinds) == {UNKNOWN, NOT_SENT}
    assert kinds.count(UNKNOWN) == len(server.mails) <= 4


@both_ways
def test_a_server_that_has_enough_of_a_connection_is_asked_anew(
    extensions: Sequence[str],
) -> None:
    """It takes one mail a connection, and says so, or just goes: each is sent, once.

    Some say so and stay: by their connection no mail would ever be taken again.
    """
    for end in (
        say("421 4.4.5 One a connection", closes=True),
        DROP,
        say("451 4.5.3 No more transactions allowed"),
        say("530 5.7.0 Authentication required"),
    ):
        with (
            scripted_smtp({MAIL: [OK_, end] * 4}, extensions=extensions) as server,
            mailer_to(server) as mailer,
        ):
            outcomes = mailer.send(messages(4), WITHIN)

        assert [kind_of(each) for each in outcomes] == [ACCEPTED] * 4
        assert (sum(map(bool, server.mails)), server.connections) == (4, 4)


@both_ways
@pytest.mark.parametrize(
    "script",
    [
        {RCPT: [say("550 5.1.1 No such user", closes=True), OK_]},
        {RCPT: [NO, OK_], RSET: [say("421 4.7.0 Too many errors", closes=True)]},
    ],
    ids=["goes", "says so"],
)
def test_a_server_that_has_enough_after_a_refusal_is_asked_anew(
    script: Mapping[str, Sequence[Answer]], extensions: Sequence[str]
) -> None:
    """Though the connection took no mail: it was answered for one."""
    with scripted_smtp(script, extensions=extensions) as server, mailer_to(server) as mailer:
        outcomes = mailer.send(messages(3), WITHIN)

    assert [kind_of(each) for each in outcomes] == [REFUSED, ACCEPTED, ACCEPTED]
    assert server.connections == 2


def test_a_server_that_takes_fewer_connections_gets_its_mails_by_those() -> None:
    """Nothing is put off and nobody slowed down for it, and it is not asked again all the time."""
    full = say("421 4.7.0 Too many connections from you", closes=True)
    with (
        scripted_smtp({CONNECT: [say("220 smtp.example ESMTP"), full]}) as server,
        mailer_to(server, connections=4) as mailer,
    ):
        outcomes = [outcome for _ in range(3) for outcome in mailer.send(messages(40), WITHIN)]

    assert [kind_of(each) for each in outcomes] == [ACCEPTED] * 120
    assert 1 < server.connections <= 4


@both_ways
def test_a_connection_that_was_dropped_while_idle_costs_nobody_a_mail(
    extensions: Sequence[str],
) -> None:
    """Nothing was sent into it: a new one takes its place."""
    closing_soon = say("250 2.0.0 Queued, good-bye", closes=True)
    with (
        scripted_smtp({CONTENT: [closing_soon]}, extensions=extensions) as server,
        mailer_to(server) as mailer,
    ):
        outcomes = [*mailer.send(messages(1), WITHIN), *mailer.send(messages(1), WITHIN)]

    assert [kind_of(each) for each in outcomes] == [ACCEPTED] * 2
    assert (len(server.mails), server.connections) == (2, 2)


def test_a_connection_that_nothing_was_sent_on_may_be_dropped_as_well() -> None:
    """It was opened for a mail that cannot be; the next one finds it closed, and has its own."""
    greeting = "250-smtp.example\n250 PIPELINING"
    (nowhere,) = messages(1)
    with (
        scripted_smtp({EHLO: [say(greeting, closes=True), say(greeting)]}) as server,
        mailer_to(server) as mailer,
    ):
        outcomes = [
            *mailer.send([replace(nowhere, to="nowhere")], WITHIN),
            *mailer.send(messages(1), WITHIN),
        ]

    assert [kind_of(each) for each in outcomes] == [REFUSED, ACCEPTED]
    assert (len(server.mails), server.connections) == (1, 2)


def test_connections_are_used_again() -> None:
    """Batch after batch."""
    with scripted_smtp() as server, mailer_to(server) as mailer:
        for _ in range(3):
            mailer.send(messages(2), WITHIN)

    assert (len(server.mails), server.connections) == (6, 1)


@pytest.mark.parametrize("answers", [[], [SILENCE], [RESET]])
def test_it_takes_leave_on_each_connection(answers: Sequence[Answer]) -> None:
    """The server is told that no mail follows, and one that is dead holds nobody up."""
    with (
        scripted_smtp({QUIT: answers}) as server,
        mailer_to(server, connections=3) as mailer,
    ):
        mailer.send(messages(3), WITHIN)
        mailer.close()

        eventually(lambda: server.count(QUIT) == server.connections > 0)


def test_a_connection_that_is_done_with_after_the_end_is_left_as_well() -> None:
    """Of a batch that was under way when it was told to end."""
    with scripted_smtp() as server, mailer_to(server) as mailer:
        mailer.close()
        mailer.send(messages(1), WITHIN)

        eventually(lambda: server.count(QUIT) == server.connections == 1)


def test_a_mail_to_nobody_is_ended_and_the_next_one_sent() -> None:
    """Some servers want the content though they refused the recipient (RFC 2920, section 3.1)."""
    with scripted_smtp({RCPT: [NO, OK_]}) as server, mailer_to(server) as mailer:
        outcomes = mailer.send(messages(2), WITHIN)

    assert [kind_of(each) for each in outcomes] == [REFUSED, ACCEPTED]
    assert [len(mail) > 0 for mail in server.mails] == [False, True]


def test_what_is_not_begun_in_time_is_overdue() -> None:
    """Nobody hears of it."""
    with scripted_smtp() as server, mailer_to(server) as mailer:
        outcomes = mailer.send(messages(3), timedelta(microseconds=-1))

    assert [kind_of(each) for each in outcomes] == [OVERDUE] * 3
    assert server.count(MAIL) == 0


def test_a_slow_mail_holds_no_other_batch_for_longer_than_its_grant() -> None:
    """The only connection waits for an answer: who gets none in time is overdue at once."""
    with (
        ThreadPoolExecutor(1) as threads,
        scripted_smtp({CONTENT: [SILENCE]}) as server,
        mailer_to(server) as mailer,
    ):
        slow = threads.submit(mailer.send, messages(1), WITHIN)
        eventually(lambda: server.mails)
        outcomes = mailer.send(messages(2), timedelta(milliseconds=1))
        is_slow = not slow.done()
        server.ended.set()

    assert [kind_of(each) for each in outcomes] == [OVERDUE] * 2
    assert is_slow
    assert [kind_of(each) for each in slow.result()] == [UNKNOWN]


def test_a_wrong_password_is_tried_once() -> None:
    """By one connection, not by all of them: some lock out who tries too often."""
    refusing = {AUTH: [say("535 5.7.8 sentinel: wrong password c2VjcmV0")]}
    with (
        scripted_smtp(refusing, extensions=("AUTH PLAIN LOGIN",)) as server,
        mailer_to(server, connections=10, credentials=Credentials("sentinel", "secret")) as mailer,
    ):
        outcomes = mailer.send(messages(20), WITHIN)

    assert [kind_of(each) for each in outcomes] == [BLOCKED] * 20
    assert server.count(AUTH) == 1
    assert {str(each.reason) for each in outcomes if isinstance(each, AccountBlocked)} == {
        "535 5.7.8: the credentials of SMTP_URL were refused"
    }


def test_what_keeps_mails_from_being_begun_is_known_without_one() -> None:
    """For whoever starts it; a session that could be begun is there for the first mail."""
    refusing = {AUTH: [say("535 5.7.8 no"), OK_]}
    with (
        scripted_smtp(refusing, extensions=("AUTH PLAIN LOGIN",)) as server,
        mailer_to(server, credentials=Credentials("sentinel", "secret")) as mailer,
    ):
        before, after = mailer.obstacle(), mailer.obstacle()
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert before == "535 5.7.8: the credentials of SMTP_URL were refused"
    assert after is None
    assert kind_of(outcome) == ACCEPTED
    assert server.count(AUTH) == 2


def test_a_password_is_not_sent_to_whom_cannot_take_it() -> None:
    """Without AUTH there is nothing to log in by."""
    with (
        scripted_smtp(extensions=("AUTH GSSAPI",)) as server,
        mailer_to(server, credentials=Credentials("sentinel", "secret")) as mailer,
    ):
        (outcome,) = mailer.send(messages(1), WITHIN)

    assert outcome == AccountBlocked("the SMTP server does not offer AUTH PLAIN or LOGIN")


@pytest.mark.parametrize(
    "quoted",
    [
        "<{to}>: Recipient address rejected: User unknown",
        "{to} unknown",
        "user {local} unknown in {domain}, see https://smtp.example/?a={local}%40{domain}",
        "<news+{local}={domain}@smtp.example>: \x1b[31mno\x00 ☃",
    ],
)
def test_a_reason_names_nobody(quoted: str) -> None:
    """Nor is it more than a line."""
    (message,) = messages(1)
    local, _, domain = message.to.partition("@")
    text = f"550 5.1.1 {quoted.format(to=message.to, local=local, domain=domain)}"
    with scripted_smtp({RCPT: [say(text + " x" * 900)]}) as server, mailer_to(server) as mailer:
        (outcome,) = mailer.send([message], WITHIN)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("550 5.1.1 ")
    assert outcome.reason.isprintable()
    assert len(outcome.reason) <= 200
    assert local not in outcome.reason
    assert domain not in outcome.reason
