"""How many mails a second may be sent: as set, or as the account allows."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from domain.errors import DependencyFault
from domain.sending_quota import SendingQuota

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(minutes=5)
"""How old an answer of the account may be."""
RETRIED = timedelta(minutes=1)
"""How soon it is asked again after it gave none: whoever asks may have to wait for that, too."""
RETRIED_AT_FIRST = timedelta(seconds=10)
"""The same while it never gave one."""
UNKNOWN_RATE = 1
"""A second, until the account has answered once: no account that sends at all allows less."""


class AllowedRate:
    """Called for the rate, which it reads when first called, and again when it is old.

    Without an answer the last one stays. One of these serves all threads of a process.
    """

    def __init__(
        self,
        quota: Callable[[], SendingQuota],
        now: Callable[[], datetime],
        fixed: int = 0,
    ) -> None:
        """`quota` of the account is never asked for where the rate is `fixed`; 0 is not."""
        self._quota = quota
        self._now = now
        self._fixed = fixed
        self._known: int | None = None
        self._due = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> int:
        """Mails a second, at least 1."""
        if self._fixed:
            return self._fixed
        now = self._now()
        if now >= self._due:
            if self._known is not None:
                # Other threads go by what is known, and do not ask as well.
                self._due = now + RETRIED
            self._read()
        return self._known or UNKNOWN_RATE

    def _read(self) -> None:
        try:
            self._known = self._quota().mails_a_second
        except DependencyFault as fault:
            self._due = self._now() + (RETRIED if self._known else RETRIED_AT_FIRST)
            logger.warning(
                "The account does not tell its send rate (%s): going by %d a second",
                fault,
                self._known or UNKNOWN_RATE,
            )
        else:
            self._due = self._now() + REMEMBERED
