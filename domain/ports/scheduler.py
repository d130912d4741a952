"""Starting a campaign later."""

from typing import Protocol

from domain.identifiers import CampaignId
from domain.schedule import Schedule


class Scheduler(Protocol):
    """One-time schedules, at most one for a campaign, that delete themselves once fired.

    Fires at least once, not before `at`, within a minute of it on AWS. What fires is an
    invocation of start-campaign.
    """

    def put(self, schedule: Schedule) -> None:
        """Make `schedule` the campaign's schedule.

        Idempotent: the same schedule again changes nothing. One of a higher version replaces
        the campaign's earlier one; one of a lower version is ignored. Raises DependencyRefused
        (nothing changed) or DependencyUnavailable (it may have); both may be repeated.
        """
        ...

    def get(self, campaign_id: CampaignId) -> Schedule | None:
        """The campaign's schedule, None if it has none (fired, deleted or never made).

        `at` is to the second: a fraction was rounded up. Raises DependencyFault.
        """
        ...

    def delete(self, campaign_id: CampaignId) -> None:
        """Remove the campaign's schedule, if it has one. Raises DependencyFault."""
        ...
