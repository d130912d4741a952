"""What the account that mails are sent from allows."""

from typing import Protocol

from domain.sending_quota import SendingQuota


class SendingAccount(Protocol):
    """Read, never changed."""

    def quota(self) -> SendingQuota:
        """As the provider states it now. Raises DependencyFault, and may be repeated."""
        ...
