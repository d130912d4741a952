"""Where campaigns are kept."""

from dataclasses import dataclass
from typing import Protocol

from domain.campaign import Campaign, CampaignState
from domain.fan_out import FanOutRange
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId


@dataclass(frozen=True)
class CampaignPage:
    """Campaigns, newest first. `cursor` reads on; None when there are no more."""

    campaigns: tuple[Campaign, ...]
    cursor: str | None


class CampaignRepository(Protocol):
    """Every method raises DependencyFault when the store fails; reads may then be repeated."""

    def add(
        self,
        campaign: Campaign,
        ranges: tuple[FanOutRange, ...],
        record: IdempotencyRecord | None = None,
    ) -> None:
        """Write a new campaign with its fan-out ranges and its `record`: all or nothing.

        Raises AlreadyExists if the id is taken, and IdempotencyKeyInUse where the record cannot
        be written, as IdempotencyRepository.save says.
        """
        ...

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """The campaign as last written; a strongly consistent read."""
        ...

    def save(self, campaign: Campaign) -> Campaign:
        """Write it if the stored version is still `campaign.version`; returns it, one higher.

        Raises VersionConflict, and then nothing was written. A write whose answer was lost and
        that was repeated underneath counts as the success it was.
        """
        ...

    def page(
        self,
        state: CampaignState | None,
        limit: int,
        cursor: str | None,
        *,
        ids: tuple[str, str] | None = None,
    ) -> CampaignPage:
        """Campaigns, newest first, in one state or in all; may miss the latest second's writes.

        Of `ids` from the first on and before the second, if they are given: none else is read.

        Raises InvalidInput naming `cursor` when it is not one this repository gave.
        """
        ...

    def cursor_after(self, state: CampaignState | None, campaign_id: CampaignId) -> str:
        """The cursor that reads on after that campaign of such a page; nothing is read for it."""
        ...
