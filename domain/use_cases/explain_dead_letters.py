"""List the dead letters, each with what became of its work."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.chunk import ChunkRef
from domain.dead_letter import (
    DeadLetter,
    ExplainedDeadLetter,
    Explanation,
    ProviderReport,
    explain_chunk,
    explain_foreign,
    explain_gone,
    explain_report,
    explain_start,
    explain_unread,
)
from domain.errors import DependencyFault
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.dead_letters import DeadLetters
from domain.ports.fan_out import FanOutRepository
from domain.start import StartRequest


@dataclass(frozen=True, kw_only=True)
class ExplainDeadLetters:
    """Only reads."""

    dead_letters: DeadLetters
    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository
    clock: Clock

    def __call__(self) -> Sequence[ExplainedDeadLetter]:
        """Raises DependencyFault where they cannot be listed."""
        return [
            ExplainedDeadLetter(letter, self._explanation(letter))
            for letter in self.dead_letters.all()
        ]

    def _explanation(self, letter: DeadLetter) -> Explanation:
        try:
            return self._by_the_records(letter)
        except DependencyFault as error:
            return explain_unread(str(error))

    def _by_the_records(self, letter: DeadLetter) -> Explanation:
        match letter.work:
            case ChunkRef() as ref:
                loaded = self.chunks.load(ref)
                if loaded is None:
                    return explain_gone()
                return explain_chunk(*loaded, self.clock.now())
            case StartRequest(campaign_id=campaign_id):
                campaign = self.campaigns.get(campaign_id)
                if campaign is None:
                    return explain_gone()
                progress = self.fan_out.progress(campaign_id)
                return explain_start(campaign, progress, self.clock.now())
            case ProviderReport():
                return explain_report()
        return explain_foreign()
