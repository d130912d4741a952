"""The small instance that a seed stands for: who, how many, how fast, how unlucky."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from domain.admission import StartLimit, StartLimits
from domain.campaign import UnknownPolicy
from domain.delivery_policy import DeliveryPolicy
from domain.priority import Priority
from tests.simulation.local_times import SCENES, LocalPlan, plan_of
from tests.simulation.ports import EPOCH, MILLISECOND, MINUTE, SECOND, microseconds

_IN_WAVES = 0.2
"""So many of the seeds have a campaign in local time."""
_SPLIT = 0.3
"""In so many large segments are split."""
_APPROVED = 0.2
"""In so many of them somebody has to approve the campaigns."""
_IN_LANES = 0.4
"""In so many of them some campaigns are urgent, or become so."""

_IMMEDIATE_ONLY = 0.25
_IN_BURSTS = 0.4
"""In so many of them campaigns come in bursts, of which few go the direct way."""
_ROOMY = StartLimits(StartLimit(1_000, 1_000), StartLimit(1_000, 1_000))
_NARROW = StartLimits(account=StartLimit(1, burst=2), key=StartLimit(1, burst=1))


@dataclass(frozen=True, kw_only=True)
class CampaignPlan:
    """One campaign: how many members its segment has, when it is asked for, and for when."""

    members: int
    asked_at: int
    scheduled_in: int | None
    unknown_policy: UnknownPolicy
    local: LocalPlan | None = None
    needs_approval: bool = False
    priority: Priority = Priority.NORMAL
    other_priority_at: int | None = None
    """When somebody gives it the other one."""
    immediate_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Setting:
    """All that does not change during a run."""

    intensity: float
    """How unlucky: multiplies the rate of every fault."""
    campaigns: tuple[CampaignPlan, ...]
    workers: int
    starters: int
    operators: int
    ranges: int
    chunk_size: int
    chunks_a_step: int
    rate: int
    max_receives: int
    skew: int
    """Each process's wall clock is at most so far off."""
    worker_time: int | None
    """How long the platform lets an invocation run; None: as long as it takes."""
    start_time: int | None
    faults_end: int
    tick: int
    """A schedule fires at most so late."""
    visibility: timedelta
    tells: bool
    """Whether the provider tells of mails at all."""
    policy: DeliveryPolicy
    start_limits: StartLimits = _ROOMY
    epoch: datetime = EPOCH
    """When it begins."""
    max_chunks_a_step: int = 49
    split_above: int = 1_000
    """Above so many members left a range is split: none here is, unless it is drawn."""
    parallel: int = 1
    urgent_workers: int = 0
    """Beside those of what is not urgent."""

    @classmethod
    def of(cls, seed: int) -> "Setting":
        """The one that `seed` stands for: some in local time, split, or to be approved."""
        setting = cls._at_one_time(seed)
        if is_split(seed):
            setting = setting._split(seed)
        chance = Random(f"local {seed}")  # noqa: S311  it decides about a test
        if chance.random() < _IN_WAVES:
            setting = setting._in_waves(seed, chance)
        setting = setting._to_be_approved() if is_to_be_approved(seed) else setting
        setting = setting._in_lanes(seed) if is_in_lanes(seed) else setting
        return setting._in_a_burst(seed)

    @classmethod
    def _at_one_time(cls, seed: int) -> "Setting":
        chance = Random(f"setting {seed}")  # noqa: S311  it decides about a test
        worker_time = chance.choice((None, None, 30 * SECOND, 90 * SECOND))
        return cls(
            intensity=chance.choice((0.3, 1.0, 1.0, 2.0, 4.0)),
            campaigns=tuple(_campaign(chance) for _ in range(chance.choice((1, 1, 2, 2, 3)))),
            workers=chance.choice((2, 3, 3)),
            starters=2,
            operators=chance.choice((0, 1, 2, 3, 4)),
            ranges=chance.choice((1, 1, 2)),
            chunk_size=chance.choice((1, 2, 2, 3, 4)),
            chunks_a_step=chance.choice((1, 1, 2)),
            rate=chance.choice((1, 2, 2, 3, 5, 8)),
            max_receives=chance.choice((1, 2, 5)),
            skew=chance.choice((0, 0, 30 * MILLISECOND, 2 * SECOND)),
            worker_time=worker_time,
            start_time=chance.choice((None, 0, 2 * SECOND, 300 * SECOND)),
            tick=chance.choice((2 * SECOND, 25 * SECOND)),
            faults_end=chance.randint(12, 30) * MINUTE,
            tells=chance.choice((True, True, False)),
            visibility=timedelta(seconds=chance.choice((30, 100, 360, 540))),
            policy=DeliveryPolicy(
                chunk_check_interval=timedelta(seconds=chance.choice((60, 120, 300))),
                settling_window=timedelta(seconds=chance.choice((20, 60, 300, 900))),
                quota_pause=timedelta(seconds=chance.choice((60, 300))),
                max_lateness=timedelta(seconds=chance.choice((90, 600, 21_600))),
            ),
        )

    def _split(self, seed: int) -> "Setting":
        """Segments are large to it."""
        chance = Random(f"split into {seed}")  # noqa: S311  it decides about a test
        return replace(
            self,
            starters=chance.choice((2, 3, 4)),
            ranges=1,
            chunk_size=chance.choice((1, 1, 2)),
            chunks_a_step=1,
            split_above=chance.choice((0, 0, 1, 3)),
            parallel=chance.choice((1, 2, 3, 4)),
        )

    def _in_a_burst(self, seed: int) -> "Setting":
        """Some more come within a second, and the starts that people set going meet them."""
        chance = Random(f"burst {seed}")  # noqa: S311  it decides about a test
        if chance.random() >= _IN_BURSTS:
            return self
        at = self.campaigns[0].asked_at
        more = tuple(
            CampaignPlan(
                members=chance.choice((0, 1, 2)),
                asked_at=at + chance.randrange(SECOND),
                scheduled_in=None,
                unknown_policy=UnknownPolicy.HOLD,
                immediate_only=chance.random() < _IMMEDIATE_ONLY,
            )
            for _ in range(chance.choice((1, 2, 4)))
        )
        return replace(self, campaigns=(*self.campaigns, *more), start_limits=_NARROW)

    def _to_be_approved(self) -> "Setting":
        """All campaigns are."""
        plans = (replace(plan, needs_approval=True) for plan in self.campaigns)
        return replace(self, campaigns=tuple(plans))

    def _in_lanes(self, seed: int) -> "Setting":
        """Campaigns are of either, and people change their minds."""
        chance = Random(f"lanes of {seed}")  # noqa: S311  it decides about a test
        plans = [
            replace(
                plan,
                priority=chance.choice((Priority.URGENT, Priority.NORMAL)),
                other_priority_at=chance.choice((None, None, chance.randrange(8 * MINUTE))),
            )
            for plan in self.campaigns
        ]
        return replace(self, campaigns=tuple(plans), urgent_workers=chance.choice((1, 2, 3)))

    def _in_waves(self, seed: int, chance: Random) -> "Setting":
        """The first campaign is; faults go on until after its last wave."""
        scene = chance.choice(SCENES)
        plan, *others = self.campaigns
        local = plan_of(seed, plan.members, scene)
        last = microseconds(local.last)
        return replace(
            self,
            # `scheduled_in` says how long there is something that people may be up to.
            campaigns=(replace(plan, local=local, scheduled_in=last), *others),
            epoch=scene.begins,
            max_chunks_a_step=chance.choice((1, 2, 3, 49)),
            faults_end=max(self.faults_end, last + 8 * MINUTE),
        )


def is_split(seed: int) -> bool:
    """Whether large segments are split in it."""
    return Random(f"split {seed}").random() < _SPLIT  # noqa: S311  it decides about a test


def is_to_be_approved(seed: int) -> bool:
    """Whether somebody has to approve its campaigns."""
    return Random(f"approval {seed}").random() < _APPROVED  # noqa: S311  it decides about a test


def is_in_lanes(seed: int) -> bool:
    """Whether there may be urgent campaigns in it."""
    return Random(f"lanes {seed}").random() < _IN_LANES  # noqa: S311  it decides about a test


def _campaign(chance: Random) -> CampaignPlan:
    return CampaignPlan(
        members=chance.choice((0, 1, 2, 3, 4, 5, 6, 8, 10)),
        asked_at=chance.randrange(20 * SECOND),
        scheduled_in=chance.choice(
            (None, None, chance.randrange(2 * MINUTE), chance.randrange(12 * MINUTE))
        ),
        unknown_policy=chance.choice((UnknownPolicy.HOLD, UnknownPolicy.RESEND)),
    )
