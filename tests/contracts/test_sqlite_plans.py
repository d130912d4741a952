"""How SQLite finds what is asked for: by an index, however much there is."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sqlite.database import SqliteDatabase
from domain.campaign import CampaignState
from domain.contact import ContactDraft
from domain.identifiers import ContactId, JobId, SegmentId, SeriesId, SuppressionId, TemplateId
from domain.key_space import WHOLE_KEY_SPACE
from domain.path_line import LineRef
from domain.ports.jobs import JobKind
from domain.webhook_delivery import DeliveryState
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import Family
from tests.contracts.settable_clock import START
from tests.contracts.sqlite_family import sqlite_family
from tests.contracts.test_webhooks import WEBHOOK_ID, a_delivery

LOWER, UPPER = WHOLE_KEY_SPACE
CONTACT_IDS = [ContactId(f"con_{number}") for number in range(2)]
SEGMENT_ID = SegmentId("vip-customers")
TEMPLATE_ID = TemplateId("promo-template")
HOUR = timedelta(hours=1)

ASKED: dict[str, Callable[[Family], object]] = {
    "a page of contacts": lambda each: each.contacts.page(
        lower=LOWER, upper=UPPER, after=None, limit=9
    ),
    "a later page of contacts": lambda each: each.contacts.page(
        lower=LOWER, upper=UPPER, after="7f.con_1", limit=9
    ),
    "contacts by id": lambda each: each.contacts.get(CONTACT_IDS),
    "contacts by address": lambda each: each.contacts.find_all(["ann@example.com"]),
    "contacts put": lambda each: each.contacts.put([ContactDraft("ann@example.com", {})]),
    "an erasure": lambda each: each.contacts.begin_erasure(CONTACT_IDS[0], START),
    "the end of an erasure": lambda each: each.contacts.end_erasure(CONTACT_IDS[0]),
    "a page of members": lambda each: each.segments.members(
        SEGMENT_ID, lower=LOWER, upper=UPPER, after=None, limit=9
    ),
    "a later page of members": lambda each: each.segments.members(
        SEGMENT_ID, lower=LOWER, upper=UPPER, after="7f.con_1", limit=9
    ),
    "segments of a contact": lambda each: each.segments.memberships(CONTACT_IDS[0], [SEGMENT_ID]),
    "contacts in a segment": lambda each: each.segments.those_in(SEGMENT_ID, CONTACT_IDS),
    "a member taken out": lambda each: each.segments.remove_member(SEGMENT_ID, CONTACT_IDS[0]),
    "a page of segments": lambda each: each.segments.page(9, None),
    "a segment": lambda each: each.segments.get(SEGMENT_ID),
    "a page of templates": lambda each: each.templates.page(9, None),
    "a template": lambda each: each.templates.get(TEMPLATE_ID),
    "versions": lambda each: each.templates.versions(TEMPLATE_ID, None, 9),
    "older versions": lambda each: each.templates.versions(TEMPLATE_ID, 5, 9),
    "a version": lambda each: each.templates.version(TEMPLATE_ID, 1),
    "a content": lambda each: each.contents.get(CAMPAIGN_ID),
    "suppressions": lambda each: each.suppressions.find(["ann@example.com"]),
    "a suppression removed": lambda each: each.suppressions.remove(SuppressionId("0")),
    "a page of suppressions": lambda each: each.suppressions.page(9, None),
    "a permission": lambda each: each.chunks.permission(CAMPAIGN_ID, ["ann@example.com"]),
    "a page of campaigns": lambda each: each.campaigns.page(None, 9, None),
    "campaigns of a state": lambda each: each.campaigns.page(CampaignState.SENT, 9, None),
    "a page of jobs": lambda each: each.jobs.page(JobKind.IMPORT, 9, None),
    "a job": lambda each: each.jobs.get(JobId("imp_1")),
    "a page of series": lambda each: each.series.page(9, None),
    "a series": lambda each: each.series.get(SeriesId("ser_1")),
    "a delivery noted": lambda each: each.webhook_deliveries.add_if_absent(a_delivery()),
    "due deliveries": lambda each: each.webhook_deliveries.due(WEBHOOK_ID, START, 9),
    "a page of deliveries": lambda each: each.webhook_deliveries.page(
        WEBHOOK_ID, tuple(DeliveryState), 9, None
    ),
    "deliveries of an hour": lambda each: each.webhook_deliveries.page(
        WEBHOOK_ID, [DeliveryState.FAILED], 9, None, since=START, until=START + HOUR
    ),
    "a line": lambda each: each.analytics.get(LineRef(START.date(), CAMPAIGN_ID)),
    "lines of a day": lambda each: each.analytics.of_day(START.date()),
    "due campaigns": lambda each: each.open_work.due_campaigns(START, 9),
    "due jobs": lambda each: each.open_work.due_jobs(START, 9),
    "due series": lambda each: each.open_work.due_series(START, 9),
    "due lines": lambda each: each.open_work.due_lines(START, 9),
    "due campaigns and chunks": lambda each: each.open_work.due(START, 9),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_nothing_is_looked_through(tmp_path: Path, ask: Callable[[Family], object]) -> None:
    """No statement reads a whole table, or sorts all that it found before it gives the first."""
    path = tmp_path / "sentinel.db"
    family = sqlite_family(path)
    connection = sqlite3.connect(path)

    with executed_in(family) as statements:
        ask(family)

    assert statements
    for statement in statements:
        plan = [detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        looked_through = [each for each in plan if each.startswith(("SCAN", "USE TEMP B-TREE"))]
        # What was asked for is given as JSON, and looked through once.
        assert looked_through in ([], ["SCAN json_each VIRTUAL TABLE INDEX 1:"]), statement
    connection.close()


def test_a_late_page_costs_what_the_first_does(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, of which it gives an account at every hundredth."""
    family = sqlite_family(tmp_path / "sentinel.db")
    drafts = [ContactDraft(f"person{number}@example.com", {}) for number in range(3_000)]
    contacts = family.contacts.put(drafts)
    family.segments.add_members(SEGMENT_ID, [each.contact_id for each in contacts])

    for page in (
        family.contacts.page,
        lambda **bounds: family.segments.members(SEGMENT_ID, **bounds),
    ):
        steps: list[int] = []
        after = None
        while not steps or after is not None:
            with counted_in(family) as hundreds:
                after = page(lower=LOWER, upper=UPPER, after=after, limit=100).cursor
            steps.append(len(hundreds))
        assert len(steps) == 30
        assert max(steps) <= 2 * steps[0]


@contextmanager
def executed_in(family: Family) -> Iterator[list[str]]:
    """The statements that are executed meanwhile, with their values, but those of transactions."""
    executed: list[str] = []
    database = database_of(family)
    with database.reading() as connection:
        connection.set_trace_callback(executed.append)
    found: list[str] = []
    yield found
    with database.reading() as connection:
        connection.set_trace_callback(None)
    found += [each for each in executed if not each.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]


@contextmanager
def counted_in(family: Family) -> Iterator[list[None]]:
    """One entry for each hundred steps meanwhile."""
    database = database_of(family)
    hundreds: list[None] = []
    with database.reading() as connection:
        connection.set_progress_handler(lambda: hundreds.append(None), 100)
    yield hundreds
    with database.reading() as connection:
        connection.set_progress_handler(None, 0)


def database_of(family: Family) -> SqliteDatabase:
    """Whose connection of this thread is the one that is used."""
    database: SqliteDatabase = family.contacts._database  # type: ignore[attr-defined]
    return database
