"""A mail ready to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.chunk import ChunkRef


@dataclass(frozen=True)
class Message:
    """One rendered mail to one person; `chunk` and `position` lead events back to the recipient.

    With an `unsubscribe_url` mail programs show a button that calls it. Without a `sender` it comes
    from the one that the mailer has; `reply_to` is where answers go, if not there.
    """

    chunk: ChunkRef
    position: int
    to: str
    subject: str
    html: str
    text: str
    unsubscribe_url: str | None = None
    sender: str | None = None
    reply_to: str | None = None

    @property
    def list_headers(self) -> Mapping[str, str]:
        """How to be rid of such mail (RFC 2369; in one step, RFC 8058)."""
        if self.unsubscribe_url is None:
            return {}
        return {
            "List-Unsubscribe": f"<{self.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    @property
    def reference(self) -> str:
        """What the `X-Sentinel-Ref` header carries."""
        chunk = self.chunk
        return f"{chunk.campaign_id}/{chunk.range_number}/{chunk.number}/{self.position}"


@dataclass(frozen=True)
class SentMail:
    """A message as it was accepted."""

    message: Message
    message_id: str
    at: datetime
