"""List the dead letters, each with what became of its work."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.chunk import ChunkRef
from domain.dead_letter import (
    DeadLetter,
    DeadLetterSource,
    ExplainedDeadLetter,
    Explanation,
    ProviderReport,
    explain_chunk,
    explain_erasure,
    explain_foreign,
    explain_gone,
    explain_job,
    explain_report,
    explain_start,
    explain_unread,
)
from domain.errors import DependencyFault
from domain.identifiers import CampaignId, JobId
from domain.job_run import ErasureRun, JobRun
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.dead_letters import DeadLetters
from domain.ports.fan_out import FanOutRepository
from domain.ports.jobs import JobRepository
from domain.start import StartRequest


@dataclass(frozen=True)
class FirstDeadLetters:
    """Some of them; `waiting` is how many there are, these among them."""

    explained: Sequence[ExplainedDeadLetter]
    waiting: int


@dataclass(frozen=True, kw_only=True)
class ExplainDeadLetters:
    """Only reads."""

    dead_letters: DeadLetters
    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository
    jobs: JobRepository
    clock: Clock

    def __call__(self) -> Sequence[ExplainedDeadLetter]:
        """Raises DependencyFault where they cannot be listed."""
        return [
            ExplainedDeadLetter(letter, self._explanation(letter))
            for letter in self.dead_letters.all()
        ]

    def first(self, limit: int, source: DeadLetterSource | None = None) -> FirstDeadLetters:
        """The first of `source`, or of all: for no more than those are records read.

        Raises DependencyFault where they cannot be listed.
        """
        letters = [
            letter
            for letter in self.dead_letters.all()
            if source is None or letter.source is source
        ]
        return FirstDeadLetters(
            [ExplainedDeadLetter(each, self._explanation(each)) for each in letters[:limit]],
            waiting=len(letters),
        )

    def _explanation(self, letter: DeadLetter) -> Explanation:
        try:
            return self._by_the_records(letter)
        except DependencyFault as error:
            return explain_unread(str(error))

    def _by_the_records(self, letter: DeadLetter) -> Explanation:
        match letter.work:
            case ChunkRef() as ref:
                return self._of_chunk(ref)
            case StartRequest(campaign_id=campaign_id):
                return self._of_start(campaign_id)
            case JobRun(job_id=job_id):
                return self._of_job(job_id)
            case ErasureRun():
                return explain_erasure()
            case ProviderReport():
                return explain_report()
        return explain_foreign()

    def _of_chunk(self, ref: ChunkRef) -> Explanation:
        loaded = self.chunks.load(ref)
        return explain_gone() if loaded is None else explain_chunk(*loaded, self.clock.now())

    def _of_start(self, campaign_id: CampaignId) -> Explanation:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            return explain_gone()
        return explain_start(campaign, self.fan_out.progress(campaign_id), self.clock.now())

    def _of_job(self, job_id: JobId) -> Explanation:
        job = self.jobs.get(job_id)
        return explain_gone() if job is None else explain_job(job, self.clock.now())
