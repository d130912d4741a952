"""Which lane a campaign's mails take: urgent ones do not wait behind a newsletter."""

from enum import StrEnum
from typing import Self


class Priority(StrEnum):
    """A lane of its own on the send queue, with workers of its own and a share of the send rate.

    `weight` is how much of the rate it has beside the others while all of them have mails to send.
    """

    weight: int

    def __new__(cls, value: str, weight: int = 1) -> Self:
        """By its name as people write it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.weight = weight
        return member

    URGENT = ("urgent", 3)
    """Somebody waits for it: a warning, a code, an answer."""
    NORMAL = "normal"
    """Everything else."""
