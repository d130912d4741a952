"""A start or a schedule that cannot be arranged: told honestly, and made good later."""

from datetime import UTC, datetime, timedelta

import pytest
from dependency_injector import providers

from adapters.aws.invoker import LambdaInvoker
from adapters.aws.scheduler import EventBridgeScheduler
from adapters.aws.start_queue import SqsStartQueue
from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from tests.contracts.settable_clock import SettableClock
from tests.integration.deployed import Deployed, everyone

SIZE = 60
A_CHECK = timedelta(seconds=61)
"""After it the reconciler looks at a campaign again."""


@pytest.fixture
def clock(deployed: Deployed) -> SettableClock:
    """The clock that Sentinel runs by, beginning now."""
    deployed.add_people(SIZE)
    clock = SettableClock(datetime.now(UTC))
    deployed.family.clock.override(providers.Object(clock))
    return clock


def assert_sent_once(deployed: Deployed, campaign_id: CampaignId) -> None:
    """After whatever was started is run."""
    deployed.run_starts()
    deployed.run_workers()
    assert deployed.mails() == everyone(SIZE)
    assert deployed.counts_as_sent(campaign_id, SIZE)


def test_a_campaign_that_cannot_be_invoked_is_queued(deployed: Deployed) -> None:
    """It is triggered, says which way it went, and goes out, once."""
    deployed.add_people(SIZE)
    missing = deployed.function_arn("nobody-deployed-it")
    with deployed.family.invoker.override(
        providers.Object(LambdaInvoker(deployed.clients(), missing))
    ):
        answer = deployed.post({})

    assert (answer.status_code, answer.json()["triggered"]) == (202, True)
    assert answer.json()["start"] == "queued"
    assert_sent_once(deployed, CampaignId(answer.json()["campaign_id"]))


def test_a_campaign_whose_start_was_refused_starts_when_that_works(
    deployed: Deployed, clock: SettableClock
) -> None:
    """`triggered` is false and says why; without further doing it goes out, once."""
    invoker, start_queue = deployed.family.invoker, deployed.family.start_queue
    missing = deployed.function_arn("nobody-deployed-it")
    invoker.override(providers.Object(LambdaInvoker(deployed.clients(), missing)))
    nowhere = SqsStartQueue(deployed.clients(), f"{deployed.settings.start_queue_url}-gone")
    start_queue.override(providers.Object(nowhere))

    answer = deployed.post({})

    assert answer.status_code == 202
    assert answer.json()["triggered"] is False
    assert answer.json()["trigger_error"].startswith("SQS SendMessage: ")
    campaign_id = CampaignId(answer.json()["campaign_id"])
    assert deployed.campaign(campaign_id).state is CampaignState.SENDING

    clock.sleep(A_CHECK)
    deployed.container.reconcile()()
    assert deployed.campaign(campaign_id).started_at is None

    invoker.reset_override()
    start_queue.reset_override()
    clock.sleep(2 * A_CHECK)
    deployed.container.reconcile()()
    assert_sent_once(deployed, campaign_id)


def test_a_campaign_whose_schedule_was_refused_is_scheduled_when_that_works(
    deployed: Deployed, clock: SettableClock
) -> None:
    """`auto_scheduler` is false and says why; the schedule is made, and the campaign goes out."""
    scheduler = deployed.family.scheduler
    elsewhere = EventBridgeScheduler(
        deployed.clients(),
        group="nobody-made-it",
        target_arn=deployed.settings.start_campaign_lambda_arn,
        role_arn=deployed.settings.eventbridge_role_arn,
        dead_letter_arn=None,
        max_lateness=timedelta(hours=6),
    )
    scheduler.override(providers.Object(elsewhere))
    due = clock.now().replace(microsecond=0) + timedelta(hours=1)

    answer = deployed.post({"schedule_at": due.isoformat()})

    assert answer.status_code == 201
    assert answer.json()["auto_scheduler"] is False
    assert answer.json()["trigger_error"] == "Scheduler CreateSchedule: ResourceNotFoundException"
    campaign_id = CampaignId(answer.json()["campaign_id"])
    assert deployed.campaign(campaign_id).state is CampaignState.SCHEDULED
    assert deployed.schedules() == {}

    clock.sleep(A_CHECK)
    deployed.container.reconcile()()
    assert deployed.schedules() == {}

    scheduler.reset_override()
    for _ in range(3):
        clock.sleep(A_CHECK)
        deployed.container.reconcile()()
    assert deployed.schedules() == {campaign_id: f"at({due:%Y-%m-%dT%H:%M:%S})"}

    clock.sleep(due - clock.now())
    assert deployed.family.ticker().tick() == [campaign_id]
    assert deployed.schedules() == {}
    assert_sent_once(deployed, campaign_id)


def test_a_schedule_that_is_lost_is_made_good_by_the_reconciler(
    deployed: Deployed, clock: SettableClock
) -> None:
    """A campaign whose schedule never fires starts all the same once it is due."""
    due = clock.now().replace(microsecond=0) + timedelta(minutes=30)
    answer = deployed.post({"schedule_at": due.isoformat()})
    assert answer.json()["auto_scheduler"] is True
    campaign_id = CampaignId(answer.json()["campaign_id"])
    assert deployed.schedules() == {campaign_id: f"at({due:%Y-%m-%dT%H:%M:%S})"}
    deployed.family.scheduler().delete(campaign_id)

    clock.sleep(due - clock.now())
    deployed.container.reconcile()()

    assert_sent_once(deployed, campaign_id)
