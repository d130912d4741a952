"""A recipient of one campaign: who (fixed at fan-out) and how far (moved by the tables here)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from domain.contact import MergeFields
from domain.errors import IllegalTransition
from domain.identifiers import AttemptToken, ContactId


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
            },
            RecipientState.SENT: {RecipientEvent.ACCEPT: RecipientState.SENT},
            RecipientState.FAILED: {},
            RecipientState.SUPPRESSED: {},
            RecipientState.SKIPPED: {},
        }
    )
)


@dataclass(frozen=True)
class Recipient:
    """Who: written once at fan-out, with the fields the template merges."""

    contact_id: ContactId
    address: str
    fields: MergeFields

    def __post_init__(self) -> None:
        """Keep a copy of the fields that nobody can change."""
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))


@dataclass(frozen=True)
class RecipientProgress:
    """How far: `attempt` is the claim that last tried, `reason` says why it is not `sent`."""

    state: RecipientState = RecipientState.PENDING
    attempt: AttemptToken | None = None
    message_id: str | None = None
    reason: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it is in a counted state."""
        return self.state not in _UNFINISHED

    def after(
        self,
        event: RecipientEvent,
        *,
        attempt: AttemptToken | None = None,
        message_id: str | None = None,
        reason: str | None = None,
    ) -> "RecipientProgress":
        """Moved along the table. Raises IllegalTransition and changes nothing."""
        state = RECIPIENT_TRANSITIONS[self.state].get(event)
        if state is None:
            raise IllegalTransition("recipient", self.state, event)
        return replace(
            self,
            state=state,
            attempt=attempt or self.attempt,
            message_id=message_id or self.message_id,
            reason=reason,
        )
