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
    def is_used_up(self) -> bool:
        """Whether not one more mail would be taken now."""
        return self.max_a_day != UNLIMITED and self.sent_last_day >= self.max_a_day
