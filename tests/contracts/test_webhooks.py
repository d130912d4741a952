"""The contracts of `domain.ports.webhooks` and `domain.ports.webhook_deliveries`."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.errors import AlreadyExists, InvalidInput, VersionConflict
from domain.identifiers import WebhookEventId, WebhookId
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery, new_delivery
from domain.webhook_event import CAMPAIGN_EVENTS, WebhookEvent, event_id_of, occurrence_of
from tests.contracts.examples import LATER, MADE_UP_CURSORS
from tests.contracts.family import Family
from tests.contracts.settable_clock import START

MINUTE = timedelta(minutes=1)
EVERY_STATE = tuple(DeliveryState)


def an_endpoint(number: int = 0) -> WebhookEndpoint:
    """As it is created."""
    return WebhookEndpoint(
        webhook_id=WebhookId(f"whk_{number:026d}"),
        url="https://hooks.example.com/sentinel?key=1",
        events=CAMPAIGN_EVENTS,
        created_at=START,
        description="Ours",
    )


WEBHOOK_ID = an_endpoint().webhook_id


def a_delivery(
    number: int = 0, at: datetime = START, webhook_id: WebhookId = WEBHOOK_ID
) -> WebhookDelivery:
    """Due at once."""
    told = occurrence_of(event_id_of("event", number), WebhookEvent.CAMPAIGN_SENT, at, {"a": "ü"})
    return new_delivery(webhook_id, told, at)


def listed(family: Family, *states: DeliveryState, limit: int = 2) -> list[WebhookEventId]:
    """Read page by page."""
    found: list[WebhookEventId] = []
    cursor = None
    while True:
        page = family.webhook_deliveries.page(WEBHOOK_ID, states or EVERY_STATE, limit, cursor)
        assert len(page.deliveries) <= limit
        found += [each.ref.event_id for each in page.deliveries]
        cursor = page.cursor
        if cursor is None:
            return found


def test_an_endpoint_is_read_as_it_was_written(family: Family) -> None:
    """With everything that is known of it."""
    endpoint = replace(
        an_endpoint(),
        disabled_reason="Gone",
        failing_since=LATER,
        secret_version=3,
        rotated_at=LATER,
        revision=4,
    )
    family.webhooks.add(an_endpoint(1))
    family.webhooks.add(endpoint)

    assert family.webhooks.get(endpoint.webhook_id) == endpoint
    assert list(family.webhooks.all()) == [endpoint, an_endpoint(1)]
    assert family.webhooks.get(WebhookId("whk_none")) is None


def test_an_endpoint_is_added_once(family: Family) -> None:
    """The first one stays."""
    family.webhooks.add(an_endpoint())

    with pytest.raises(AlreadyExists):
        family.webhooks.add(replace(an_endpoint(), url="https://other.example.com/"))

    assert family.webhooks.get(WEBHOOK_ID) == an_endpoint()


def test_an_endpoint_is_written_by_version(family: Family) -> None:
    """Who read an older one writes nothing; nor does anybody once it is removed."""
    family.webhooks.add(an_endpoint())
    saved = family.webhooks.save(an_endpoint().disable("Gone"))
    assert saved == replace(an_endpoint(), disabled_reason="Gone", version=1)

    with pytest.raises(VersionConflict):
        family.webhooks.save(an_endpoint())

    assert family.webhooks.get(WEBHOOK_ID) == saved
    assert family.webhooks.remove(WEBHOOK_ID)
    assert not family.webhooks.remove(WEBHOOK_ID)
    with pytest.raises(VersionConflict):
        family.webhooks.save(saved)
    assert list(family.webhooks.all()) == []


def test_a_delivery_is_there_once(family: Family) -> None:
    """Written again it stays as it is, whatever became of it meanwhile."""
    family.webhook_deliveries.add_if_absent(a_delivery())
    tried = a_delivery().retry(
        LATER, status=500, error="It answered 500.", fraction=0.5, retry_after=None
    )
    saved = family.webhook_deliveries.save(tried)

    family.webhook_deliveries.add_if_absent(a_delivery())

    assert saved == replace(tried, version=1)
    assert family.webhook_deliveries.get(a_delivery().ref) == saved
    assert family.webhook_deliveries.get(DeliveryRef(WEBHOOK_ID, event_id_of("other"))) is None


def test_a_delivery_is_written_by_version(family: Family) -> None:
    """Of two who tried it the first one counts."""
    family.webhook_deliveries.add_if_absent(a_delivery())
    saved = family.webhook_deliveries.save(a_delivery().deliver(LATER, 204))

    with pytest.raises(VersionConflict):
        family.webhook_deliveries.save(a_delivery().give_up("No."))

    assert family.webhook_deliveries.get(a_delivery().ref) == saved


def test_deliveries_are_due_at_their_time(family: Family) -> None:
    """Of one endpoint, the longest due first, up to the limit; what has ended is not."""
    for number in (2, 0, 1):
        family.webhook_deliveries.add_if_absent(a_delivery(number, START + number * MINUTE))
    family.webhook_deliveries.add_if_absent(a_delivery(7, START, WebhookId("whk_other")))
    family.webhook_deliveries.add_if_absent(a_delivery(8))
    family.webhook_deliveries.save(a_delivery(8).deliver(START, 200))
    ids = [event_id_of("event", number) for number in range(3)]

    due = family.webhook_deliveries.due
    assert list(due(WEBHOOK_ID, START - MINUTE, 10)) == []
    assert list(due(WEBHOOK_ID, START, 10)) == ids[:1]
    assert list(due(WEBHOOK_ID, LATER, 2)) == ids[:2]
    assert list(due(WEBHOOK_ID, LATER, 10)) == ids


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_list_has_each_delivery_once_newest_first(family: Family, limit: int) -> None:
    """In whatever states they are; or those in one alone."""
    for number in range(6):
        family.webhook_deliveries.add_if_absent(a_delivery(number, START + number * MINUTE))
    for number in (1, 4):
        delivery = a_delivery(number, START + number * MINUTE)
        family.webhook_deliveries.save(delivery.give_up("No."))
    delivered = a_delivery(2, START + 2 * MINUTE).deliver(LATER, 200)
    family.webhook_deliveries.save(delivered)
    family.webhook_deliveries.add_if_absent(a_delivery(7, START, WebhookId("whk_other")))
    ids = [event_id_of("event", number) for number in range(6)]

    assert listed(family, limit=limit) == ids[::-1]
    assert listed(family, DeliveryState.FAILED, limit=limit) == [ids[4], ids[1]]
    assert listed(family, DeliveryState.DELIVERED, limit=limit) == [ids[2]]


def test_a_time_is_from_since_before_until(family: Family) -> None:
    """By when the event occurred."""
    for number in range(4):
        family.webhook_deliveries.add_if_absent(a_delivery(number, START + number * MINUTE))

    page = family.webhook_deliveries.page(
        WEBHOOK_ID, EVERY_STATE, 1, None, since=START + MINUTE, until=START + 3 * MINUTE
    )
    rest = family.webhook_deliveries.page(
        WEBHOOK_ID, EVERY_STATE, 1, page.cursor, since=START + MINUTE, until=START + 3 * MINUTE
    )

    found = [each.ref.event_id for each in (*page.deliveries, *rest.deliveries)]
    assert found == [event_id_of("event", 2), event_id_of("event", 1)]
    assert rest.cursor is None
    nothing = family.webhook_deliveries.page(WEBHOOK_ID, EVERY_STATE, 9, None, since=LATER)
    assert nothing.deliveries == ()


@pytest.mark.parametrize("cursor", MADE_UP_CURSORS)
def test_a_made_up_cursor_is_refused(family: Family, cursor: str) -> None:
    """InvalidInput names `cursor`, whatever the nonsense is."""
    family.webhook_deliveries.add_if_absent(a_delivery())

    with pytest.raises(InvalidInput) as refusal:
        family.webhook_deliveries.page(WEBHOOK_ID, EVERY_STATE, 10, cursor)

    assert refusal.value.field == "cursor"
