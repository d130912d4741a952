"""Sending by Amazon SES, API v2.

Sentinel renders; SES delivers. A bulk call hands over up to fifty mails by one pass-through
template whose three variables are a whole subject, HTML and text.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from email.utils import parseaddr
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypedDict

import idna
from botocore.exceptions import ClientError, ParamValidationError

from adapters.aws.clients import AwsClients
from adapters.aws.faults import BOTO3_ERRORS, NEVER_LEFT, SERVER_ERROR, code_of
from adapters.aws.ses_message import REFERENCE_HEADER
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
_REMEMBERED = 10_000
_IDLE = timedelta(seconds=30)
"""Longer than any pause within an invocation; by wall time, which goes on in a frozen function."""
_DAILY_QUOTA = "daily message quota"

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


class SesMailer:
    """Implements `domain.ports.mailer.Mailer`.

    With `bulk` one SendBulkEmail takes all messages; without, each is a SendEmail of its own:
    for emulators that do not render what a bulk call sends.
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
        self._clients = clients
        self._sender = sender
        self._bulk = bulk
        self._published: _Published = (
            {"ConfigurationSetName": configuration_set} if configuration_set else {}
        )
        self._clock = clock
        self._alone: set[str] = set()
        self._last_used = clock.now()

    @property
    def timeout(self) -> timedelta:
        """A bulk call and, where it is refused as a whole, a single one after it."""
        return 2 * self._clients.send_timeout

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """Never repeats a call that may have reached SES."""
        until = self._clock.monotonic() + within
        self._leave_idle_connections()
        if not self._bulk or len({(each.sender, each.reply_to) for each in messages}) != 1:
            return self._send_each(messages, until)
        if len(messages) == 1:
            return self._send_each(messages, until)
        return self._send_bulk(messages, until)

    def _leave_idle_connections(self) -> None:
        """A function stands still between invocations, and what stands between it and SES forgets.

        A mail sent into a connection that is no more has no answer: its outcome is unknown.
        """
        now = self._clock.now()
        if now - self._last_used > _IDLE:
            self._clients.sesv2.close()
        self._last_used = now

    def _send_bulk(self, messages: Sequence[Message], until: timedelta) -> Sequence[Outcome]:
        entries: list[BulkEmailEntryTypeDef] = []
        positions: list[int] = []
        alone: list[int] = []
        outcomes: list[Outcome] = [Unknown("no answer for this message")] * len(messages)
        for position, message in enumerate(messages):
            entry = None if message.reference in self._alone else _bulk_entry(message)
            match entry:
                case None:
                    alone.append(position)
                case Refused() as refused:
                    outcomes[position] = refused
                case _:
                    positions.append(position)
                    entries.append(entry)
        if entries:
            try:
                answer = self._clients.sesv2.send_bulk_email(
                    **self._from(messages[0]),
                    DefaultContent={
                        "Template": {"TemplateContent": _PASS_THROUGH, "TemplateData": "{}"}
                    },
                    BulkEmailEntries=entries,
                    **self._published,
                )
                results = answer.get("BulkEmailEntryResults", ())
                for position, result in zip(positions, results, strict=False):
                    outcomes[position] = self._outcome_of_entry(result, messages[position])
            except BOTO3_ERRORS as error:
                failure = self._outcome_of_error(error, messages[0])
                for position in positions:
                    outcomes[position] = failure
                if isinstance(failure, Refused):
                    # One bad entry makes SES refuse the whole call, and it took none of it. What
                    # is not begun now comes again, and must not meet the same refusal for ever.
                    self._remember_alone(messages[position] for position in positions)
                    alone = sorted((*alone, *positions))
        singles = self._send_each([messages[position] for position in alone], until)
        for position, outcome in zip(alone, singles, strict=True):
            outcomes[position] = outcome
        return outcomes

    def _remember_alone(self, messages: Iterable[Message]) -> None:
        if len(self._alone) > _REMEMBERED:
            self._alone.clear()
        self._alone.update(message.reference for message in messages)

    def _send_each(self, messages: Sequence[Message], until: timedelta) -> Sequence[Outcome]:
        return [
            self._send_one(message)
            if self._clock.monotonic() <= until
            else NotSent("earlier messages of the batch took too long", overdue=True)
            for message in messages
        ]

    def _send_one(self, message: Message) -> Outcome:
        to = _ses_address(message.to)
        if isinstance(to, Refused):
            return to
        try:
            answer = self._clients.sesv2.send_email(
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
