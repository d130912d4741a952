"""Campaigns listed by filters: each that fits once; a page costs the same among however many."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.aws.campaigns import DynamoDBCampaignRepository
from adapters.aws.delivery_records import campaign_to_item
from adapters.aws.table import Table
from domain.campaign import Campaign, CampaignCategory, CampaignState
from domain.campaign_filter import CampaignFilter
from domain.errors import InvalidInput
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.path_policy import ExecutionPath
from domain.use_cases.list_campaigns import MAX_LOOKED_AT, ListCampaigns
from tests.contracts.aws_family import Deployment, aws_family
from tests.contracts.examples import a_campaign, stored_campaign
from tests.contracts.family import Family

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RARE = SegmentId("rare")


def ulid_time(moment: datetime) -> str:
    """The first ten digits of a ULID, by another way than the filter's."""
    milliseconds = int(moment.timestamp() * 1000)
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(digits[milliseconds >> 5 * place & 31] for place in reversed(range(10)))


def an_hourly(number: int) -> Campaign:
    """The one of that hour; every third scheduled, every seventh of another segment."""
    campaign_id = CampaignId(f"cmp_{ulid_time(FIRST + number * HOUR)}{number:016d}")
    return replace(
        a_campaign(campaign_id),
        state=CampaignState.SENT if number % 2 else CampaignState.SENDING,
        execution_path=ExecutionPath.IMMEDIATE if number % 3 else ExecutionPath.SCHEDULED,
        segment_id=SegmentId("some" if number % 7 else "seventh"),
        template_id=TemplateId("even" if number % 2 == 0 else "odd"),
        category=CampaignCategory.TRANSACTIONAL if number % 5 == 0 else CampaignCategory.MARKETING,
        created_at=FIRST + number * HOUR,
    )


def all_pages(family: Family, wanted: CampaignFilter, limit: int) -> Iterator[Sequence[Campaign]]:
    """To the end."""
    listing = ListCampaigns(campaigns=family.campaigns)
    page = listing(wanted, limit, None)
    yield page.campaigns
    while page.cursor is not None:
        page = listing(wanted, limit, page.cursor)
        yield page.campaigns


@pytest.mark.parametrize("limit", [1, 4, 100])
def test_every_campaign_that_fits_is_listed_once(family: Family, limit: int) -> None:
    """By each filter, and by some together; newest first, and no page is longer than asked for."""
    campaigns = [an_hourly(number) for number in range(60)]
    for each in campaigns:
        stored_campaign(family, each)
    filters: dict[CampaignFilter, Callable[[Campaign], bool]] = {
        CampaignFilter(): lambda _: True,
        CampaignFilter(created_after=FIRST + 10 * HOUR): (
            lambda each: each.created_at >= FIRST + 10 * HOUR
        ),
        CampaignFilter(created_before=FIRST + 10 * HOUR): (
            lambda each: each.created_at < FIRST + 10 * HOUR
        ),
        CampaignFilter(
            state=CampaignState.SENT,
            created_after=FIRST + 9 * HOUR,
            created_before=FIRST + 30 * HOUR,
        ): lambda each: (
            each.state is CampaignState.SENT
            and FIRST + 9 * HOUR <= each.created_at < FIRST + 30 * HOUR
        ),
        CampaignFilter(segment_id=SegmentId("seventh")): (
            lambda each: each.segment_id == "seventh"
        ),
        CampaignFilter(template_id=TemplateId("odd"), category=CampaignCategory.TRANSACTIONAL): (
            lambda each: (
                each.template_id == "odd" and each.category is CampaignCategory.TRANSACTIONAL
            )
        ),
        CampaignFilter(
            execution_path=ExecutionPath.SCHEDULED, created_after=FIRST + 20 * HOUR
        ): lambda each: (
            each.execution_path is ExecutionPath.SCHEDULED and each.created_at >= FIRST + 20 * HOUR
        ),
    }
    for wanted, fits in filters.items():
        pages = list(all_pages(family, wanted, limit))
        expected = [each for each in reversed(campaigns) if fits(each)]
        assert [each for page in pages for each in page] == expected
        assert max(map(len, pages)) <= limit


def test_times_reach_to_the_millisecond(family: Family) -> None:
    """From the first on, before the second: of neighbouring windows each campaign is in one."""
    stored_campaign(family, an_hourly(5))
    at = FIRST + 5 * HOUR
    tick = timedelta(milliseconds=1)
    listing = ListCampaigns(campaigns=family.campaigns)

    def found(after: datetime, before: datetime) -> int:
        wanted = CampaignFilter(created_after=after, created_before=before)
        return len(listing(wanted, 10, None).campaigns)

    assert [found(at - tick, at), found(at, at + tick), found(at + tick, at + 2 * tick)] == [
        0,
        1,
        0,
    ]
    with pytest.raises(InvalidInput, match="created_before"):
        found(at, at)


def test_a_cursor_of_other_times_is_refused(family: Family) -> None:
    """It names a campaign that the list does not have."""
    for number in range(4):
        stored_campaign(family, an_hourly(number))
    listing = ListCampaigns(campaigns=family.campaigns)
    cursor = listing(CampaignFilter(), 1, None).cursor

    with pytest.raises(InvalidInput, match="cursor"):
        listing(CampaignFilter(created_before=FIRST + HOUR), 1, cursor)


SELECTIONS = {
    "newest": CampaignFilter(),
    "state": CampaignFilter(state=CampaignState.SENT),
    "created_after, created_before": CampaignFilter(
        created_after=FIRST + 10 * HOUR, created_before=FIRST + 60 * HOUR
    ),
    "template_id": CampaignFilter(template_id=TemplateId("odd")),
    "segment_id, of which there is none": CampaignFilter(segment_id=RARE),
}


def cost(table: Table, wanted: CampaignFilter) -> tuple[int, int]:
    """Requests for a page of 50, and records read by them."""
    requests: list[Mapping[str, int]] = []
    events = table._clients.dynamodb.meta.events

    def keep(parsed: Mapping[str, int], **_: object) -> None:
        requests.append(parsed)

    events.register("after-call.dynamodb.Query", keep)
    try:
        ListCampaigns(campaigns=DynamoDBCampaignRepository(table))(wanted, 50, None)
    finally:
        events.unregister("after-call.dynamodb.Query", keep)
    return len(requests), sum(each["ScannedCount"] for each in requests)


def fill(table: Table, numbers: range) -> None:
    """Campaigns as they are stored, without what else is made with them."""
    table.batch_put([campaign_to_item(an_hourly(number)) for number in numbers])


@pytest.mark.parametrize("size", [1_000, pytest.param(10_000, marks=pytest.mark.prove)])
def test_a_page_costs_the_same_among_a_hundred_and_among_thousands(
    deployment: Deployment, size: int
) -> None:
    """So many requests, so many records read, for every filter; none beyond what is promised."""
    campaigns = aws_family(deployment).campaigns
    assert isinstance(campaigns, DynamoDBCampaignRepository)
    table = campaigns._table
    fill(table, range(size - 300, size))
    few = {name: cost(table, wanted) for name, wanted in SELECTIONS.items()}
    fill(table, range(size - 300))
    many = {name: cost(table, wanted) for name, wanted in SELECTIONS.items()}

    for name, (requests, records) in many.items():
        print(f"{name}: {requests} requests, {records} records among {size}")  # noqa: T201
        assert requests <= 4
        assert records <= MAX_LOOKED_AT + 4
    del few["created_after, created_before"]  # there were none of that time
    assert few == {name: many[name] for name in few}
