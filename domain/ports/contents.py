"""Where content snapshots are kept."""

from typing import Protocol

from domain.identifiers import CampaignId
from domain.template import Content


class ContentRepository(Protocol):
    """The content that a campaign sends, fixed before its first chunk.

    Every method raises DependencyFault and may be repeated.
    """

    def add_if_absent(self, campaign_id: CampaignId, content: Content) -> Content:
        """Keep `content` unless the campaign has a snapshot; returns the one that stands."""
        ...

    def get(self, campaign_id: CampaignId) -> Content | None:
        """The snapshot; it never changes, so an implementation may remember it."""
        ...
