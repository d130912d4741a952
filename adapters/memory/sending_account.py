"""An account in memory, which allows what it is told to."""

from domain.sending_quota import UNLIMITED, SendingQuota


class MemorySendingAccount:
    """Implements `domain.ports.sending_account.SendingAccount`; `allowed` is what it answers."""

    def __init__(self) -> None:
        """As much as Sentinel can be set to send."""
        self.allowed = SendingQuota(max_rate=100_000, max_a_day=UNLIMITED, sent_last_day=0)

    def quota(self) -> SendingQuota:
        """`allowed`."""
        return self.allowed
