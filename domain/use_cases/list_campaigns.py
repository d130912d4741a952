"""List campaigns, newest first, those that fit a filter."""

from dataclasses import dataclass

from domain.campaign import Campaign
from domain.campaign_filter import CampaignFilter
from domain.ports.campaigns import CampaignPage, CampaignRepository

MAX_LOOKED_AT = 200
"""Campaigns read for one page, however few of them fit."""
_READ_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class ListCampaigns:
    """State and time are asked of an index; the rest is looked at in what that gives."""

    campaigns: CampaignRepository

    def __call__(self, wanted: CampaignFilter, limit: int, cursor: str | None) -> CampaignPage:
        """A page may be short, or empty, and still have a cursor. Raises InvalidInput."""
        wanted = wanted.checked()
        if wanted.is_by_index:
            return self.campaigns.page(wanted.state, limit, cursor, ids=wanted.ids)
        found: list[Campaign] = []
        for _ in range(MAX_LOOKED_AT // _READ_AT_ONCE):
            page = self.campaigns.page(wanted.state, _READ_AT_ONCE, cursor, ids=wanted.ids)
            found += [each for each in page.campaigns if wanted.matches(each)]
            cursor = page.cursor
            if len(found) > limit or (len(found) == limit and cursor is not None):
                last = found[limit - 1].campaign_id
                return CampaignPage(
                    tuple(found[:limit]), self.campaigns.cursor_after(wanted.state, last)
                )
            if cursor is None:
                break
        return CampaignPage(tuple(found), cursor)
