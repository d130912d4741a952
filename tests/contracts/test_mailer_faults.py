"""What SES and the network answer and no emulator does, met by the mailer of the aws family."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
)

from adapters.aws.clients import AwsClients
from adapters.aws.mailer import SesMailer
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from tests.contracts.aws_family import Deployment, close, outbox
from tests.contracts.eventually import eventually
from tests.contracts.family import SENDER
from tests.contracts.raw_server import http_answer, raw_server
from tests.contracts.settable_clock import SettableClock
from tests.contracts.test_mailer import messages
from tests.contracts.wire import Step, answer, body_of, error, intercepted, lost_answer, response

WITHIN = timedelta(seconds=20)

SEND = {False: "SendEmail", True: "SendBulkEmail"}
BATCH = 3

both_ways = pytest.mark.parametrize("bulk", [False, True], ids=["single", "bulk"])


def mailer_of(clients: AwsClients, *, bulk: bool, clock: SettableClock | None = None) -> SesMailer:
    """Over these clients."""
    return SesMailer(clients, SENDER, bulk=bulk, clock=clock or SettableClock())


def requests_of(bulk: bool) -> int:
    """How many requests a batch makes if each is made once."""
    return 1 if bulk else BATCH


def kinds_of(outcomes: object) -> list[type[Outcome]]:
    """What happened to each."""
    assert isinstance(outcomes, list)
    return [type(outcome) for outcome in outcomes]


@both_ways
def test_an_endpoint_that_nobody_listens_at_got_nothing(
    raw_clients: Callable[[str], AwsClients], closed_port: int, bulk: bool
) -> None:
    """Certainly not sent: it may be sent later."""
    clients = raw_clients(f"http://127.0.0.1:{closed_port}")

    outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)

    assert kinds_of(outcomes) == [NotSent] * BATCH


@both_ways
@pytest.mark.parametrize(
    ("sent", "stay"),
    [
        pytest.param(b"", False, id="cut before the answer"),
        pytest.param(b"", True, id="no answer in time"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConte", False, id="cut in the headers"),
        pytest.param(
            http_answer(b'{"MessageId": "1"', length=100),
            False,
            id="cut in the body, which botocore does not notice",
        ),
        pytest.param(http_answer(b'{"MessageId": "1"'), True, id="not JSON"),
        pytest.param(http_answer(b"{}"), True, id="nothing in it"),
        pytest.param(http_answer(b"", "502 Bad Gateway"), True, id="a gateway's error"),
        pytest.param(http_answer(b"", "504 Gateway Timeout"), True, id="a gateway's timeout"),
    ],
)
def test_a_request_that_left_and_was_not_answered_is_unknown_and_is_not_repeated(
    raw_clients: Callable[[str], AwsClients], bulk: bool, sent: bytes, stay: bool
) -> None:
    """It may have been sent: never again by itself."""
    with raw_server(sent, stay=stay) as server:
        clients = raw_clients(server.endpoint_url)

        outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)
        # Whoever waited for its answer in vain may be quicker than the server.
        eventually(lambda: len(server.requests) >= requests_of(bulk))

    assert kinds_of(outcomes) == [Unknown] * BATCH
    assert len(server.requests) == requests_of(bulk)
    assert len(set(server.requests)) == requests_of(bulk)


@both_ways
def test_an_acceptance_whose_answer_was_lost_is_one_mail(
    deployment: Deployment, clients: AwsClients, bulk: bool
) -> None:
    """The provider has each mail once, and the mailer does not know."""
    batch = messages(BATCH)

    with intercepted(clients.sesv2, SEND[bulk], lost_answer) as wire:
        outcomes = mailer_of(clients, bulk=bulk).send(batch, WITHIN)

    mailed = [mail.to for mail in outbox(deployment.emulator)]
    assert kinds_of(outcomes) == [Unknown] * BATCH
    assert wire.requests == requests_of(bulk)
    assert [mailed.count(message.to) for message in batch] == [1] * BATCH


ERRORS: dict[str, tuple[int, Outcome]] = {
    # Amazon SES API v2 reference, SendEmail and SendBulkEmail, errors.
    "TooManyRequestsException": (429, NotSent("TooManyRequestsException", throttled=True)),
    "LimitExceededException": (400, NotSent("LimitExceededException", throttled=True)),
    "MessageRejected": (400, Refused("MessageRejected")),
    "BadRequestException": (400, Refused("BadRequestException")),
    "AccountSuspendedException": (400, AccountBlocked("AccountSuspendedException")),
    "SendingPausedException": (400, AccountBlocked("SendingPausedException")),
    "MailFromDomainNotVerifiedException": (
        400,
        AccountBlocked("MailFromDomainNotVerifiedException"),
    ),
    "NotFoundException": (404, AccountBlocked("NotFoundException")),
}
COMMON_ERRORS: dict[str, tuple[int, Outcome]] = {
    # The same, Common Errors; `Throttling` is API v1's.
    "ThrottlingException": (400, NotSent("ThrottlingException", throttled=True)),
    "Throttling": (400, NotSent("Throttling", throttled=True)),
    "RequestLimitExceeded": (429, NotSent("RequestLimitExceeded", throttled=True)),
    "AccessDeniedException": (403, AccountBlocked("AccessDeniedException")),
    "NotAuthorized": (400, AccountBlocked("NotAuthorized")),
    "OptInRequired": (403, AccountBlocked("OptInRequired")),
    "ValidationError": (400, AccountBlocked("ValidationError")),
    "ExpiredTokenException": (403, NotSent("ExpiredTokenException")),
    "RequestExpired": (400, NotSent("RequestExpired")),
    "InternalFailure": (500, Unknown("InternalFailure")),
    "ServiceUnavailable": (503, Unknown("ServiceUnavailable")),
}


@both_ways
@pytest.mark.parametrize("code", [*ERRORS, *COMMON_ERRORS])
def test_the_answer_to_a_call_is_the_outcome_of_its_messages(
    clients: AwsClients, bulk: bool, code: str
) -> None:
    """And no call is made twice but one that was refused as a whole."""
    status, outcome = {**ERRORS, **COMMON_ERRORS}[code]
    step = error(code, status)

    with (
        intercepted(clients.sesv2, SEND[bulk], step),
        intercepted(clients.sesv2, "SendEmail", step),
    ):
        outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)

    assert outcomes == [outcome] * BATCH


def test_every_documented_error_and_status_has_its_outcome(clients: AwsClients) -> None:
    """By botocore's own description of SES: a newer one with more of them fails here."""
    service = clients.sesv2.meta.service_model

    for operation in SEND.values():
        shapes = service.operation_model(operation).error_shapes
        assert {shape.name for shape in shapes} == set(ERRORS)
    statuses: Any = service.shape_for("BulkEmailStatus")
    assert set(statuses.enum) == set(STATUSES)


@both_ways
@pytest.mark.parametrize(
    ("code", "status"),
    [("SomethingNewException", 429), ("TooManyRequestsException", 429)],
)
def test_too_many_requests_are_throttled_whatever_their_code(
    clients: AwsClients, bulk: bool, code: str, status: int
) -> None:
    """So says the HTTP status; the mails are sent later, and all workers slow down."""
    with intercepted(clients.sesv2, SEND[bulk], error(code, status)):
        outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)

    assert outcomes == [NotSent(code, throttled=True)] * BATCH


@both_ways
@pytest.mark.parametrize(
    "code",
    [
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "RequestExpired",
        "OptInRequired",
        "SomethingNewException",
    ],
)
def test_a_request_that_was_turned_away_is_not_unknown(
    clients: AwsClients, bulk: bool, code: str
) -> None:
    """An answer came, and it says no: the mail was not sent, and must not be given up for it."""
    with intercepted(clients.sesv2, SEND[bulk], error(code, 403)):
        outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)

    assert not {Unknown, Refused, Accepted} & set(kinds_of(outcomes))


@both_ways
@pytest.mark.parametrize(
    "fault",
    [
        NoCredentialsError(),
        CredentialRetrievalError(provider="role", error_msg="told by the test"),
        ConnectTimeoutError(endpoint_url="http://ses.example"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_fails_before_the_request_leaves_is_not_sent(
    clients: AwsClients, bulk: bool, fault: BotoCoreError
) -> None:
    """Credentials that cannot be had cost nobody a mail."""

    def fail(**_: object) -> None:
        raise fault

    clients.sesv2.meta.events.register("before-sign.sesv2", fail)

    outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)

    assert kinds_of(outcomes) == [NotSent] * BATCH


@both_ways
@pytest.mark.parametrize(
    "code", ["TooManyRequestsException", "LimitExceededException", "Throttling"]
)
def test_the_daily_quota_blocks_the_account(clients: AwsClients, bulk: bool, code: str) -> None:
    """It is told apart from the rate by its text; a campaign paused for it resumes by itself."""
    step = error(code, 429, "Daily message quota exceeded.")

    with intercepted(clients.sesv2, SEND[bulk], step):
        outcomes = mailer_of(clients, bulk=bulk).send(messages(BATCH), WITHIN)

    assert outcomes == [AccountBlocked(code, quota=True)] * BATCH


@both_ways
def test_a_sender_that_is_not_verified_blocks_the_account(clients: AwsClients, bulk: bool) -> None:
    """Nobody's mail is failed for it. By the emulator itself."""
    mailer = SesMailer(clients, "Else <else@where.example>", bulk=bulk, clock=SettableClock())

    assert kinds_of(mailer.send(messages(BATCH), WITHIN)) == [AccountBlocked] * BATCH


STATUSES: dict[str, Outcome] = {
    # Amazon SES API v2 reference, BulkEmailEntryResult, Status.
    "SUCCESS": Accepted("id-0"),
    "MESSAGE_REJECTED": Refused("MESSAGE_REJECTED"),
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": AccountBlocked("MAIL_FROM_DOMAIN_NOT_VERIFIED"),
    "CONFIGURATION_SET_NOT_FOUND": AccountBlocked("CONFIGURATION_SET_NOT_FOUND"),
    "TEMPLATE_NOT_FOUND": AccountBlocked("TEMPLATE_NOT_FOUND"),
    "ACCOUNT_SUSPENDED": AccountBlocked("ACCOUNT_SUSPENDED"),
    "ACCOUNT_THROTTLED": NotSent("ACCOUNT_THROTTLED", throttled=True),
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": AccountBlocked("ACCOUNT_DAILY_QUOTA_EXCEEDED", quota=True),
    "INVALID_SENDING_POOL_NAME": AccountBlocked("INVALID_SENDING_POOL_NAME"),
    "ACCOUNT_SENDING_PAUSED": AccountBlocked("ACCOUNT_SENDING_PAUSED"),
    "CONFIGURATION_SET_SENDING_PAUSED": AccountBlocked("CONFIGURATION_SET_SENDING_PAUSED"),
    "INVALID_PARAMETER": Refused("INVALID_PARAMETER"),
    "TRANSIENT_FAILURE": NotSent("TRANSIENT_FAILURE"),
    "FAILED": Unknown("FAILED"),
}


def results(*statuses: str) -> Step:
    """A bulk send answered with one status an entry."""
    return answer(
        {
            "BulkEmailEntryResults": [
                {"Status": status, "MessageId": f"id-{number}"}
                if status == "SUCCESS"
                else {"Status": status, "Error": "person1@example.com told by the test"}
                for number, status in enumerate(statuses)
            ]
        }
    )


def test_every_entry_of_a_bulk_send_has_its_own_outcome(clients: AwsClients) -> None:
    """In order, in one request; what one entry met is not tried again."""
    with (
        intercepted(clients.sesv2, "SendBulkEmail", results(*STATUSES)) as wire,
        intercepted(clients.sesv2, "SendEmail", error("InternalFailure", 500)) as single,
    ):
        outcomes = mailer_of(clients, bulk=True).send(messages(len(STATUSES)), WITHIN)

    assert list(outcomes) == list(STATUSES.values())
    assert (wire.requests, single.requests) == (1, 0)


@pytest.mark.parametrize("status", ["MESSAGE_REJECTED", "INVALID_PARAMETER"])
def test_entries_all_refused_are_not_sent_one_by_one(clients: AwsClients, status: str) -> None:
    """The call was taken, and each entry had its answer."""
    with (
        intercepted(clients.sesv2, "SendBulkEmail", results(*[status] * BATCH)),
        intercepted(clients.sesv2, "SendEmail", error("InternalFailure", 500)) as single,
    ):
        outcomes = mailer_of(clients, bulk=True).send(messages(BATCH), WITHIN)

    assert kinds_of(outcomes) == [Refused] * BATCH
    assert single.requests == 0


@pytest.mark.parametrize("status", ["", "FAILED", "SOMETHING_NEW"])
def test_an_entry_with_a_status_that_nobody_knows_is_unknown(
    clients: AwsClients, status: str
) -> None:
    """It may have been sent."""
    with intercepted(clients.sesv2, "SendBulkEmail", results("SUCCESS", status)):
        outcomes = mailer_of(clients, bulk=True).send(messages(2), WITHIN)

    assert kinds_of(outcomes) == [Accepted, Unknown]


def test_entries_that_have_no_result_are_unknown(clients: AwsClients) -> None:
    """There is one outcome for each message even then."""
    with intercepted(clients.sesv2, "SendBulkEmail", results("SUCCESS")):
        outcomes = mailer_of(clients, bulk=True).send(messages(BATCH), WITHIN)

    assert kinds_of(outcomes) == [Accepted, Unknown, Unknown]


def test_a_bulk_send_refused_as_a_whole_is_sent_one_by_one(
    deployment: Deployment, clients: AwsClients
) -> None:
    """One bad entry must not fail forty-nine others: SES took none of them."""
    batch = messages(BATCH)

    with intercepted(clients.sesv2, "SendBulkEmail", error("BadRequestException")) as wire:
        outcomes = mailer_of(clients, bulk=True).send(batch, WITHIN)

    mailed = [mail.to for mail in outbox(deployment.emulator)]
    assert kinds_of(outcomes) == [Accepted] * BATCH
    assert [mailed.count(message.to) for message in batch] == [1] * BATCH
    assert wire.requests == 1


@both_ways
def test_what_takes_long_ends_in_time(clients: AwsClients, bulk: bool) -> None:
    """However slow every call is, `timeout` holds; whom it did not come to was not sent to."""
    clock = SettableClock()
    mailer = mailer_of(clients, bulk=bulk, clock=clock)
    slowness = timedelta(seconds=7)

    def slow(request: AWSPreparedRequest) -> AWSResponse:
        clock.sleep(slowness)
        if "BulkEmailEntries" in body_of(request):
            return response(request, {"__type": "BadRequestException"}, 400)
        return response(request, {"MessageId": "id"})

    begun = clock.monotonic()
    with (
        intercepted(clients.sesv2, SEND[bulk], slow),
        intercepted(clients.sesv2, "SendEmail", slow),
    ):
        outcomes = mailer.send(messages(50), WITHIN)

    assert clock.monotonic() - begun <= mailer.timeout
    kinds = kinds_of(outcomes)
    accepted = kinds.count(Accepted)
    assert accepted > 0
    assert kinds == [Accepted] * accepted + [NotSent] * (50 - accepted)


@pytest.mark.parametrize("number", [2, 50])
def test_a_batch_is_one_request(clients: AwsClients, number: int) -> None:
    """Up to fifty."""
    with intercepted(clients.sesv2, "SendBulkEmail", results(*["SUCCESS"] * number)) as wire:
        outcomes = mailer_of(clients, bulk=True).send(messages(number), WITHIN)

    assert outcomes == [Accepted(f"id-{position}") for position in range(number)]
    assert wire.requests == 1


@both_ways
def test_tags_and_a_header_lead_back_to_the_recipient(clients: AwsClients, bulk: bool) -> None:
    """Events carry the tags, notifications the header; the emulator records neither.

    Where there is a way to unsubscribe, mail programs are told by the two headers of RFC 8058.
    """
    first, second = messages(2)
    second = replace(second, unsubscribe_url="https://mail.example.com/u/token")
    accepted = results("SUCCESS", "SUCCESS") if bulk else answer({"MessageId": "id"})

    with intercepted(clients.sesv2, SEND[bulk], accepted) as wire:
        mailer_of(clients, bulk=bulk).send([first, second], WITHIN)

    if bulk:
        entries = wire.bodies[0]["BulkEmailEntries"]
        headers = [each["ReplacementHeaders"] for each in entries]
        tags = [each["ReplacementTags"] for each in entries]
    else:
        headers = [body["Content"]["Simple"]["Headers"] for body in wire.bodies]
        tags = [body["EmailTags"] for body in wire.bodies]
    reference = {"Name": "X-Sentinel-Ref", "Value": first.reference}
    assert headers[0] == [reference]
    assert headers[1] == [
        {**reference, "Value": second.reference},
        {"Name": "List-Unsubscribe", "Value": "<https://mail.example.com/u/token>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]
    for message, each in zip((first, second), tags, strict=True):
        assert {tag["Name"]: tag["Value"] for tag in each} == {
            "campaign": message.chunk.campaign_id,
            "chunk": f"{message.chunk.range_number}-{message.chunk.number}",
            "position": str(message.position),
        }


@both_ways
def test_a_message_may_have_another_sender_and_a_reply_to(clients: AwsClients, bulk: bool) -> None:
    """As the template says; without, the mailer's own sender and no Reply-To."""
    accepted = results("SUCCESS", "SUCCESS") if bulk else answer({"MessageId": "id"})
    plain = messages(2)
    named = [
        replace(each, sender="Help <help@example.com>", reply_to="b@example.com")
        for each in messages(2)
    ]

    for batch, sender, reply_to in (
        (plain, SENDER, None),
        (named, "Help <help@example.com>", ["b@example.com"]),
    ):
        with intercepted(clients.sesv2, SEND[bulk], accepted) as wire:
            mailer_of(clients, bulk=bulk).send(batch, WITHIN)
        assert [
            (body["FromEmailAddress"], body.get("ReplyToAddresses")) for body in wire.bodies
        ] == [(sender, reply_to)] * (1 if bulk else 2)


def test_messages_of_different_senders_do_not_share_a_call(clients: AwsClients) -> None:
    """A bulk call has one From for all."""
    first, second = messages(2)
    with intercepted(clients.sesv2, "SendEmail", answer({"MessageId": "id"})) as wire:
        mailer_of(clients, bulk=True).send([first, replace(second, sender="b@x.eu")], WITHIN)

    assert [body["FromEmailAddress"] for body in wire.bodies] == [SENDER, "b@x.eu"]


@both_ways
def test_a_templates_sender_that_is_not_verified_blocks(clients: AwsClients, bulk: bool) -> None:
    """Everybody would be refused: the campaign waits for somebody to verify it."""
    text = "Email address is not verified. The following failed: HELP@example.com"
    refusal = error("MessageRejected", 400, text)
    batch = [replace(each, sender="Help <help@example.com>") for each in messages(BATCH)]
    with intercepted(clients.sesv2, SEND[bulk], refusal):
        outcomes = mailer_of(clients, bulk=bulk).send(batch, WITHIN)

    assert kinds_of(outcomes) == [AccountBlocked] * BATCH


@both_ways
def test_the_configuration_set_is_named_with_each_mail(clients: AwsClients, bulk: bool) -> None:
    """SES tells nothing of a mail without one; where none is set, an identity's own stands."""
    accepted = results("SUCCESS", "SUCCESS") if bulk else answer({"MessageId": "id"})
    named = SesMailer(
        clients, SENDER, bulk=bulk, clock=SettableClock(), configuration_set="sentinel"
    )

    for mailer, expected in ((named, "sentinel"), (mailer_of(clients, bulk=bulk), None)):
        with intercepted(clients.sesv2, SEND[bulk], accepted) as wire:
            mailer.send(messages(2), WITHIN)
        assert {body.get("ConfigurationSetName") for body in wire.bodies} == {expected}


def test_a_connection_that_was_idle_is_not_sent_into() -> None:
    """A function stood still for a while, and who stands between it and SES has forgotten it."""
    clock = SettableClock()
    taken = http_answer(b'{"MessageId": "1"}')
    with raw_server(taken, stay=True) as server:
        # As patient as those that are deployed: each mail is to be answered.
        clients = AwsClients("eu-central-1", server.endpoint_url, access_key="test")
        mailer = mailer_of(clients, bulk=False, clock=clock)
        for pause, connections in ((0, 1), (30, 1), (31, 2), (0, 2)):
            clock.sleep(timedelta(seconds=pause))
            assert kinds_of(mailer.send(messages(1), WITHIN)) == [Accepted]
            assert server.connections == connections
        close(clients)
