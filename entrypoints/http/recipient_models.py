"""Bodies of the routes of a campaign's recipients."""

from domain.recipient import Recipient, RecipientFlag, RecipientProgress, RecipientState, Resend
from entrypoints.http.models import Answer


class RecipientBody(Answer):
    """A recipient: how far, and `reason` where it is not sent.

    `flags` is what the provider told of a mail that it had accepted; `resend` is whether somebody
    of unknown outcome is mailed once more (`ahead`), or was put back for it (`done`). `address` is
    null of a person who was erased.
    """

    contact_id: str
    address: str | None
    state: RecipientState
    reason: str | None
    message_id: str | None
    flags: list[RecipientFlag]
    resend: Resend

    @classmethod
    def of(cls, recipient: Recipient, progress: RecipientProgress) -> "RecipientBody":
        """From an entry of a chunk."""
        return cls(
            contact_id=recipient.contact_id,
            address=recipient.address or None,
            state=progress.state,
            reason=progress.reason,
            message_id=progress.message_id,
            flags=sorted(progress.flags),
            resend=progress.resend,
        )


class RecipientListBody(Answer):
    """A page of recipients, in the order of fan-out."""

    items: list[RecipientBody]
    next_cursor: str | None
