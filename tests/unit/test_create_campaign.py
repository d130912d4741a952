"""Creating a campaign: validated, stored, and set going by one of two paths."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.campaign import CampaignState
from domain.errors import InvalidInput, UnknownReference
from domain.identifiers import SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.schedule import Schedule
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import (
    OvertakenCampaigns,
    RefusingInvoker,
    RefusingScheduler,
    RefusingStartQueue,
)
from tests.unit.sentinel import MINUTE, NOW, Sentinel, SettableClock, addresses

REQUEST = CampaignRequest(
    name="News", template_id=TemplateId("greeting"), segment_id=SegmentId("everyone")
)
IN_AN_HOUR = NOW + timedelta(hours=1)
LATER = replace(REQUEST, schedule_at=IN_AN_HOUR.isoformat())


@pytest.fixture
def stocked(sentinel: Sentinel) -> Sentinel:
    """A template that greets, and a segment of three."""
    sentinel.add_template()
    sentinel.add_segment([{"name": "Ann"}, {"name": "Bob"}, {"name": "Cid"}])
    return sentinel


@pytest.mark.parametrize("schedule_at", [None, NOW, NOW + MINUTE, NOW - timedelta(days=400)])
def test_now(
    stocked: Sentinel, schedule_at: datetime | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a time, at most a minute ahead, or past: it is sending and its start is invoked."""
    caplog.set_level(logging.INFO)
    text = None if schedule_at is None else schedule_at.isoformat()
    created = stocked.create_campaign(replace(REQUEST, schedule_at=text))
    assert created.trigger_error is None
    assert created.campaign.state is CampaignState.SENDING
    assert created.campaign.execution_path is ExecutionPath.IMMEDIATE
    assert stocked.scheduler.get(created.campaign.campaign_id) is None
    assert stocked.run_starts() == 1
    assert "⚡ Immediate execution" in caplog.text


def test_later(stocked: Sentinel, clock: SettableClock, caplog: pytest.LogCaptureFixture) -> None:
    """More than a minute ahead: it is scheduled, goes out at its time and not before."""
    caplog.set_level(logging.INFO)
    created = stocked.create_campaign(LATER)
    campaign_id = created.campaign.campaign_id
    assert created.trigger_error is None
    assert created.campaign.state is CampaignState.SCHEDULED
    assert created.campaign.execution_path is ExecutionPath.SCHEDULED
    assert created.campaign.schedule_at == IN_AN_HOUR
    assert stocked.scheduler.get(campaign_id) == Schedule(campaign_id, 1, IN_AN_HOUR)
    assert "📅 Scheduled execution" in caplog.text
    stocked.pass_time(timedelta(minutes=59))
    assert stocked.mailed() == []
    clock.sleep(MINUTE)
    stocked.scheduler.tick()
    stocked.run()
    assert sorted(stocked.mailed()) == addresses(3)
    assert stocked.state(campaign_id) is CampaignState.SENT
    assert "EventBridge" in caplog.text


@pytest.mark.parametrize("request_", [REQUEST, LATER])
def test_the_answer_is_what_is_stored(stocked: Sentinel, request_: CampaignRequest) -> None:
    """What create answers is the campaign that a read right after it answers."""
    created = stocked.create_campaign(request_)
    assert stocked.campaign(created.campaign.campaign_id) == created.campaign


def test_a_local_time(stocked: Sentinel) -> None:
    """A time may be given in the people's own zone."""
    created = stocked.create_campaign(
        replace(REQUEST, schedule_at="2026-10-25T02:30:00", timezone="Europe/Berlin", fold=1)
    )
    assert created.campaign.schedule_at.isoformat() == "2026-10-25T01:30:00+00:00"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (replace(REQUEST, name=""), "name"),
        (replace(REQUEST, name=" \n"), "name"),
        (replace(REQUEST, name="n" * 201), "name"),
        (replace(REQUEST, schedule_at="tomorrow"), "schedule_at"),
        (replace(REQUEST, schedule_at="2026-03-02T12:00:00"), "schedule_at"),
        (replace(REQUEST, schedule_at="2027-03-04T09:00:00Z"), "schedule_at"),
        (replace(LATER, timezone="Europe/Berlin"), "timezone"),
        (replace(LATER, fold=1), "fold"),
    ],
)
def test_an_invalid_request(stocked: Sentinel, request_: CampaignRequest, field: str) -> None:
    """What is wrong is refused by its field; nothing is created, nothing will run."""
    with pytest.raises(InvalidInput) as refusal:
        stocked.create_campaign(request_)
    assert refusal.value.field == field
    assert_nothing_was_created(stocked)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (replace(REQUEST, template_id=TemplateId("nosuch")), "template_id"),
        (replace(REQUEST, segment_id=SegmentId("nosuch")), "segment_id"),
        (replace(LATER, segment_id=SegmentId("nosuch")), "segment_id"),
    ],
)
def test_an_unknown_reference(stocked: Sentinel, request_: CampaignRequest, field: str) -> None:
    """An unknown template or segment is refused by its field; nothing is created."""
    with pytest.raises(UnknownReference) as refusal:
        stocked.create_campaign(request_)
    assert refusal.value.field == field
    assert "nosuch" in refusal.value.detail
    assert_nothing_was_created(stocked)


@pytest.mark.parametrize("html", ["{{ nickname }}", "{% include 'nosuch' %}", "{% if %}"])
def test_a_template_that_people_of_the_segment_cannot_get(stocked: Sentinel, html: str) -> None:
    """A template that does not render for a contact of the segment is refused before it is sent."""
    template_id = stocked.add_template(Content("News", html, "News"), "broken")
    with pytest.raises(InvalidInput) as refusal:
        stocked.create_campaign(replace(REQUEST, template_id=template_id))
    assert refusal.value.field == "template_id"
    assert "example.com" not in str(refusal.value)
    assert_nothing_was_created(stocked)


def test_a_name_is_stripped(stocked: Sentinel) -> None:
    """Space around a name is not part of it; two hundred characters are the most."""
    created = stocked.create_campaign(replace(REQUEST, name="  " + "n" * 200 + "\n"))
    assert created.campaign.name == "n" * 200


def test_a_start_that_goes_neither_way(stocked: Sentinel) -> None:
    """A campaign whose start could not be arranged stands, says so, and goes out all the same."""
    able, stocked.invoker = stocked.invoker, RefusingInvoker()
    queue, stocked.start_queue = stocked.start_queue, RefusingStartQueue(stocked.clock)
    created = stocked.create_campaign(REQUEST)
    assert created.trigger_error
    assert created.start is None
    assert stocked.campaign(created.campaign.campaign_id) == created.campaign
    stocked.pass_time(2 * MINUTE)
    assert stocked.mailed() == []
    stocked.invoker, stocked.start_queue = able, queue
    stocked.pass_time(5 * MINUTE)
    assert sorted(stocked.mailed()) == addresses(3)
    assert stocked.state(created.campaign.campaign_id) is CampaignState.SENT


def test_a_schedule_that_is_refused(stocked: Sentinel) -> None:
    """A campaign whose schedule could not be made stands, says so, and goes out at its time."""
    able = stocked.scheduler
    stocked.scheduler = RefusingScheduler(stocked.clock, stocked.invoker)
    created = stocked.create_campaign(LATER)
    assert created.trigger_error
    assert created.campaign.state is CampaignState.SCHEDULED
    stocked.pass_time(2 * MINUTE)
    stocked.scheduler = able
    stocked.pass_time(2 * MINUTE)
    schedule = stocked.scheduler.get(created.campaign.campaign_id)
    assert schedule is not None
    assert schedule.at == IN_AN_HOUR
    assert stocked.mailed() == []
    stocked.pass_time(timedelta(hours=1))
    assert sorted(stocked.mailed()) == addresses(3)


def test_a_schedule_never_made_does_not_lose_the_campaign(stocked: Sentinel) -> None:
    """Even where no schedule can ever be made, the campaign goes out at its time."""
    stocked.scheduler = RefusingScheduler(stocked.clock, stocked.invoker)
    stocked.create_campaign(LATER)
    stocked.pass_time(timedelta(minutes=59))
    assert stocked.mailed() == []
    stocked.pass_time(2 * MINUTE)
    assert sorted(stocked.mailed()) == addresses(3)


def test_overtaken_after_its_schedule_was_made(stocked: Sentinel) -> None:
    """A campaign that somebody changed while its schedule was made is created all the same."""
    stocked.campaigns = OvertakenCampaigns(stocked.database, times=1)
    created = stocked.create_campaign(LATER)
    assert created.trigger_error is None
    assert created.campaign.state is CampaignState.SCHEDULED
    stocked.pass_time(timedelta(minutes=61))
    assert sorted(stocked.mailed()) == addresses(3)


def assert_nothing_was_created(sentinel: Sentinel) -> None:
    """No campaign, no start, no schedule; not later either."""
    assert sentinel.campaigns.page(None, 10, None).campaigns == ()
    sentinel.pass_time(5 * MINUTE)
    assert sentinel.scheduler.tick() == []
    assert sentinel.run_starts() == 0
    assert sentinel.mailed() == []
