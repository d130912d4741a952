"""Sending by Amazon SES, API v2.

Sentinel renders; SES delivers. A bulk call hands over up to fifty mails by one pass-through
template whose three variables are a whole subject, HTML and text.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from functools import cached_property, partial
from http import HTTPStatus
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, TypedDict

import idna
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from adapters.aws.clients import AwsClients
from adapters.aws.faults import BOTO3_ERRORS, NEVER_LEFT, SERVER_ERROR, code_of
from adapters.aws.ses_message import REFERENCE_HEADER
from domain.chunk import MAX_RECIPIENTS
from domain.message import Message
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.ports.clock import Clock

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import (
        BulkEmailEntryResultTypeDef,
        BulkEmailEntryTypeDef,
        EmailTemplateContentTypeDef,
        MessageHeaderTypeDef,
        MessageTagTypeDef,
    )

_MAX_TEMPLATE_DATA = 262_144
"""Characters of ReplacementTemplateData (Amazon SES API v2 reference, ReplacementTemplate)."""
_PASS_THROUGH: "EmailTemplateContentTypeDef" = {
    "Subject": "{{{subject}}}",
    "Html": "{{{html}}}",
    "Text": "{{{text}}}",
}
_CALLS_AT_ONCE = 10
"""As many connections as a client keeps."""
_REMEMBERED = 10_000
_IDLE = timedelta(seconds=30)
"""Longer than any pause within an invocation; by wall time, which goes on in a frozen function."""
_DAILY_QUOTA = "daily message quota"

_OVERDUE = NotSent("earlier messages of the batch took too long", overdue=True)
_THROTTLED = frozenset(
    {
        "TooManyRequestsException",
        "LimitExceededException",
        "Throttling",
        "ThrottlingException",
        "ACCOUNT_THROTTLED",
    }
)
_LATER = frozenset(
    {
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "TRANSIENT_FAILURE",
    }
)
_REFUSED = frozenset(
    {
        "MessageRejected",
        "BadRequestException",
        "ValidationException",
        "MESSAGE_REJECTED",
        "INVALID_PARAMETER",
    }
)
_REJECTED = frozenset({"MessageRejected", "MESSAGE_REJECTED"})
_BLOCKED = frozenset(
    {
        "AccountSuspendedException",
        "SendingPausedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "AccessDeniedException",
        "ACCOUNT_SUSPENDED",
        "ACCOUNT_SENDING_PAUSED",
        "CONFIGURATION_SET_SENDING_PAUSED",
        "MAIL_FROM_DOMAIN_NOT_VERIFIED",
        "CONFIGURATION_SET_NOT_FOUND",
        "TEMPLATE_NOT_FOUND",
        "INVALID_SENDING_POOL_NAME",
    }
)


_OUTCOMES: tuple[tuple[frozenset[str], Callable[[str], Outcome]], ...] = (
    (_THROTTLED, partial(NotSent, throttled=True)),
    (_LATER, NotSent),
    (_REFUSED, Refused),
    (_BLOCKED, AccountBlocked),
)


class _Published(TypedDict, total=False):
    ConfigurationSetName: str


class _From(TypedDict, total=False):
    FromEmailAddress: str
    ReplyToAddresses: list[str]


@dataclass(frozen=True)
class _Departure:
    """Of this thread's requests: by when, monotonic, and the turn that ends with it."""

    until: timedelta
    turn: ExitStack


_departure: ContextVar[_Departure] = ContextVar("departure")


class _OverdueError(BotoCoreError):
    """botocore raises it as it raises a broken connection, and does not repeat the call."""

    fmt = "The grant ran out before the request left."


class _HeldBody(BytesIO):
    """Of a request, read once its headers are sent; SES does nothing without it."""

    def __init__(self, body: bytes, check: Callable[[], None]) -> None:
        super().__init__(body)
        self._check = check

    def read(self, _size: int | None = -1) -> bytes:
        """All of it at once."""
        if self.tell() == 0:
            self._check()
        return super().read()


class SesMailer:
    """Implements `domain.ports.mailer.Mailer`.

    With `bulk` a SendBulkEmail takes fifty messages, and up to ten are made at once; without, each
    is a SendEmail of its own: for emulators that do not render what a bulk call sends.
    """

    def __init__(
        self,
        clients: AwsClients,
        sender: str,
        bulk: bool,
        clock: Clock,
        configuration_set: str = "",
    ) -> None:
        """`sender`, an address or a name and an address, is for messages that have none.

        What becomes of the mails SES tells to whom `configuration_set` names; to nobody if empty.
        """
        self._timeout = 2 * clients.send_timeout
        # Made now: under a grant there is no time for it.
        self._ses = clients.sesv2
        for operation in ("SendEmail", "SendBulkEmail"):
            event = f"before-send.sesv2.{operation}"
            self._ses.meta.events.register_first(event, self._check_grant)
            self._ses.meta.events.register_last(event, self._hold_body)
        self._sender = sender
        self._bulk = bulk
        self._published: _Published = (
            {"ConfigurationSetName": configuration_set} if configuration_set else {}
        )
        self._clock = clock
        self._alone: set[str] = set()
        self._batch_size = self._most_at_once = MAX_RECIPIENTS * (_CALLS_AT_ONCE if bulk else 1)
        self._preparing = Lock()
        self._last_used = clock.now()

    @property
    def timeout(self) -> timedelta:
        """A bulk call and, where it is refused as a whole, a single one after it."""
        return self._timeout

    @property
    def batch_size(self) -> int:
        """That of bulk calls made at the same time, or what single sends get done in a grant.

        Fewer where a grant lately did not suffice for so many: what is granted in vain nobody uses.
        """
        return self._batch_size

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """Never repeats a call that may have reached SES."""
        until = self._clock.monotonic() + within
        self._leave_idle_connections()
        outcomes = self._send(messages, until)
        self._learn_from(outcomes)
        return outcomes

    def _send(self, messages: Sequence[Message], until: timedelta) -> Sequence[Outcome]:
        if not self._bulk or len({(each.sender, each.reply_to) for each in messages}) != 1:
            return self._send_each(messages, until)
        if len(messages) == 1:
            return self._send_each(messages, until)
        calls = [
            messages[start : start + MAX_RECIPIENTS]
            for start in range(0, len(messages), MAX_RECIPIENTS)
        ]
        if len(calls) == 1:
            return self._send_in_turn(messages, until)
        answers = self._threads.map(lambda call: self._send_in_turn(call, until), calls)
        return [outcome for outcomes in answers for outcome in outcomes]

    def _learn_from(self, outcomes: Sequence[Outcome]) -> None:
        in_time = sum(outcome != _OVERDUE for outcome in outcomes)
        if in_time < len(outcomes):
            # Calls are made ready in turn: if none was in time, one of them is too much.
            self._batch_size = in_time or max(1, min(len(outcomes), MAX_RECIPIENTS) // 2)
        elif 2 * len(outcomes) >= self._batch_size:
            # Whole chunks and who is suppressed keep a batch below its size.
            more = min(self._batch_size, MAX_RECIPIENTS)
            self._batch_size = min(self._batch_size + more, self._most_at_once)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_CALLS_AT_ONCE, "ses")

    def _hold_body(self, request: AWSPreparedRequest, **_: object) -> None:
        """Until the connection is there: to make one takes time, too."""
        if isinstance(request.body, bytes):
            request.body = _HeldBody(request.body, self._depart)

    def _depart(self) -> None:
        """Nothing is left to do but to send the body: the next call is made ready meanwhile."""
        _departure.get().turn.close()
        self._check_grant()

    def _check_grant(self, **_: object) -> None:
        """Again: to serialise a request, to sign it and to connect takes time, too."""
        if self._clock.monotonic() > _departure.get().until:
            raise _OverdueError

    def _leave_idle_connections(self) -> None:
        """A function stands still between invocations, and what stands between it and SES forgets.

        A mail sent into a connection that is no more has no answer: its outcome is unknown.
        """
        now = self._clock.now()
        if now - self._last_used > _IDLE:
            self._ses.close()
        self._last_used = now

    def _send_in_turn(self, messages: Sequence[Message], until: timedelta) -> Sequence[Outcome]:
        """Calls are made ready one after the other, and under way at the same time.

        Ready is a call that has its connection. Threads that share a processor would be so all at
        once, and all too late.
        """
        with ExitStack() as turn:
            turn.enter_context(self._preparing)
            return self._send_bulk(messages, until, turn)

    def _send_bulk(
        self, messages: Sequence[Message], until: timedelta, turn: ExitStack
    ) -> Sequence[Outcome]:
        _departure.set(_Departure(until, turn))
        if self._clock.monotonic() > until:
            return [_OVERDUE] * len(messages)
        outcomes: dict[int, Outcome] = {}
        entries: dict[int, BulkEmailEntryTypeDef] = {}
        for position, message in enumerate(messages):
            entry = None if message.reference in self._alone else _bulk_entry(message)
            match entry:
                case None:
                    pass
                case Refused() as refused:
                    outcomes[position] = refused
                case _:
                    entries[position] = entry
        if entries:
            outcomes |= self._called(messages, entries)
        turn.close()
        alone = [position for position in range(len(messages)) if position not in outcomes]
        singles = self._send_each([messages[position] for position in alone], until)
        outcomes |= dict(zip(alone, singles, strict=True))
        return [outcomes[position] for position in range(len(messages))]

    def _called(
        self, messages: Sequence[Message], entries: "Mapping[int, BulkEmailEntryTypeDef]"
    ) -> Mapping[int, Outcome]:
        """What SES answers of each entry; of none, where they are to be sent alone."""
        try:
            answer = self._ses.send_bulk_email(
                **self._from(messages[0]),
                DefaultContent={
                    "Template": {"TemplateContent": _PASS_THROUGH, "TemplateData": "{}"}
                },
                BulkEmailEntries=list(entries.values()),
                **self._published,
            )
        except BOTO3_ERRORS as error:
            failure = self._outcome_of_error(error, messages[0])
            if not isinstance(failure, Refused):
                return dict.fromkeys(entries, failure)
            # One bad entry makes SES refuse the whole call, and it took none of it. What is not
            # begun now comes again, and must not meet the same refusal for ever.
            self._remember_alone(messages[position] for position in entries)
            return {}
        outcomes: dict[int, Outcome] = dict.fromkeys(entries, Unknown("no answer for this message"))
        results = answer.get("BulkEmailEntryResults", ())
        for position, result in zip(entries, results, strict=False):
            outcomes[position] = self._outcome_of_entry(result, messages[position])
        return outcomes

    def _remember_alone(self, messages: Iterable[Message]) -> None:
        if len(self._alone) > _REMEMBERED:
            self._alone.clear()
        self._alone.update(message.reference for message in messages)

    def _send_each(self, messages: Sequence[Message], until: timedelta) -> Sequence[Outcome]:
        _departure.set(_Departure(until, ExitStack()))
        return [
            self._send_one(message) if self._clock.monotonic() <= until else _OVERDUE
            for message in messages
        ]

    def _send_one(self, message: Message) -> Outcome:
        to = _ses_address(message.to)
        if isinstance(to, Refused):
            return to
        try:
            answer = self._ses.send_email(
                **self._from(message),
                Destination={"ToAddresses": [to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": message.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": message.text, "Charset": "UTF-8"},
                            "Html": {"Data": message.html, "Charset": "UTF-8"},
                        },
                        "Headers": _headers(message),
                    }
                },
                EmailTags=_tags(message),
                **self._published,
            )
        except BOTO3_ERRORS as error:
            return self._outcome_of_error(error, message)
        return _accepted(answer.get("MessageId"))

    def _from(self, message: Message) -> _From:
        sender: _From = {"FromEmailAddress": message.sender or self._sender}
        if message.reply_to is not None:
            sender["ReplyToAddresses"] = [message.reply_to]
        return sender

    def _outcome_of_error(self, error: Exception, message: Message) -> Outcome:
        if isinstance(error, ParamValidationError):
            return Refused("not a request that SES takes")
        if isinstance(error, _OverdueError) or isinstance(error.__context__, _OverdueError):
            return _OVERDUE
        if isinstance(error, NEVER_LEFT):
            return NotSent(type(error).__name__)
        if not isinstance(error, ClientError):
            return Unknown(type(error).__name__)
        return self._outcome_of_answer(error, message)

    def _outcome_of_answer(self, error: ClientError, message: Message) -> Outcome:
        code = code_of(error)
        text = error.response.get("Error", {}).get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= SERVER_ERROR:
            return Unknown(code)
        outcome = self._outcome_of_code(code, text, message)
        if isinstance(outcome, Unknown) and status == HTTPStatus.TOO_MANY_REQUESTS:
            return NotSent(code, throttled=True)
        # SES turned it away, whatever its new word for that means: somebody has to look.
        return AccountBlocked(code) if isinstance(outcome, Unknown) else outcome

    def _outcome_of_entry(self, result: "BulkEmailEntryResultTypeDef", message: Message) -> Outcome:
        status = result.get("Status", "")
        if status == "SUCCESS":
            return _accepted(result.get("MessageId"))
        return self._outcome_of_code(status, result.get("Error", ""), message)

    def _outcome_of_code(self, code: str, text: str, message: Message) -> Outcome:
        """By the code of a call, or the status of an entry, and its text, which is not kept."""
        text = text.lower()
        if code == "ACCOUNT_DAILY_QUOTA_EXCEEDED" or _DAILY_QUOTA in text:
            return AccountBlocked(code, quota=True)
        sender = parseaddr(message.sender or self._sender)[1].lower()
        if code in _REJECTED and sender in _words(text):
            return AccountBlocked("the sender is not a verified identity of SES")
        for codes, outcome in _OUTCOMES:
            if code in codes:
                return outcome(code)
        return Unknown(code or "no status")


def _bulk_entry(message: Message) -> "BulkEmailEntryTypeDef | Refused | None":
    """None where it is larger than a bulk call takes: a call of its own takes more."""
    to = _ses_address(message.to)
    if isinstance(to, Refused):
        return to
    data = json.dumps(
        {"subject": message.subject, "html": message.html, "text": message.text},
        ensure_ascii=False,
    )
    if len(data) > _MAX_TEMPLATE_DATA:
        return None
    return {
        "Destination": {"ToAddresses": [to]},
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
        "ReplacementHeaders": _headers(message),
        "ReplacementTags": _tags(message),
    }


def _headers(message: Message) -> "list[MessageHeaderTypeDef]":
    named = {REFERENCE_HEADER: message.reference, **message.list_headers}
    return [{"Name": name, "Value": value} for name, value in named.items()]


def _tags(message: Message) -> "list[MessageTagTypeDef]":
    chunk = message.chunk
    return [
        {"Name": "campaign", "Value": chunk.campaign_id},
        {"Name": "chunk", "Value": f"{chunk.range_number}-{chunk.number}"},
        {"Name": "position", "Value": str(message.position)},
    ]


def _ses_address(address: str) -> str | Refused:
    """SES takes 7-bit addresses: the domain in Punycode, no other characters before the @."""
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        return Refused("SES takes only ASCII characters before the @")
    if domain.isascii():
        return address
    try:
        # IDNA 2008: that of 2003, in the standard library, takes straße.de for strasse.de.
        return f"{local}@{idna.encode(domain).decode()}"
    except idna.IDNAError:
        return Refused("the domain has no ASCII form")


def _accepted(message_id: str | None) -> Outcome:
    """An answer without a message id was cut, or is none of SES's."""
    return Accepted(message_id) if message_id else Unknown("an answer without a message id")


def _words(text: str) -> set[str]:
    return {word.strip(".,;:<>()") for word in text.split()}
