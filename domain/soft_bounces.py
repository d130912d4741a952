"""Mails to one person that came back for a passing reason: one is nothing, many are an address."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.identifiers import CampaignId

WINDOW = timedelta(days=30)
"""Those before count no longer: without delivery events nothing else ends a row."""
SHORTEST = timedelta(days=7)
"""A mailbox that is full over a weekend is none that is given up."""
MOST_KEPT = 20


@dataclass(frozen=True)
class SoftBounces:
    """Since a mail was last delivered, as far as is told: of which campaigns, and when.

    A campaign counts once, however often it is told. In order of time; where there are more than
    MOST_KEPT in the window the first stays, and the newest.
    """

    mails: tuple[tuple[CampaignId, datetime], ...] = ()

    @property
    def count(self) -> int:
        """How many mails in a row, MOST_KEPT at the most."""
        return len(self.mails)

    @property
    def last_at(self) -> datetime | None:
        """When the last of them came back."""
        return self.mails[-1][1] if self.mails else None

    def bounced(self, campaign_id: CampaignId, at: datetime) -> "SoftBounces":
        """One more; itself where that one is counted already."""
        if any(each == campaign_id for each, _ in self.mails):
            return self
        mails = sorted((*self.mails, (campaign_id, at)), key=lambda mail: mail[1])
        begin = mails[-1][1] - WINDOW
        within = [mail for mail in mails if mail[1] > begin]
        if len(within) > MOST_KEPT:
            del within[1]
        return SoftBounces(tuple(within))

    def delivered(self, campaign_id: CampaignId, at: datetime) -> "SoftBounces":
        """A mail arrived: what came back before is over, and an answer to it was no bounce."""
        left = tuple(mail for mail in self.mails if mail[0] != campaign_id and mail[1] > at)
        return self if left == self.mails else SoftBounces(left)

    def given_up_at(self, limit: int) -> datetime | None:
        """Since when `limit` mails in a row give the address up; 0 is never, None not yet."""
        if not limit or self.count < limit:
            return None
        last_at = self.mails[-1][1]
        return last_at if last_at - self.mails[0][1] >= SHORTEST else None
