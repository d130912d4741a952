"""Who may start a campaign the direct way, and who waits."""

from datetime import datetime, timedelta
from typing import Protocol


class AdmissionControl(Protocol):
    """Token buckets shared by all who start campaigns: the account's, and one of each API key."""

    def admit(self, key_id: str | None, now: datetime) -> timedelta | None:
        """None: admitted, and a token taken. Else how long to wait for one, and none was taken.

        Without `key_id` by the account's bucket alone. Where many ask at once it may turn somebody
        away for whom there was a token: contention is overload. Raises DependencyFault: a token
        may be gone.
        """
        ...
