"""What operators watch."""

from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.campaign import Campaign
from domain.identifiers import WebhookId
from domain.outcome import OutcomeCounts
from domain.start import Dispatch


class Retry(StrEnum):
    """What was done once more."""

    SEND = "send"
    """A chunk was put back on the queue by the worker that had it."""
    CHUNK = "chunk"
    """A chunk that nobody had a lease on was enqueued again."""
    RESEND = "resend"
    """Recipients of unknown outcome were put back, under policy `resend` or by a person."""
    START = "start"
    """A start that did not come, or did not end, was invoked again."""
    JOB = "job"
    """An import or an export that nobody had a lease on was invoked again."""
    ERASURE = "erasure"
    """An erasure that broke off was invoked again."""


class Metrics(Protocol):
    """Takes note of what has happened; docs/metrics.md says what becomes of it.

    No method raises or blocks: what cannot be noted is lost, and delivery goes on. Each is called
    after the fact is durable, so a process that dies in between leaves it unnoted; none is called
    twice for one fact. `campaign` is as stored then.
    """

    def campaign_created(self, campaign: Campaign) -> None:
        """It is stored, whether or not its start or its schedule could be arranged."""
        ...

    def start_dispatched(self, way: Dispatch) -> None:
        """An immediate start is under way: invoked, or queued."""
        ...

    def start_refused(self) -> None:
        """A campaign that may not be queued would have been: nothing was created."""
        ...

    def campaign_started(self, campaign: Campaign) -> None:
        """Its first start has claimed it; `started_at` says when. Once for each campaign."""
        ...

    def campaign_halted(self, campaign: Campaign) -> None:
        """It expired, failed or was paused by its account: somebody has to look."""
        ...

    def occurrences_missed(self, count: int) -> None:
        """So many occurrences of a series got no campaign: somebody has to look."""
        ...

    def sends(self, campaign: Campaign, outcomes: OutcomeCounts) -> None:
        """What became of a micro-batch, or of what a dead worker left behind."""
        ...

    def limiter_wait(self, campaign: Campaign, wait: timedelta) -> None:
        """How long a grant had to be waited for, zero included."""
        ...

    def retried(self, campaign: Campaign | None, what: Retry) -> None:
        """Something of it was done once more; None where it was of no campaign."""
        ...

    def webhook_failed(self, webhook_id: WebhookId) -> None:
        """A delivery to it was given up; it can be replayed."""
        ...

    def open_work(
        self,
        *,
        unknown_held: int,
        oldest_unknown: timedelta,
        oldest_unfinished_chunk: timedelta,
        longest_stall: timedelta,
    ) -> None:
        """What a pass of the reconciler saw, zeros included.

        `unknown_held` are recipients of sent campaigns, `oldest_unknown` is how long ago the
        first of these campaigns ended. `longest_stall` is how long a campaign that should be
        getting on has not.
        """
        ...
