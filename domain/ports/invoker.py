"""Starting a campaign now, without waiting for it."""

from typing import Protocol

from domain.identifiers import CampaignId


class Invoker(Protocol):
    """Asynchronous invocation of start-campaign.

    At least once: an accepted invocation may run twice, late, or (on AWS, under overload, after
    hours of retries) never; start-campaign is idempotent and the reconciler repeats it.
    """

    def start(self, campaign_id: CampaignId) -> None:
        """Return once the invocation is accepted; the start runs elsewhere, later.

        Raises DependencyRefused (nothing will run; may be repeated) or DependencyUnavailable
        (it may run; may be repeated all the same, since a start is idempotent).
        """
        ...
