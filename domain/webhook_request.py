"""A webhook as it leaves, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class WebhookRequest:
    """A POST of `body` to `url`. Both may hold what nobody else is to read: no log has them."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answered:
    """The receiver's status; `retry_after` if it said so in seconds."""

    status: int
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """2xx, and nothing else."""
        return 200 <= self.status < 300  # noqa: PLR2004  of HTTP

    @property
    def is_gone(self) -> bool:
        """410: the receiver wants no more of it."""
        return self.status == 410  # noqa: PLR2004  of HTTP


@dataclass(frozen=True)
class NotAnswered:
    """No status came; `reason` is for people, and holds nothing of the URL but its port."""

    reason: str


WebhookAnswer = Answered | NotAnswered
