"""A line of analytics for each campaign: when it went out, by which path, to whom.

It is computed wholly from the ledger (campaign, ranges, tally), so it can be written again at
will. It holds no personal data.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from domain.campaign import Campaign, CampaignState
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId
from domain.path_policy import ExecutionPath
from domain.tally import Tally

LOOKS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
"""How long after its end a campaign is read again, for what the provider tells late."""
UNDER_WAY_LOOK = timedelta(hours=1)
"""How often one that has not ended is read again."""
RETENTION = timedelta(days=400)
"""How long a line is kept after it was last written."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, order=True)
class LineRef:
    """Names a line: the UTC day of the first start, or of the end where there was none."""

    day: date
    campaign_id: CampaignId


def line_of(campaign: Campaign) -> LineRef | None:
    """Which line is its; None while it waits for its first start. It never changes again."""
    moment = campaign.started_at or campaign.ended_at
    return None if moment is None else LineRef(moment.astimezone(UTC).date(), campaign.campaign_id)


@dataclass(frozen=True, kw_only=True)
class PathLine:
    """One campaign, as the ledger had it `as_of`. Durations are whole milliseconds, not below 0.

    `start_latency_ms` is from the moment at which it could have started to its first start,
    `lateness_ms` from its `schedule_at`; None where nothing started it. `sending_ms` is from the
    first start to the end of one that was sent in one go: None for every other, also one that went
    out in waves, or was paused or reopened: nobody knows how long it stood still. `recipients` are
    those fanned out. `version` counts writes.
    """

    ref: LineRef
    path: ExecutionPath
    state: CampaignState
    started_at: datetime | None
    ended_at: datetime | None
    start_latency_ms: int | None
    lateness_ms: int | None
    sending_ms: int | None
    recipients: int
    tally: Tally
    as_of: datetime
    version: int = 0

    @classmethod
    def of(cls, campaign: Campaign, progress: DeliveryProgress, as_of: datetime) -> "PathLine":
        """What the ledger says. Raises ValueError for one that waits for its first start."""
        ref = line_of(campaign)
        if ref is None:
            raise ValueError(f"campaign {campaign.campaign_id} has not begun")
        started_at = campaign.started_at
        return cls(
            ref=ref,
            path=campaign.execution_path,
            state=campaign.state,
            started_at=started_at,
            ended_at=campaign.ended_at,
            start_latency_ms=_milliseconds(campaign.startable_at, started_at),
            lateness_ms=_milliseconds(campaign.schedule_at, started_at),
            sending_ms=_milliseconds(started_at, _end_in_one_go(campaign)),
            recipients=progress.recipients,
            tally=progress.tally,
            as_of=as_of,
        )

    @property
    def next_look_at(self) -> datetime | None:
        """When the ledger is to be read again; None once what the provider tells has settled."""
        if self.ended_at is None:
            return self.as_of + UNDER_WAY_LOOK
        looks = [self.ended_at + age for age in LOOKS]
        return next((look for look in looks if look > self.as_of), None)

    @property
    def pending(self) -> int:
        """Recipients in no counted state yet."""
        return self.recipients - self.tally.recipients

    def replaces(self, stored: "PathLine") -> bool:
        """Whether it is worth a write: it says something else, or `stored` was due for a look.

        Of a campaign under way the counts alone are not: they are something else every second.
        """
        look = stored.next_look_at
        if self.state is not stored.state or (look is not None and look <= self.as_of):
            return True
        same = replace(self, as_of=stored.as_of, version=stored.version) == stored
        return self.ended_at is not None and not same


def _end_in_one_go(campaign: Campaign) -> datetime | None:
    started_at = campaign.started_at
    if campaign.state is not CampaignState.SENT or started_at is None:
        return None
    if campaign.local_time is not None or campaign.went_on_since(started_at):
        return None
    return campaign.ended_at


def _milliseconds(begin: datetime | None, end: datetime | None) -> int | None:
    if begin is None or end is None:
        return None
    return max(0, (end - begin) // _MILLISECOND)
