"""A recipient of one campaign: who (fixed at fan-out) and how far (moved by the tables here)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from domain.errors import IllegalTransition
from domain.identifiers import AttemptToken, ContactId
from domain.merge_fields import MergeFields


class RecipientState(StrEnum):
    """Every recipient ends in one counted state; `pending` and `sending` are not ends."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    SKIPPED = "skipped"


class RecipientEvent(StrEnum):
    """What can happen to a recipient."""

    CLAIM = "claim"
    SUPPRESS = "suppress"
    SKIP = "skip"
    ACCEPT = "accept"
    PUT_BACK = "put back"
    REFUSE = "refuse"
    LOSE_SIGHT = "lose sight"
    RESEND = "resend"
    GIVE_UP = "give up"


class Resend(StrEnum):
    """Whether a recipient whose outcome is unknown gets a second mail."""

    NONE = "none"
    """Not by itself: policy `hold`, or the campaign was cancelled. A person may still choose to."""
    AHEAD = "ahead"
    """Once its outcome is unknown and the settling window has passed (policy `resend`)."""
    DONE = "done"
    """It was put back for it, and never is again."""


class RecipientFlag(StrEnum):
    """What the provider told of a mail that it had accepted."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SOFT_BOUNCED = "soft bounced"
    COMPLAINED = "complained"
    REJECTED = "rejected"


_ERASED = "erased"
"""Why an erased recipient is not sent."""
_UNFINISHED = frozenset({RecipientState.PENDING, RecipientState.SENDING})

RECIPIENT_TRANSITIONS: Mapping[RecipientState, Mapping[RecipientEvent, RecipientState]] = (
    MappingProxyType(
        {
            RecipientState.PENDING: {
                RecipientEvent.CLAIM: RecipientState.SENDING,
                RecipientEvent.SUPPRESS: RecipientState.SUPPRESSED,
                RecipientEvent.SKIP: RecipientState.SKIPPED,
                RecipientEvent.ACCEPT: RecipientState.SENT,
            },
            RecipientState.SENDING: {
                RecipientEvent.ACCEPT: RecipientState.SENT,
                RecipientEvent.PUT_BACK: RecipientState.PENDING,
                RecipientEvent.REFUSE: RecipientState.FAILED,
                RecipientEvent.LOSE_SIGHT: RecipientState.UNKNOWN,
            },
            # Proof of acceptance wins; a refusal counts only for the attempt it answers.
            RecipientState.UNKNOWN: {
                RecipientEvent.ACCEPT: RecipientState.SENT,
                RecipientEvent.REFUSE: RecipientState.FAILED,
                RecipientEvent.RESEND: RecipientState.PENDING,
                RecipientEvent.GIVE_UP: RecipientState.FAILED,
            },
            RecipientState.SENT: {RecipientEvent.ACCEPT: RecipientState.SENT},
            # Only one that was given up can be proved wrong.
            RecipientState.FAILED: {RecipientEvent.ACCEPT: RecipientState.SENT},
            RecipientState.SUPPRESSED: {},
            RecipientState.SKIPPED: {},
        }
    )
)

RESENT_TRANSITIONS: Mapping[RecipientState, Mapping[RecipientEvent, RecipientState]] = (
    MappingProxyType(
        {
            RecipientState.PENDING: {
                RecipientEvent.SUPPRESS: RecipientState.UNKNOWN,
                RecipientEvent.SKIP: RecipientState.UNKNOWN,
            },
            RecipientState.SENDING: {RecipientEvent.REFUSE: RecipientState.UNKNOWN},
            RecipientState.UNKNOWN: {RecipientEvent.REFUSE: RecipientState.UNKNOWN},
        }
    )
)
"""Goes before the table for one that was re-sent: its first mail may have arrived after all."""


@dataclass(frozen=True)
class Recipient:
    """Who: written once at fan-out, with the fields the template merges."""

    contact_id: ContactId
    address: str
    fields: MergeFields

    def __post_init__(self) -> None:
        """Keep a copy of the fields that nobody can change."""
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    @property
    def is_erased(self) -> bool:
        """Whether nobody knows any more who it was."""
        return not self.address

    def erased(self) -> "Recipient":
        """Without the person; the id, which leads nowhere now, keeps the order of the chunk."""
        return replace(self, address="", fields={})


@dataclass(frozen=True)
class RecipientProgress:
    """How far: `attempt` is the claim that last tried, `reason` says why it is not `sent`."""

    state: RecipientState = RecipientState.PENDING
    attempt: AttemptToken | None = None
    message_id: str | None = None
    reason: str | None = None
    resend: Resend = Resend.NONE
    flags: frozenset[RecipientFlag] = frozenset()

    @property
    def is_finished(self) -> bool:
        """Whether it is in a counted state, and no re-send is ahead."""
        return self.state not in _UNFINISHED and not self.awaits_resend

    @property
    def awaits_resend(self) -> bool:
        """Whether its outcome is unknown and it is to be put back by itself."""
        return self.state is RecipientState.UNKNOWN and self.resend is Resend.AHEAD

    @property
    def may_be_resent(self) -> bool:
        """Whether its outcome is unknown and it was not put back before."""
        return self.state is RecipientState.UNKNOWN and self.resend is not Resend.DONE

    def after(
        self,
        event: RecipientEvent,
        *,
        attempt: AttemptToken | None = None,
        message_id: str | None = None,
        reason: str | None = None,
    ) -> "RecipientProgress":
        """Moved along the tables. Raises IllegalTransition and changes nothing."""
        state = next_state(self.state, event, self.resend)
        return replace(
            self,
            state=state,
            attempt=attempt or self.attempt,
            message_id=message_id or self.message_id,
            reason=reason,
            resend=Resend.DONE if event is RecipientEvent.RESEND else self.resend,
        )

    def erased(self) -> "RecipientProgress":
        """The person is not to be mailed any more, nor found by what the provider called the mail.

        The caller has seen that no attempt is under way.
        """
        each = self
        if each.state is RecipientState.PENDING:
            each = each.after(RecipientEvent.SKIP, reason=_ERASED)
        if each.state is RecipientState.UNKNOWN:
            each = each.after(RecipientEvent.GIVE_UP, reason=_ERASED)
        return replace(each, message_id=None, reason=each.reason and _ERASED)

    def without_resend_ahead(self) -> "RecipientProgress":
        """It is not put back by itself any more."""
        return replace(self, resend=Resend.NONE) if self.resend is Resend.AHEAD else self

    def flagged(self, flag: RecipientFlag | None) -> "RecipientProgress":
        """The same told twice is told once."""
        return self if flag is None else replace(self, flags=self.flags | {flag})


def next_state(state: RecipientState, event: RecipientEvent, resend: Resend) -> RecipientState:
    """Where `event` leads. Raises IllegalTransition."""
    found = RECIPIENT_TRANSITIONS[state].get(event)
    if resend is Resend.DONE:
        found = RESENT_TRANSITIONS.get(state, {}).get(event, found)
        if event is RecipientEvent.RESEND:
            found = None
    if found is None:
        raise IllegalTransition("recipient", state, event)
    return found
