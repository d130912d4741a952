"""What the provider tells of a mail after it took it (Amazon SES Developer Guide, "Monitoring")."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.chunk import ChunkRef
from domain.recipient import RecipientFlag


class ProviderEventKind(StrEnum):
    """Each proves that the mail was accepted: nobody else could tell of it."""

    SEND = "send"
    DELIVERY = "delivery"
    HARD_BOUNCE = "hard bounce"
    SOFT_BOUNCE = "soft bounce"
    COMPLAINT = "complaint"
    REJECT = "reject"
    """Taken, but never to be delivered: a virus was found, or it could not be rendered."""


FLAGS = {
    ProviderEventKind.DELIVERY: RecipientFlag.DELIVERED,
    ProviderEventKind.HARD_BOUNCE: RecipientFlag.BOUNCED,
    ProviderEventKind.SOFT_BOUNCE: RecipientFlag.SOFT_BOUNCED,
    ProviderEventKind.COMPLAINT: RecipientFlag.COMPLAINED,
    ProviderEventKind.REJECT: RecipientFlag.REJECTED,
}


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """`chunk` and `position` name the recipient, as the mail's tags or header did.

    `addresses` are those that a bounce or complaint is about, as the provider wrote them: of use
    only where the chunk itself is no longer kept, or the recipient is erased.
    """

    kind: ProviderEventKind
    chunk: ChunkRef
    position: int
    message_id: str
    at: datetime
    addresses: tuple[str, ...] = ()

    @property
    def flag(self) -> RecipientFlag | None:
        """What it leaves on the recipient."""
        return FLAGS.get(self.kind)
