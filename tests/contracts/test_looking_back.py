"""The reconciler writes lines of analytics over every family, at a cost that is counted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.aws.clients import AwsClients
from adapters.memory.metrics import MemoryMetrics
from adapters.minijinja.renderer import MinijinjaRenderer
from benchmarks.aws_calls import CallLog
from benchmarks.capacity import Units, indexes_of, units_of
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk
from domain.delivery_policy import DeliveryPolicy
from domain.footer import Footer
from domain.identifiers import AttemptToken
from domain.outcome import Accepted
from domain.path_line import LOOKS, PathLine, line_of
from domain.path_policy import DEFAULT_HORIZON
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.use_cases.create_campaign import CreateCampaign
from domain.use_cases.dispatch_start import DispatchStart
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.make_occurrences import MakeOccurrences
from domain.use_cases.reconcile import Reconcile
from domain.use_cases.resume_campaign import ResumeCampaign
from domain.use_cases.write_path_line import WritePathLine
from tests.contracts.aws_family import Deployment, aws_family, close
from tests.contracts.examples import (
    CAMPAIGN_ID,
    a_campaign,
    a_chunk,
    claimed,
    stored_campaign,
    stored_chunks,
)
from tests.contracts.family import Family
from tests.contracts.settable_clock import START, SettableClock

MINUTE = timedelta(minutes=1)


def reconcile_of(family: Family, clock: SettableClock) -> Reconcile:
    """Over its ports."""
    policy = DeliveryPolicy()
    dispatch = dispatch_of(family, clock)
    return Reconcile(
        campaigns=family.campaigns,
        chunks=family.chunks,
        fan_out=family.fan_out,
        jobs=family.jobs,
        open_work=family.open_work,
        scheduler=family.scheduler,
        start_queue=dispatch.start_queue,
        job_invoker=family.job_invoker,
        queue=family.make_queue(visibility_timeout=MINUTE, max_receives=3).queue,
        clock=clock,
        metrics=MemoryMetrics(),
        policy=policy,
        account=family.sending_account,
        finish=FinishCampaign(campaigns=family.campaigns, fan_out=family.fan_out, clock=clock),
        resume=ResumeCampaign(
            campaigns=family.campaigns,
            fan_out=family.fan_out,
            dispatch=dispatch,
            scheduler=family.scheduler,
            clock=clock,
            policy=policy,
        ),
        make=making_of(family, clock),
        write_line=WritePathLine(
            analytics=family.analytics,
            campaigns=family.campaigns,
            fan_out=family.fan_out,
            clock=clock,
        ),
    )


def dispatch_of(family: Family, clock: SettableClock) -> DispatchStart:
    """Over its ports."""
    return DispatchStart(
        admission=family.admission,
        invoker=family.invoker,
        start_queue=family.make_start_queue(visibility_timeout=MINUTE, max_receives=3).queue,
        clock=clock,
        metrics=MemoryMetrics(),
    )


def making_of(family: Family, clock: SettableClock) -> MakeOccurrences:
    """Of series, of which there are none."""
    create = CreateCampaign(
        campaigns=family.campaigns,
        templates=family.templates,
        segments=family.segments,
        contacts=family.contacts,
        renderer=MinijinjaRenderer(),
        dispatch=dispatch_of(family, clock),
        scheduler=family.scheduler,
        clock=clock,
        ids=family.ids,
        metrics=MemoryMetrics(),
        policy=DeliveryPolicy(),
        horizon=DEFAULT_HORIZON,
        fan_out_ranges=1,
        footer=Footer(public_url="", postal_address=""),
    )
    return MakeOccurrences(
        series=family.series, create=create, clock=clock, metrics=MemoryMetrics()
    )


def sent_chunks(family: Family, count: int) -> list[Chunk]:
    """Of a campaign that has started and is not called sent: so many of two, all accepted."""
    stored_campaign(family, replace(a_campaign().start(START, START), next_check_at=None))
    chunks = [a_chunk(number) for number in range(count)]
    fan_out_range = None
    for first in range(0, count, 10):
        fan_out_range = stored_chunks(family, chunks[first : first + 10], fan_out_range)
    assert fan_out_range is not None
    done = replace(fan_out_range, is_complete=True, enqueued_through=count)
    family.fan_out.save(done.release())
    attempt = AttemptToken("attempt-1")
    sent = []
    for chunk in chunks:
        taken = claimed(chunk)
        recorded = taken.record(attempt, {0: Accepted("m-0"), 1: Accepted("m-1")})
        sent.append(family.chunks.save(recorded.since(taken, START), chunk))
    return sent


def complain(family: Family, chunk: Chunk) -> None:
    """A reader, after the end."""
    event = ProviderEvent(
        kind=ProviderEventKind.COMPLAINT,
        chunk=chunk.ref,
        position=0,
        message_id="m-0",
        at=START,
    )
    family.chunks.save(chunk.note([event]), chunk)


def ended(family: Family) -> Campaign:
    """The campaign."""
    campaign = family.campaigns.get(CAMPAIGN_ID)
    assert campaign is not None
    assert campaign.state is CampaignState.SENT
    return campaign


def line_by_the_ledger(family: Family) -> tuple[PathLine | None, PathLine]:
    """As stored; and as it is to be, but for its age and its version."""
    campaign = ended(family)
    ref = line_of(campaign)
    assert ref is not None
    line = family.analytics.get(ref)
    fresh = PathLine.of(campaign, family.fan_out.progress(CAMPAIGN_ID), START)
    if line is None:
        return None, fresh
    return line, replace(fresh, as_of=line.as_of, version=line.version)


def test_the_line_says_what_the_ledger_says(family: Family) -> None:
    """After the end, and at each look after something was told late; then nobody looks."""
    chunks = sent_chunks(family, 4)
    clock = SettableClock()
    reconcile = reconcile_of(family, clock)
    reconcile.finish(CAMPAIGN_ID)
    for late, duration in enumerate((MINUTE, *LOOKS)):
        clock.sleep(duration)
        reconcile()
        line, expected = line_by_the_ledger(family)
        assert line == expected
        assert (expected.tally.sent, expected.tally.complained) == (8, late)
        complain(family, chunks[late])

    assert ended(family).next_check_at is None
    clock.sleep(timedelta(days=1_000))
    assert reconcile() == 0


@pytest.fixture
def counted(deployment: Deployment) -> Iterator[tuple[Family, CallLog, AwsClients]]:
    """The aws family, whose every call is counted, with clients of its own."""
    clients = AwsClients(deployment.emulator.region, deployment.emulator.endpoint_url)
    log = CallLog()
    log.listen(clients, "all")
    yield aws_family(deployment, clients), log, clients
    close(clients)


@pytest.mark.parametrize("chunks", [1, 40])
def test_analytics_cost_the_same_whatever_the_size(
    counted: tuple[Family, CallLog, AwsClients], chunks: int
) -> None:
    """14 write units after the end of a campaign of two as of one of eighty, and few reads."""
    family, log, clients = counted
    sent_chunks(family, chunks)
    clock = SettableClock()
    reconcile = reconcile_of(family, clock)
    reconcile.finish(CAMPAIGN_ID)
    table = log.calls[0].request["TransactItems"][0]["Put"]["TableName"]
    indexes = indexes_of(clients, table)
    written = [call for call in log.calls if call.operation != "DescribeTable"]
    for duration in (MINUTE, *LOOKS):
        clock.sleep(duration)
        reconcile()

    after = log.calls[len(written) + 1 :]
    spent = sum(units_of([*written, *after], indexes)[len(written) :], Units())
    passes = [call for call in after if "IndexName" in call.request]

    # Four lines and the campaign; the campaign's entries, the line's first, two moves, its last.
    assert (spent.table_writes, spent.index_writes) == (4 + 1, 3 + 1 + 2 * 2 + 1)
    # At each look line, campaign, ranges with tally, and a write; the campaign itself twice.
    assert len(after) - len(passes) == 4 * 4 + 2
    assert spent.reads - len(passes) / 2 <= 20
