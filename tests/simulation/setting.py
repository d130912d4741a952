"""The small instance that a seed stands for: who, how many, how fast, how unlucky."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from domain.campaign import UnknownPolicy
from domain.delivery_policy import DeliveryPolicy
from tests.simulation.local_times import SCENES, LocalPlan, plan_of
from tests.simulation.ports import EPOCH, MILLISECOND, MINUTE, SECOND, microseconds

_IN_WAVES = 0.2
"""So many of the seeds have a campaign in local time."""
_APPROVED = 0.2
"""In so many of them somebody has to approve the campaigns."""


@dataclass(frozen=True, kw_only=True)
class CampaignPlan:
    """One campaign: how many members its segment has, when it is asked for, and for when."""

    members: int
    asked_at: int
    scheduled_in: int | None
    unknown_policy: UnknownPolicy
    local: LocalPlan | None = None
    needs_approval: bool = False


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
    epoch: datetime = EPOCH
    """When it begins."""
    max_chunks_a_step: int = 49

    @classmethod
    def of(cls, seed: int) -> "Setting":
        """The one that `seed` stands for: some in local time, some to be approved."""
        setting = cls._at_one_time(seed)
        chance = Random(f"local {seed}")  # noqa: S311  it decides about a test
        if chance.random() < _IN_WAVES:
            setting = setting._in_waves(seed, chance)
        return setting._to_be_approved() if is_to_be_approved(seed) else setting

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
            rate=chance.choice((1, 1, 2, 2, 3, 5)),
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

    def _to_be_approved(self) -> "Setting":
        """All campaigns are."""
        plans = (replace(plan, needs_approval=True) for plan in self.campaigns)
        return replace(self, campaigns=tuple(plans))

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


def is_to_be_approved(seed: int) -> bool:
    """Whether somebody has to approve its campaigns."""
    return Random(f"approval {seed}").random() < _APPROVED  # noqa: S311  it decides about a test


def _campaign(chance: Random) -> CampaignPlan:
    return CampaignPlan(
        members=chance.choice((0, 1, 2, 3, 4, 5, 6, 8, 10)),
        asked_at=chance.randrange(20 * SECOND),
        scheduled_in=chance.choice(
            (None, None, chance.randrange(2 * MINUTE), chance.randrange(12 * MINUTE))
        ),
        unknown_policy=chance.choice((UnknownPolicy.HOLD, UnknownPolicy.RESEND)),
    )
