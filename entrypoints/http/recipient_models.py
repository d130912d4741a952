"""Bodies of the routes of a campaign's recipients."""

from domain.recipient import Recipient, RecipientFlag, RecipientProgress, RecipientState, Resend
from entrypoints.http.models import Answer, example_of, shown_by


class RecipientBody(Answer):
    """A recipient: how far, and `reason` where it is not sent.

    `flags` is what the provider told of a mail that it had accepted; `resend` is whether somebody
    of unknown outcome is mailed once more (`ahead`), or was put back for it (`done`). `address` is
    null of a person who was erased.
    """

    model_config = shown_by(
        {
            "contact_id": "con_01M889FD1DR9BPG5C28WTPF9HV",
            "address": "ann.bell@example.com",
            "state": "sent",
            "reason": None,
            "message_id": "0102019a-6a1f4b6e",
            "flags": ["delivered"],
            "resend": "none",
        },
    )

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

    model_config = shown_by(
        {"items": [example_of(RecipientBody)], "next_cursor": None},
    )

    items: list[RecipientBody]
    next_cursor: str | None
