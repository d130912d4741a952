"""The threads of a runner: what they look after from time to time."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from dependency_injector import providers
from pydantic import SecretStr

from domain.campaign import CampaignCategory
from domain.chunk import MAX_RECIPIENTS
from domain.contact import ContactDraft
from domain.fan_out import CHUNKS_A_STEP
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.job import KEPT
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from entrypoints.containers import memory
from entrypoints.containers.core import Core
from entrypoints.local import pumps
from entrypoints.local.pumps import Pumps
from entrypoints.settings import Settings
from tests.contracts.eventually import eventually
from tests.contracts.settable_clock import SettableClock

SOON = 0.01
STEP = MAX_RECIPIENTS * CHUNKS_A_STEP
PEOPLE = 2 * STEP + 200


@pytest.fixture
def clock() -> SettableClock:
    """What the container takes for the time."""
    return SettableClock()


@pytest.fixture
def container(clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    """In memory, with all its pumps running, those of every hour all the time."""
    monkeypatch.setattr(pumps, "_UPKEEP_SECONDS", SOON)
    settings = Settings(address_hash_key=SecretStr("k" * 32))
    family = memory.Adapters(settings=settings)
    family.clock.override(providers.Object(clock))
    built = Core(settings=settings, family=family)
    running = Pumps(built)
    running.start_all_else(reconcile_seconds=SOON)
    yield built
    running.drain(timedelta(seconds=30))


def test_files_go_though_nobody_writes_another(container: Core, clock: SettableClock) -> None:
    """Those of imports and exports, once they are too old for anybody to ask for."""
    store = container.family.stored_files()
    store.write("exports/exp_1/contacts.csv", b"email")

    clock.sleep(KEPT)

    eventually(lambda: not list(store.directory.iterdir()))


@pytest.fixture
def large(container: Core) -> CampaignRequest:
    """To more people than one step of a fan-out takes; a turn is one step."""
    segment_id, template_id = SegmentId("everybody"), TemplateId("news")
    container.create_template()("News", Content("Hello", "<p>Hello</p>", "Hello"), template_id)
    container.create_segment()("Everybody", segment_id)
    drafts = [ContactDraft(f"reader{number}@example.com", {}) for number in range(PEOPLE)]
    contacts = container.family.contacts().put(drafts)
    container.family.segments().add_members(segment_id, [each.contact_id for each in contacts])
    return CampaignRequest(
        name="News",
        template_id=template_id,
        segment_id=segment_id,
        category=CampaignCategory.TRANSACTIONAL,
    )


def fanned_out(container: Core, campaign_id: CampaignId) -> bool:
    """Whether everybody is in a chunk, and every chunk on the queue."""
    progress = container.family.fan_out().progress(campaign_id)
    return progress.recipients == PEOPLE and not any(each.has_work_left for each in progress.ranges)


def test_what_is_left_of_a_large_fan_out_keeps_no_start_waiting(
    container: Core,
    large: CampaignRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After its turn it goes over the start queue, for as many turns as it takes."""
    monkeypatch.setattr(pumps, "_START_TIME", timedelta())
    caplog.set_level(logging.INFO)
    running = Pumps(container)
    running.start_working()

    created = container.create_campaign()(large)

    eventually(lambda: fanned_out(container, created.campaign.campaign_id))
    running.drain(timedelta(seconds=30))
    started = Counter(each for each in caplog.messages if each.startswith("Start by "))
    assert started["Start by direct invoke"] == 1
    assert started["Start by start queue"] >= PEOPLE // STEP


def test_queued_starts_take_turns(
    container: Core,
    large: CampaignRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is behind a large one waits for a turn of it, and not until it is done."""
    monkeypatch.setattr(pumps, "_START_TIME", timedelta())
    caplog.set_level(logging.INFO)
    create = container.create_campaign()
    queued = [create(large).campaign.campaign_id for _ in range(3)]
    container.family.started().take_all()
    for campaign_id in queued:
        container.family.start_queue().put(campaign_id)
    running = Pumps(container)
    running.start_working()

    eventually(lambda: all(fanned_out(container, each) for each in queued))
    running.drain(timedelta(seconds=30))
    started = [
        record.campaign_id
        for record in caplog.records
        if record.message == "Start by start queue" and hasattr(record, "campaign_id")
    ]
    assert started[:6] == [*queued, *queued]
