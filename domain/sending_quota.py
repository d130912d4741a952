"""What the provider lets an account send."""

from dataclasses import dataclass

UNLIMITED = -1
"""A quota without bound, as SES writes it (Amazon SES API v2 reference, SendQuota)."""


@dataclass(frozen=True, kw_only=True)
class SendingQuota:
    """`max_rate` is mails a second, `max_a_day` those of any 24 hours, `sent_last_day` the last."""

    max_rate: float
    max_a_day: float
    sent_last_day: float

    @property
    def mails_a_second(self) -> int:
        """Whole mails, at least 1: to an account that sends nothing the provider says so itself."""
        return max(1, int(self.max_rate))

    @property
    def is_short(self) -> bool:
        """Whether less than a hundredth of a day's is left, which is not worth resuming for."""
        return self.max_a_day != UNLIMITED and self._left < max(1, self.max_a_day / 100)

    @property
    def _left(self) -> float:
        return self.max_a_day - self.sent_last_day
