"""What a reply means that takes no mail: for this one, or for all.

A 550 is of a mailbox, or of a policy (RFC 5321, section 4.2.3): which of them, the subject of a
status code says (RFC 3463, section 3). Where there is none, the text may, and else how many in a
row it meets: who relays for nobody answers everybody so.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from adapters.smtp.reply import CLOSING, Reply, Status
from domain.outcome import AccountBlocked, NotSent, Refused

MAX_REASON_CHARACTERS = 200


class Stage(Enum):
    """What was asked when it was refused."""

    SESSION = auto()
    """The greeting, EHLO, STARTTLS."""
    CREDENTIALS = auto()
    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Refused for good, and nobody says whether for this mail or for all.

    One of many is its own; where all of a batch are, something else is wrong than each of them.
    """

    reason: str
    fewest: int = 2
    """So many in a row, without one that was taken, are of all."""

    @property
    def alone(self) -> Refused:
        """Where others were taken."""
        return Refused(self.reason)

    @property
    def of_all(self) -> AccountBlocked:
        """Where none was: nobody is to be given up for it."""
        return AccountBlocked(self.reason)


_ADDRESS, _MAILBOX, _SYSTEM, _, _PROTOCOL, _CODING, _POLICY = range(1, 8)
"""Subjects of status codes (RFC 3463, section 3)."""

_OF_ONE_MAILBOX = frozenset({_ADDRESS, _MAILBOX, _CODING})
_OF_WHOM_TO_BLAME_UNSAID = frozenset({_SYSTEM, _PROTOCOL, _POLICY})
_TOO_LARGE = frozenset({Status(_MAILBOX, 3), Status(_SYSTEM, 4)})
_TOO_LARGE_CODE = 552
_OF_THE_SENDER = frozenset(
    {
        Status(_ADDRESS, 7),
        Status(_ADDRESS, 8),
        # Credentials and encryption: RFC 4954, section 6, and the IANA registry.
        *(Status(_POLICY, detail) for detail in (8, 9, 10, 11, 12, 13, 14)),
        # DKIM, SPF, reverse DNS and DMARC: RFC 7372, section 3; RFC 7505.
        *(Status(_POLICY, detail) for detail in range(20, 30)),
        # Exchange Online: the account, or the tenant, may not relay or send.
        *(Status(_POLICY, detail) for detail in (54, 57, 60)),
    }
)
_CREDENTIALS_CODES = frozenset({530, 534, 535, 538})
"""RFC 4954, sections 4 and 6."""
_BUSY_CODES = frozenset({CLOSING, 451, 452, 454})
"""Where there is no status code: RFC 5321, section 4.2.3; 454 is how Amazon SES throttles."""
_QUOTA = re.compile(r"\b(?:daily|sending)(?: [a-z]+){0,3} (?:quota|limit)\b", re.IGNORECASE)
"""As Amazon SES (454) and Gmail (550 5.4.5) say it."""
_RELAY = re.compile(r"\brelay(?:ing)?\b", re.IGNORECASE)
_WHO_WE_ARE = re.compile(
    r"\brcpthosts\b|\bauthenticat|\b(?:smtp[ -]?)?auth\b|\blog ?in\b|\bcredentials\b", re.IGNORECASE
)
"""As qmail refuses to relay (553), and others who did not log in. With a status code such a text
may be of a mailbox that takes mail of its own organisation only (Exchange's 5.7.133)."""
_WHO_IT_IS = "(?:user|mailbox|recipient|account|person|alias|address)"
_IS_NOT = "(?:unknown|invalid|inactive|disabled|full|not found|(?:does not|doesn't|not) exist)"
_OF_WHOM = re.compile(
    rf"\b(?:no such|unknown|invalid|unrouteable|inactive|disabled) (?:local )?{_WHO_IT_IS}\b"
    rf"|\b{_WHO_IT_IS}(?: …)?(?: is| was| has been)?(?: over quota| {_IS_NOT})\b",
    re.IGNORECASE,
)
"""Not `mailbox unavailable`: so RFC 5321, section 4.2.3, calls a policy's refusal, too."""
_FEWEST_WITHOUT_STATUS = 5
"""More than of those with one: an old list has a few in a row who are not there any more."""


def meaning_of(
    reply: Reply, stage: Stage, to: str = ""
) -> NotSent | Refused | AccountBlocked | Doubtful:
    """Of a reply of 4yz or 5yz; `to` is who was mailed, and is not in the reason."""
    reason = reason_of(reply, stage, to)
    text = _without_person(reply.text, to)
    if _is_out_of_quota(reply, text):
        return AccountBlocked(reason, quota=True)
    if reply.is_transient:
        return NotSent(reason, throttled=_is_throttled(reply))
    if _is_of_the_account(reply, stage, text):
        return AccountBlocked(reason)
    if _is_of_this_mail(reply, stage, text):
        return Refused(reason)
    if stage is Stage.RECIPIENT and reply.status is None:
        return Doubtful(reason, _FEWEST_WITHOUT_STATUS)
    return Doubtful(reason)


def reason_of(reply: Reply, stage: Stage, to: str = "") -> str:
    """The codes, and what the server says, without addresses and bounded.

    Of credentials only the codes: who knows what a server repeats.
    """
    status = reply.status
    codes = str(reply.code)
    if status is not None:
        codes += f" {reply.code // 100}.{status.subject}.{status.detail}"
    if stage is Stage.CREDENTIALS:
        return f"{codes}: the credentials of SMTP_URL were refused"
    return f"{codes} {_without_person(reply.text, to)}".strip()[:MAX_REASON_CHARACTERS]


def _is_out_of_quota(reply: Reply, text: str) -> bool:
    """The account's own, not that of a full mailbox."""
    is_of_mailbox = reply.status is not None and reply.status.subject == _MAILBOX
    return not is_of_mailbox and bool(_QUOTA.search(text))


def _is_throttled(reply: Reply) -> bool:
    """Not by a full or a busy mailbox: one must not slow down all."""
    if reply.code == CLOSING:
        return True
    if reply.status is None or reply.status.subject == 0:
        return reply.code in _BUSY_CODES
    return reply.status.subject not in _OF_ONE_MAILBOX


def _is_of_the_account(reply: Reply, stage: Stage, text: str) -> bool:
    if stage in {Stage.SESSION, Stage.CREDENTIALS} or reply.code in _CREDENTIALS_CODES:
        return True
    if reply.status in _OF_THE_SENDER:
        return True
    if stage is Stage.SENDER:
        return not _is_of_this_mail(reply, stage, text)
    return stage is Stage.RECIPIENT and (
        bool(_RELAY.search(text)) or (reply.status is None and bool(_WHO_WE_ARE.search(text)))
    )


def _is_of_this_mail(reply: Reply, stage: Stage, text: str) -> bool:
    status = reply.status
    if status in _TOO_LARGE or (status is None and reply.code == _TOO_LARGE_CODE):
        return True
    if stage is Stage.RECIPIENT:
        if status is None:
            return bool(_OF_WHOM.search(text))
        return status.subject not in _OF_WHOM_TO_BLAME_UNSAID
    if stage is Stage.SENDER:
        return status is not None and status.subject == _CODING
    return status is not None and status.subject in _OF_ONE_MAILBOX


def _without_person(text: str, to: str) -> str:
    """One line of printable ASCII, without words that hold an address or a part of this one."""
    local, _, domain = to.rpartition("@")
    person = [re.escape(part) for part in (local, domain) if part]
    of_person = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(person)})(?![a-z0-9])", re.IGNORECASE)
    return " ".join(
        "…" if _holds_address(word) or (person and of_person.search(word)) else word
        for word in "".join(each if each.isprintable() else " " for each in text).split()
    )


def _holds_address(word: str) -> bool:
    return any(sign in word for sign in ("@", "=", "%40", "\ufffd"))
