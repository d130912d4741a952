"""Webhooks from the change of a campaign's state to the receiver, on a clock that a test moves."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from standardwebhooks import Webhook, WebhookVerificationError

from domain.campaign import PauseReason
from domain.errors import DependencyUnavailable, IllegalTransition, NotFound
from domain.identifiers import (
    CampaignId,
    ContactId,
    SegmentId,
    TemplateId,
    WebhookEventId,
    WebhookId,
)
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.use_cases.edit_webhook import EditWebhook, RotateWebhookSecret, WebhookEdit
from domain.use_cases.replay_webhooks import REPLAYED_AT_ONCE
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import RETRIES, DeliveryState, WebhookDelivery
from domain.webhook_event import CAMPAIGN_EVENTS, RECIPIENT_EVENTS, WebhookEvent
from domain.webhook_request import Answered, NotAnswered, WebhookAnswer, WebhookRequest
from tests.unit.sentinel import MINUTE, NOW, WEBHOOK_SECRETS, Sentinel

URL = "https://hooks.example.com/sentinel"
DAY = timedelta(days=1)
DOWN = Answered(503)


def listening(sentinel: Sentinel, *events: WebhookEvent, url: str = URL) -> WebhookEndpoint:
    """An endpoint that asks for these; for all of campaigns without any."""
    return sentinel.create_webhook(url=url, events=events or CAMPAIGN_EVENTS)


def told(sentinel: Sentinel, url: str = URL) -> list[dict[str, Any]]:
    """What the receiver was sent, in that order, repetitions included."""
    return [json.loads(each.body) for each in sentinel.webhook_sender.sent if each.url == url]


def types(sentinel: Sentinel, url: str = URL) -> list[str]:
    """The types alone."""
    return [each["type"] for each in told(sentinel, url)]


def deliveries(
    sentinel: Sentinel, endpoint: WebhookEndpoint, *states: DeliveryState
) -> Sequence[WebhookDelivery]:
    """Newest first."""
    page = sentinel.webhook_deliveries.page(
        endpoint.webhook_id, states or tuple(DeliveryState), 1_000, None
    )
    return page.deliveries


def stored(sentinel: Sentinel, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """As it is now."""
    found = sentinel.webhooks.get(endpoint.webhook_id)
    assert found is not None
    return found


def pass_minutes(sentinel: Sentinel, duration: timedelta, step: timedelta = MINUTE) -> None:
    """With what sentinel-webhooks does on its way."""
    end = sentinel.clock.now() + duration
    while sentinel.clock.now() < end:
        sentinel.clock.sleep(step)
        sentinel.tell()


def test_a_campaign_tells_its_way() -> None:
    """Each change is told once, numbered, with its time; at the end with the counts."""
    sentinel = Sentinel()
    listening(sentinel)
    campaign_id = sentinel.create(3, NOW + timedelta(hours=1))
    sentinel.tell()
    sentinel.pause(campaign_id)
    sentinel.resume_campaign(campaign_id)
    sentinel.tell()
    sentinel.pass_time(timedelta(hours=1, minutes=1))
    sentinel.tell()
    sentinel.tell()

    events = told(sentinel)
    assert [each["type"] for each in sorted(events, key=lambda each: each["data"]["number"])] == [
        "campaign.scheduled",
        "campaign.paused",
        "campaign.resumed",
        "campaign.started",
        "campaign.sent",
    ]
    assert len(events) == 5
    first = events[0]
    assert first == {
        "type": "campaign.scheduled",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "data": {
            "campaign_id": campaign_id,
            "name": "News",
            "number": 1,
            "state": "scheduled",
            "reason": None,
            "schedule_at": "2026-03-02T10:00:00.000Z",
        },
    }
    (sent,) = [each for each in events if each["type"] == "campaign.sent"]
    assert sent["data"]["counts"] == {
        "recipients": 3,
        "sent": 3,
        "failed": 0,
        "unknown": 0,
        "suppressed": 0,
        "skipped": 0,
    }


def test_a_pause_and_a_failure_say_why() -> None:
    """In words that a program can tell apart, and in people's."""
    sentinel = Sentinel()
    listening(sentinel)
    paused = sentinel.create_started(1)
    sentinel.campaigns.save(sentinel.campaign(paused).pause(NOW, PauseReason.QUOTA))
    failed = sentinel.create_of(TemplateId("greeting"), SegmentId("everyone"))
    sentinel.database.templates.clear()
    sentinel.run_starts()

    sentinel.tell()

    reasons = {
        (each["type"], each["data"]["campaign_id"]): each["data"]["reason"]
        for each in told(sentinel)
    }
    assert reasons["campaign.paused", paused] == "quota"
    assert reasons["campaign.failed", failed] == "template gone"


def test_each_endpoint_is_told_what_it_asks_for() -> None:
    """And no other; two that ask for the same are told of one event by one id."""
    sentinel = Sentinel()
    listening(sentinel, WebhookEvent.CAMPAIGN_STARTED, url=f"{URL}/a")
    listening(sentinel, WebhookEvent.CAMPAIGN_STARTED, WebhookEvent.CAMPAIGN_SENT, url=f"{URL}/b")
    listening(sentinel, WebhookEvent.RECIPIENT_BOUNCED, url=f"{URL}/c")
    sentinel.create_started(1)
    sentinel.run()

    sentinel.tell()

    assert types(sentinel, f"{URL}/a") == ["campaign.started"]
    assert sorted(types(sentinel, f"{URL}/b")) == ["campaign.sent", "campaign.started"]
    assert types(sentinel, f"{URL}/c") == []
    ids = {each.headers["webhook-id"] for each in sentinel.webhook_sender.sent}
    assert len(ids) == 2


def test_without_endpoints_nothing_is_left_behind() -> None:
    """A change that nobody asks for is looked at once."""
    sentinel = Sentinel()
    sentinel.create_started(1)
    sentinel.run()

    assert sentinel.announce_changes() == 2
    assert sentinel.announce_changes() == 0
    assert sentinel.database.webhook_deliveries == {}


@freeze_time(NOW)
def test_a_receiver_verifies_it_by_the_standards_own_library() -> None:
    """With the secret that it was given; a body or an id that differs by a letter is refused."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.create_started(1)
    sentinel.tell()
    (request,) = sentinel.webhook_sender.sent
    secret = WEBHOOK_SECRETS.text(endpoint.webhook_id, 1)
    headers = dict(request.headers)

    assert secret.startswith("whsec_")
    assert Webhook(secret).verify(request.body, headers) == json.loads(request.body)
    for body, changed in (
        (request.body + b" ", headers),
        (request.body, {**headers, "webhook-id": "evt_other"}),
        (request.body, {**headers, "webhook-timestamp": str(int(NOW.timestamp()) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)


def test_after_a_rotation_both_secrets_are_good_for_a_day() -> None:
    """Then the old one is of no use; and no two endpoints have one."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    other = listening(sentinel, url=f"{URL}/other")
    rotate = RotateWebhookSecret(webhooks=sentinel.webhooks, clock=sentinel.clock)
    sentinel.clock.sleep(MINUTE)
    assert rotate(endpoint.webhook_id).secret_version == 2
    old, new = (WEBHOOK_SECRETS.text(endpoint.webhook_id, version) for version in (1, 2))
    assert len({old, new, WEBHOOK_SECRETS.text(other.webhook_id, 1)}) == 3

    def verified(secret: str) -> bool:
        request = [each for each in sentinel.webhook_sender.sent if each.url == URL][-1]
        with freeze_time(sentinel.clock.now()):
            try:
                Webhook(secret).verify(request.body, dict(request.headers))
            except WebhookVerificationError:
                return False
            return True

    sentinel.create_started(1)
    sentinel.tell()
    assert verified(old)
    assert verified(new)

    sentinel.clock.sleep(DAY)
    sentinel.create_of(
        sentinel.add_template(name="t2"), sentinel.add_segment([{"name": "Ada"}], name="s2")
    )
    sentinel.tell()
    assert not verified(old)
    assert verified(new)


def test_a_rotation_that_is_tried_again_rotates_once() -> None:
    """The second answer has the secret of the first."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    rotate = RotateWebhookSecret(webhooks=sentinel.webhooks, clock=sentinel.clock)
    rotate(endpoint.webhook_id)

    again = rotate(endpoint.webhook_id, tried_at=NOW)

    assert again.secret_version == 2


def test_a_receiver_that_is_down_for_a_day_gets_everything() -> None:
    """Each event under one id, however often it was tried; the times are those of the events."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.webhook_sender.answer = lambda _request: DOWN
    template_id, segment_id = sentinel.add_template(), sentinel.add_segment([{"name": "Ada"}])
    for _ in range(4):
        campaign_id = sentinel.create_of(template_id, segment_id, sentinel.clock.now() + DAY)
        sentinel.campaigns.save(sentinel.campaign(campaign_id).cancel(sentinel.clock.now()))
        pass_minutes(sentinel, timedelta(hours=6), timedelta(minutes=10))
    assert stored(sentinel, endpoint).failing_since == NOW + timedelta(minutes=10)
    tried = len(sentinel.webhook_sender.sent)
    assert deliveries(sentinel, endpoint, DeliveryState.DELIVERED) == ()
    sentinel.webhook_sender.answer = lambda _request: Answered(200)

    pass_minutes(sentinel, DAY, timedelta(minutes=10))

    assert stored(sentinel, endpoint).failing_since is None
    assert len(deliveries(sentinel, endpoint, DeliveryState.DELIVERED)) == 8
    got = sentinel.webhook_sender.sent[tried:]
    assert Counter(each.headers["webhook-id"] for each in got).total() == 8
    assert len({each.headers["webhook-id"] for each in got}) == 8
    # Not more than the schedule asks of somebody who is down.
    assert tried <= 8 * 8


def test_retries_are_spread_over_three_days_and_then_it_is_visible() -> None:
    """Failed, with a line in the log, a metric, and why; the endpoint is disabled with it."""
    sentinel = Sentinel()
    endpoint = listening(sentinel, WebhookEvent.CAMPAIGN_STARTED)
    sentinel.webhook_sender.answer = lambda _request: NotAnswered("No answer within 15 s.")
    sentinel.create_started(1)
    at: list[datetime] = []
    for _ in range(4 * 24 * 6):
        before = len(sentinel.webhook_sender.sent)
        sentinel.tell()
        at += [sentinel.clock.now()] * (len(sentinel.webhook_sender.sent) - before)
        sentinel.clock.sleep(timedelta(minutes=10))

    assert len(at) == len(RETRIES) + 1
    assert timedelta(days=3) <= at[-1] - at[0] <= timedelta(days=3, hours=6)
    (failed,) = deliveries(sentinel, endpoint, DeliveryState.FAILED)
    assert failed.error == "No answer within 15 s."
    (report,) = sentinel.metrics.of("webhook_failed")
    assert report.values == {"webhook_id": endpoint.webhook_id}
    reason = stored(sentinel, endpoint).disabled_reason
    assert (
        reason == "Nothing was delivered since 2026-03-02T09:00:00Z; last: No answer within 15 s."
    )


@pytest.mark.parametrize(("fraction", "seconds"), [(0.0, 4.0), (0.5, 5.0), (0.999, 6.0)])
def test_a_wait_is_spread(fraction: float, seconds: float) -> None:
    """A fifth to either side: who failed together does not come back together."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.create_started(1)
    sentinel.announce_changes()
    (delivery,) = deliveries(sentinel, endpoint)

    tried = delivery.retry(NOW, status=500, error="", fraction=fraction)

    assert tried.next_attempt_at is not None
    assert (tried.next_attempt_at - NOW).total_seconds() == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(timedelta(minutes=10), timedelta(minutes=10)), (DAY, timedelta(hours=1))],
)
def test_a_receiver_may_ask_for_time(asked: timedelta, waits: timedelta) -> None:
    """By Retry-After, for an hour at the most."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.webhook_sender.answer = lambda _request: Answered(429, asked)
    sentinel.create_started(1)

    sentinel.tell()

    (delivery,) = deliveries(sentinel, endpoint)
    assert delivery.next_attempt_at == NOW + waits


def test_an_endpoint_that_is_gone_is_disabled_at_once() -> None:
    """410 says so itself; what comes later is kept, and not sent."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.webhook_sender.answer = lambda _request: Answered(410)
    campaign_id = sentinel.create_started(1)
    sentinel.tell()
    assert "410" in (stored(sentinel, endpoint).disabled_reason or "")
    sentinel.clock.sleep(MINUTE)
    sentinel.cancel(campaign_id)

    pass_minutes(sentinel, timedelta(hours=1))

    assert len(sentinel.webhook_sender.sent) == 1
    errors = [each.error for each in deliveries(sentinel, endpoint, DeliveryState.FAILED)]
    assert errors == ["The webhook was disabled.", "It answered 410."]


def enabled(sentinel: Sentinel, endpoint: WebhookEndpoint, *, value: bool) -> None:
    """By a person."""
    edit = EditWebhook(webhooks=sentinel.webhooks, allow_private=False)
    edit(endpoint.webhook_id, WebhookEdit(enabled=value))


def test_what_waits_for_an_endpoint_that_is_disabled_is_kept_and_replayed() -> None:
    """Turned on again it is told nothing by itself; a person has the time replayed."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.webhook_sender.answer = lambda _request: DOWN
    campaign_id = sentinel.create_started(1)
    sentinel.tell()
    enabled(sentinel, endpoint, value=False)
    sentinel.clock.sleep(MINUTE)
    sentinel.cancel(campaign_id)
    pass_minutes(sentinel, timedelta(hours=1))
    assert len(deliveries(sentinel, endpoint, DeliveryState.FAILED)) == 2
    with pytest.raises(IllegalTransition):
        sentinel.replay_webhooks.since(endpoint.webhook_id, NOW)

    sentinel.webhook_sender.answer = lambda _request: Answered(200)
    enabled(sentinel, endpoint, value=True)
    sentinel.tell()
    assert len(sentinel.webhook_sender.sent) == 1
    replayed = sentinel.replay_webhooks.since(endpoint.webhook_id, NOW)
    sentinel.tell()

    assert (replayed.count, replayed.cursor) == (2, None)
    assert len(deliveries(sentinel, endpoint, DeliveryState.DELIVERED)) == 2
    assert sorted(types(sentinel)[1:]) == ["campaign.cancelled", "campaign.started"]


def test_a_replay_has_the_same_id_and_body() -> None:
    """A receiver that has it knows it again; only the time of the attempt is another."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.create_started(1)
    sentinel.tell()
    (delivery,) = deliveries(sentinel, endpoint)
    sentinel.clock.sleep(DAY)

    again = sentinel.replay_webhooks.one(endpoint.webhook_id, delivery.ref.event_id)
    assert again.state is DeliveryState.PENDING
    assert sentinel.replay_webhooks.one(endpoint.webhook_id, delivery.ref.event_id) == again
    sentinel.tell()

    first, second = sentinel.webhook_sender.sent
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_a_replay_is_of_a_time_and_goes_on_by_its_cursor() -> None:
    """Each once, though the first ones are on their way by then."""
    sentinel = Sentinel()
    endpoint = listening(sentinel, WebhookEvent.CAMPAIGN_SCHEDULED)
    template_id, segment_id = sentinel.add_template(), sentinel.add_segment([{"name": "Ada"}])
    count = REPLAYED_AT_ONCE + 5
    for _ in range(count):
        sentinel.create_of(template_id, segment_id, NOW + DAY)
    sentinel.tell()
    assert len(sentinel.webhook_sender.sent) == count
    replay = sentinel.replay_webhooks.since

    assert replay(endpoint.webhook_id, NOW + MINUTE).count == 0
    assert replay(endpoint.webhook_id, NOW - MINUTE, NOW).count == 0
    first = replay(endpoint.webhook_id, NOW)
    rest = replay(endpoint.webhook_id, NOW, cursor=first.cursor)

    assert (first.count, rest.count, rest.cursor) == (REPLAYED_AT_ONCE, 5, None)
    sentinel.tell()
    assert set(Counter(each.headers["webhook-id"] for each in sentinel.webhook_sender.sent)) == {
        each.ref.event_id for each in deliveries(sentinel, endpoint)
    }
    assert len(sentinel.webhook_sender.sent) == 2 * count


def test_what_is_not_there_cannot_be_replayed() -> None:
    """Neither a delivery nor an endpoint."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)

    with pytest.raises(NotFound):
        sentinel.replay_webhooks.one(endpoint.webhook_id, WebhookEventId("evt_none"))
    with pytest.raises(NotFound):
        sentinel.replay_webhooks.since(WebhookId("whk_none"), NOW)


def test_one_that_is_down_keeps_no_other_waiting() -> None:
    """It is tried once a run; the other gets all that there is for it."""
    sentinel = Sentinel()
    listening(sentinel, url=f"{URL}/down")
    listening(sentinel, url=f"{URL}/up")
    sentinel.webhook_sender.answer = lambda request: (
        DOWN if request.url.endswith("down") else Answered(200)
    )
    template_id, segment_id = sentinel.add_template(), sentinel.add_segment([{"name": "Ada"}])
    for _ in range(35):
        sentinel.create_of(template_id, segment_id, NOW + DAY)

    sentinel.tell()
    assert len(types(sentinel, f"{URL}/up")) == 35
    assert len(types(sentinel, f"{URL}/down")) == 10
    sentinel.clock.sleep(MINUTE)
    sentinel.tell()

    # It has been failing: one is enough to see whether it still does.
    assert len(types(sentinel, f"{URL}/down")) == 11


def test_out_of_time_nothing_more_is_begun() -> None:
    """The rest is there for the next minute."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.create_started(1)

    assert sentinel.announce_changes(timedelta()) == 0
    sentinel.announce_changes()
    assert sentinel.deliver_webhooks(timedelta()) == 0

    assert len(deliveries(sentinel, endpoint, DeliveryState.PENDING)) == 1


# Outcomes of recipients --------------------------------------------------------------------------


def bounced(
    sentinel: Sentinel, position: int = 0, kind: ProviderEventKind = ProviderEventKind.HARD_BOUNCE
) -> ContactId:
    """SES tells of it; returns whose mail it was."""
    (chunk,) = sentinel.stored_chunks()
    sentinel.provider_events.tell(
        ProviderEvent(
            kind=kind,
            chunk=chunk.ref,
            position=position,
            message_id="m-1",
            at=sentinel.clock.now(),
        )
    )
    return chunk.recipients[position].contact_id


def test_outcomes_are_told_where_they_are_asked_for() -> None:
    """By contact, never by address; told twice by SES they are one event."""
    sentinel = Sentinel()
    listening(sentinel, *RECIPIENT_EVENTS)
    listening(sentinel, url=f"{URL}/campaigns")
    campaign_id = sentinel.create_started(2)
    sentinel.run()
    first = bounced(sentinel)
    bounced(sentinel)
    second = bounced(sentinel, 1, ProviderEventKind.COMPLAINT)
    bounced(sentinel, 1, ProviderEventKind.SOFT_BOUNCE)
    sentinel.run_events()
    bounced(sentinel)
    sentinel.run_events()

    sentinel.tell()

    found = [(each["type"], each["data"]) for each in told(sentinel)]
    assert sorted(found, key=lambda each: each[0]) == [
        ("recipient.bounced", {"campaign_id": campaign_id, "contact_id": first}),
        ("recipient.complained", {"campaign_id": campaign_id, "contact_id": second}),
    ]
    assert not any(b"@" in each.body for each in sentinel.webhook_sender.sent)
    assert all(each.startswith("campaign.") for each in types(sentinel, f"{URL}/campaigns"))


def test_what_was_flagged_before_there_was_a_webhook_is_not_told() -> None:
    """SES tells it again, beside something new: only that is told."""
    sentinel = Sentinel()
    sentinel.create_started(2)
    sentinel.run()
    bounced(sentinel)
    sentinel.run_events()
    listening(sentinel, *RECIPIENT_EVENTS)
    bounced(sentinel)
    bounced(sentinel, 1, ProviderEventKind.COMPLAINT)

    sentinel.run_events()
    sentinel.tell()

    assert types(sentinel) == ["recipient.complained"]


def test_where_nobody_asks_endpoints_are_not_even_read_for_other_events() -> None:
    """Deliveries cost what they cost before."""
    sentinel = Sentinel()
    sentinel.create_started(1)
    sentinel.run()
    sentinel.webhooks = Calls(0, after=False).watch(sentinel.webhooks)
    bounced(sentinel, 0, ProviderEventKind.DELIVERY)

    sentinel.run_events()

    assert sentinel.tally(sentinel.stored_chunks()[0].ref.campaign_id).delivered == 1


# Killed anywhere ---------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone."""


class Calls:
    """Counts the calls of the ports it watches; the process dies at one, before or after it."""

    def __init__(self, dies_at: int | None, *, after: bool) -> None:
        self.count = 0
        self._dies_at = dies_at
        self._after = after

    def watch(self, port: Any) -> Any:  # noqa: ANN401  any port
        """The same port, watched."""
        return _Watched(port, self)

    def called(self, call: Callable[[], object]) -> object:
        """Carry it out, or not."""
        number, self.count = self.count, self.count + 1
        if number == self._dies_at and not self._after:
            raise Killed
        result = call()
        if number == self._dies_at:
            raise Killed
        return result


class _Watched:
    def __init__(self, port: object, calls: Calls) -> None:
        self._port = port
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._port, name)
        return lambda *args, **named: self._calls.called(lambda: method(*args, **named))


_PORTS = (
    "campaigns",
    "campaign_changes",
    "chunks",
    "fan_out",
    "suppressions",
    "webhooks",
    "webhook_deliveries",
    "webhook_sender",
)


def _whole_story(sentinel: Sentinel, calls: Calls) -> CampaignId:
    """A campaign, a bounce, and everything told, by a process that may die; then by another."""
    listening(sentinel, *CAMPAIGN_EVENTS, *RECIPIENT_EVENTS)
    listening(sentinel, *CAMPAIGN_EVENTS, *RECIPIENT_EVENTS, url=f"{URL}/second")
    campaign_id = sentinel.create(1, NOW + MINUTE * 2)
    whole = {name: getattr(sentinel, name) for name in _PORTS}
    answers = iter([DOWN])
    sentinel.webhook_sender.answer = lambda _request: next(answers, Answered(200))

    def steps() -> None:
        sentinel.tell()
        sentinel.pass_time(MINUTE * 3)
        bounced(sentinel)
        sentinel.run_events()
        sentinel.tell()

    for name, port in whole.items():
        setattr(sentinel, name, calls.watch(port))
    with suppress(Killed):
        steps()
    for name, port in whole.items():
        setattr(sentinel, name, port)
    # Another process: what was on the queue comes again once its lease is over.
    sentinel.pass_time(MINUTE * 20)
    bounced(sentinel)
    sentinel.run_events()
    pass_minutes(sentinel, MINUTE * 10)
    return campaign_id


def _calls_of_the_story() -> int:
    calls = Calls(None, after=False)
    _whole_story(Sentinel(), calls)
    return calls.count


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_every_change_is_told_under_one_id(*, after: bool) -> None:
    """To each endpoint, all of it; and two ids never stand for one change."""
    total = _calls_of_the_story()
    assert total > 50
    for dies_at in range(total):
        sentinel = Sentinel()
        calls = Calls(dies_at, after=after)
        campaign_id = _whole_story(sentinel, calls)

        history = sentinel.campaign(campaign_id).history
        assert [each.kind for each in history] == ["scheduled", "started", "sent"], dies_at
        for url in (URL, f"{URL}/second"):
            ids = {
                (body["type"], body["data"].get("number")): set[str]()
                for body in told(sentinel, url)
            }
            for request in sentinel.webhook_sender.sent:
                if request.url == url:
                    body = json.loads(request.body)
                    key = (body["type"], body["data"].get("number"))
                    ids[key].add(request.headers["webhook-id"])
            assert set(ids) == {
                ("campaign.scheduled", 1),
                ("campaign.started", 2),
                ("campaign.sent", 3),
                ("recipient.bounced", None),
            }, (dies_at, url)
            assert all(len(each) == 1 for each in ids.values()), dies_at
        pending = [
            each
            for each in sentinel.database.webhook_deliveries.values()
            if each.state is not DeliveryState.DELIVERED
        ]
        assert pending == [], dies_at


def test_a_change_that_cannot_be_announced_keeps_no_other() -> None:
    """A fault leaves it for the next minute."""
    sentinel = Sentinel()
    listening(sentinel)
    template_id, segment_id = sentinel.add_template(), sentinel.add_segment([{"name": "Ada"}])
    stuck = sentinel.create_of(template_id, segment_id, NOW + DAY)
    sentinel.create_of(template_id, segment_id, NOW + DAY)
    real = sentinel.campaigns.get

    def faulty(campaign_id: CampaignId) -> object:
        if campaign_id == stuck:
            raise DependencyUnavailable("no answer")
        return real(campaign_id)

    sentinel.campaigns.get = faulty  # type: ignore[method-assign,assignment]  # for a moment
    sentinel.tell()
    assert len(types(sentinel)) == 1
    sentinel.campaigns.get = real  # type: ignore[method-assign]  # as it was
    sentinel.tell()

    assert len(types(sentinel)) == 2


def test_a_deleted_endpoint_is_told_nothing_more() -> None:
    """What waited for it is not sent."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.create_started(1)
    sentinel.announce_changes()
    sentinel.webhooks.remove(endpoint.webhook_id)

    sentinel.tell()

    assert sentinel.webhook_sender.sent == []


def test_a_replay_during_an_attempt_stands() -> None:
    """What was written first counts: the attempt that ends later changes nothing."""
    sentinel = Sentinel()
    endpoint = listening(sentinel)
    sentinel.create_started(1)
    sentinel.announce_changes()
    (delivery,) = deliveries(sentinel, endpoint)

    def meanwhile(_request: WebhookRequest) -> WebhookAnswer:
        sentinel.webhook_sender.answer = lambda _again: Answered(200)
        found = sentinel.webhook_deliveries.get(delivery.ref)
        assert found is not None
        sentinel.webhook_deliveries.save(found.replay(NOW))
        return DOWN

    sentinel.webhook_sender.answer = meanwhile
    sentinel.tell()
    sentinel.clock.sleep(MINUTE)
    sentinel.tell()

    assert [each.state for each in deliveries(sentinel, endpoint)] == [DeliveryState.DELIVERED]
