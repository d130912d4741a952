"""What analytics say of a world in which everything has settled, once all looks are over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from domain.path_line import LOOKS, PathLine, line_of
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.reconcile import Reconcile
from domain.use_cases.resume_campaign import ResumeCampaign
from domain.use_cases.write_path_line import WritePathLine
from tests.contracts.settable_clock import SettableClock
from tests.simulation.ports import microseconds
from tests.simulation.witness import Violation
from tests.simulation.world import World

_MINUTE = timedelta(minutes=1)


def broken(world: World) -> Iterator[Violation]:
    """Invariant 8: a line for every campaign that ended, and it says what the ledger says.

    Only the reconciler has looked since, by a clock that is right, and nothing failed any more.
    """
    clock = SettableClock(world.clock.now() + timedelta(microseconds=world.setting.skew))
    reconcile = _reconcile(world, clock)
    for duration in (_MINUTE, *LOOKS, _MINUTE):
        clock.sleep(duration)
        reconcile()
    named = set()
    for campaign in world.database.campaigns.values():
        ref = line_of(campaign)
        if ref is None:
            continue
        named.add(ref)
        line = world.database.lines.get(ref)
        if not campaign.is_final:
            continue
        if line is None:
            yield Violation(8, f"{campaign.state}, without a line", campaign.campaign_id)
            continue
        progress = world.family.fan_out.progress(campaign.campaign_id)
        expected = replace(PathLine.of(campaign, progress, line.as_of), version=line.version)
        if line != expected:
            yield Violation(
                8, f"the line is {line}, the ledger says {expected}", campaign.campaign_id
            )
        if campaign.next_check_at is not None or line.next_look_at is not None:
            held = progress.tally.unknown
            age = clock.now() - (campaign.ended_at or clock.now())
            yield Violation(
                8,
                f"looked at for ever: {held} unknown, {microseconds(age)} µs old",
                campaign.campaign_id,
            )
    for ref in world.database.lines.keys() - named:
        yield Violation(8, "a line that is no campaign's", ref.campaign_id)


def _reconcile(world: World, clock: SettableClock) -> Reconcile:
    """Over the world's own records, without its faults."""
    policy = world.setting.policy
    return Reconcile(
        campaigns=world.family.campaigns,
        chunks=world.family.chunks,
        fan_out=world.family.fan_out,
        jobs=world.family.jobs,
        open_work=world.family.open_work,
        scheduler=world.family.scheduler,
        start_queue=world.family.start_queue,
        job_invoker=world.family.job_invoker,
        queue=world.family.queue,
        clock=clock,
        metrics=world.metrics,
        policy=policy,
        account=world.account,
        finish=FinishCampaign(
            campaigns=world.family.campaigns, fan_out=world.family.fan_out, clock=clock
        ),
        resume=ResumeCampaign(
            campaigns=world.family.campaigns,
            fan_out=world.family.fan_out,
            dispatch=world.dispatching(clock),
            scheduler=world.family.scheduler,
            clock=clock,
            policy=policy,
        ),
        make=world.making(clock),
        write_line=WritePathLine(
            analytics=world.family.analytics,
            campaigns=world.family.campaigns,
            fan_out=world.family.fan_out,
            clock=clock,
        ),
    )
