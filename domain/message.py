"""A mail ready to be sent."""

from dataclasses import dataclass
from datetime import datetime

from domain.chunk import ChunkRef


@dataclass(frozen=True)
class Message:
    """One rendered mail to one person; `chunk` and `position` lead events back to the recipient."""

    chunk: ChunkRef
    position: int
    to: str
    subject: str
    html: str
    text: str

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
