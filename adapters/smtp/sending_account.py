"""The account at an SMTP server."""

from domain.sending_quota import UNLIMITED, SendingQuota

_NO_QUOTA = SendingQuota(max_rate=100_000, max_a_day=UNLIMITED, sent_last_day=0)


class SmtpSendingAccount:
    """Implements `domain.ports.sending_account.SendingAccount`: as much as can be set.

    No command of SMTP asks for a quota (RFC 5321): who has one sets the rate, and hears from the
    server's replies when it is used up.
    """

    def quota(self) -> SendingQuota:
        """None; without a request."""
        return _NO_QUOTA
