"""The deployment of template.yaml, with permissions enforced: from HTTP to mails by both paths."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from domain.fan_out import MAX_RANGES
from domain.identifiers import CampaignId
from tests.contracts.races import race
from tests.integration.deployed import EVERYONE, everyone
from tests.integration.fanning_out import members_of
from tests.integration.on_lambda import FUNCTIONS, NAME, Line, OnLambda
from tests.integration.waiting import PATIENCE, wait_for

PEOPLE = 120
CHUNKS = 3
MANY_PEOPLE = 1_100
"""Of whom a step of a start takes 500."""
LEAD = timedelta(seconds=90)
"""Of a scheduled campaign. What is due within a minute is immediate: a POST has half a minute."""


class Campaigns:
    """An immediate campaign and one that is due in over a minute, posted at the same time."""

    def __init__(self, sentinel: OnLambda) -> None:
        """Over HTTP, to everyone."""
        self.sentinel = sentinel
        sentinel.add_people(PEOPLE)
        # Refused, but the function is loaded, which takes long on a busy machine.
        sentinel.post({"schedule_at": "soon"})
        soon = datetime.now(UTC) + LEAD
        self.scheduled = sentinel.post({"schedule_at": soon.isoformat()})
        self.schedules = sentinel.schedules()
        self.immediate = sentinel.post({})


@pytest.fixture(scope="module")
def campaigns(on_lambda: OnLambda) -> Campaigns:
    """Both are under way."""
    return Campaigns(on_lambda)


def test_an_immediate_campaign_reaches_everybody(campaigns: Campaigns) -> None:
    """A POST to the HTTP API, and everyone has a mail."""
    sentinel = campaigns.sentinel
    assert campaigns.immediate.status_code == 202
    assert campaigns.immediate.json()["triggered"] is True

    campaign = sentinel.sent(campaigns.immediate.json()["campaign_id"])

    assert campaign["counts"]["sent"] == campaign["counts"]["recipients"] == PEOPLE
    # On a slow machine the other may have begun.
    assert everyone(PEOPLE) <= sentinel.mails() <= everyone(PEOPLE, times=2)


def test_a_scheduled_campaign_has_a_schedule_of_its_own(campaigns: Campaigns) -> None:
    """In Sentinel's group, until it fires."""
    assert campaigns.scheduled.status_code == 201
    assert campaigns.scheduled.json()["auto_scheduler"] is True
    assert campaigns.schedules == {campaigns.scheduled.json()["campaign_id"]}


def test_the_first_log_filters_find_their_lines(campaigns: Campaigns) -> None:
    """Those of the two paths, by their signs."""
    sentinel = campaigns.sentinel
    for answer, pattern in (
        (campaigns.immediate, "⚡ Immediate execution"),
        (campaigns.scheduled, "📅 Scheduled execution"),
    ):
        lines = sentinel.logged(
            partial(sentinel.matching, "create-campaign", pattern), what=pattern
        )
        found = [json.loads(line) for line in lines]
        assert [line["campaign_id"] for line in found] == [answer.json()["campaign_id"]]


def test_its_metrics_are_in_the_logs(campaigns: Campaigns) -> None:
    """In CloudWatch's embedded format, by path: how it was created, started and sent."""
    sentinel = campaigns.sentinel
    campaign_id = campaigns.immediate.json()["campaign_id"]
    sentinel.sent(campaign_id)

    def look() -> Mapping[str, Sequence[float]] | None:
        # Each function's lines are handed out when the emulator comes to it.
        found = sentinel.metrics(campaign_id)
        accepted = sum(found.get("MailsAccepted, immediate", ()))
        once = {f"{each}, immediate" for each in ("CampaignsCreated", "StartLatency", "Lateness")}
        waits = len(found.get("LimiterWait, immediate", ()))
        is_whole = accepted >= PEOPLE and waits >= CHUNKS and once <= found.keys()
        return found if is_whole else None

    found = sentinel.logged(look, what="every mail is counted")

    assert {name.rpartition(", ")[2] for name in found} == {"immediate"}
    assert found["CampaignsCreated, immediate"] == [1]
    ((latency,), (lateness,)) = found["StartLatency, immediate"], found["Lateness, immediate"]
    assert 0 <= latency <= PATIENCE * 1_000
    assert 0 <= lateness <= PATIENCE * 1_000
    assert sum(found["MailsAccepted, immediate"]) == PEOPLE
    assert "MailsUnknown, immediate" not in found


def test_a_wrong_request_is_a_problem_document(campaigns: Campaigns) -> None:
    """Through API Gateway as through the local server."""
    answer = campaigns.sentinel.post({"schedule_at": "tomorrow"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/schedule_at"


def test_nobody_is_let_in_without_a_key(campaigns: Campaigns) -> None:
    """Nor with one for something else; who watches needs none."""
    sentinel = campaigns.sentinel
    for key, status in (("none", 401), (sentinel.template_reader, 403)):
        with sentinel.http(key) as client:
            answers = [client.get("/v1/campaigns"), client.post("/v1/campaigns", json={})]
            assert [answer.status_code for answer in answers] == [status, status]
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 200


def test_a_campaign_is_paused_resumed_and_cancelled(campaigns: Campaigns) -> None:
    """Its schedule goes, comes back and goes again; what the state does not allow is refused."""
    sentinel = campaigns.sentinel
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    campaign_id = sentinel.post({"schedule_at": tomorrow.isoformat()}).json()["campaign_id"]
    with sentinel.http() as client:

        def change(what: str) -> httpx.Response:
            return client.post(f"/v1/campaigns/{campaign_id}/{what}")

        assert change("resume").status_code == 409
        assert change("pause").json()["pause_reason"] == "operator"
        assert campaign_id not in sentinel.schedules()
        resumed = change("resume")
        assert (resumed.status_code, resumed.json()["auto_scheduler"]) == (202, True)
        assert campaign_id in sentinel.schedules()
        assert change("cancel").json()["state"] == "cancelled"
        assert campaign_id not in sentinel.schedules()
        assert change("resume").status_code == 409
        assert change("explode").status_code == 404


def test_what_is_posted_again_under_its_key_is_done_once(campaigns: Campaigns) -> None:
    """By both functions behind the API; of those that come at once, one has its effect."""
    sentinel = campaigns.sentinel
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    campaign = {"name": "Once", "template_id": "greeting", "segment_id": EVERYONE}
    segment = {"name": "Some"}

    def post(path: str, body: Mapping[str, object]) -> httpx.Response:
        with sentinel.http() as client:
            return client.post(path, json=body, headers={"Idempotency-Key": "once"})

    for path, body in (
        ("/v1/campaigns", {**campaign, "schedule_at": tomorrow}),
        ("/v1/segments", segment),
    ):
        rivals = race(partial(post, path), [body] * 3)
        again = post(path, body)
        assert again.headers["Idempotency-Replayed"] == "true", path
        for rival in rivals:
            assert isinstance(rival, httpx.Response)
            assert (rival.status_code, rival.text) == (201, again.text) or (
                rival.status_code == 409 and int(rival.headers["Retry-After"]) > 0
            )
        assert post(path, {**body, "name": "Twice"}).status_code == 422
        with sentinel.http() as client:
            items = client.get(path).json()["items"]
        assert [item["name"] for item in items].count(str(body["name"])) == 1
    campaign_id = post("/v1/campaigns", {**campaign, "schedule_at": tomorrow}).json()["campaign_id"]
    assert post(f"/v1/campaigns/{campaign_id}/cancel", {}).json()["state"] == "cancelled"
    assert post(f"/v1/campaigns/{campaign_id}/cancel", {}).json()["state"] == "cancelled"


def test_a_start_that_fails_for_good_ends_as_a_dead_letter(campaigns: Campaigns) -> None:
    """After Lambda's own retries, with what it was invoked with."""
    sentinel = campaigns.sentinel
    sentinel.clients.lambda_.invoke(
        FunctionName=f"{NAME}-start-campaign", InvocationType="Event", Payload=b'{"schema": 1}'
    )

    wait_for(
        lambda: sentinel.waiting("start-dead-letters") or None,
        what="the invocation is a dead letter",
    )


def test_the_scheduled_campaign_starts_by_itself(campaigns: Campaigns) -> None:
    """At its time, by EventBridge; then its schedule is gone."""
    sentinel = campaigns.sentinel
    campaign_id = campaigns.scheduled.json()["campaign_id"]

    campaign = sentinel.sent(campaign_id)

    assert campaign["counts"]["sent"] == PEOPLE
    assert campaign["started_at"] >= campaign["schedule_at"]
    assert sentinel.mails() == everyone(PEOPLE, times=2)
    # By EventBridge Scheduler, after its invoke: the mails may be quicker.
    wait_for(lambda: not sentinel.schedules() or None, what="its schedule is gone")
    (started,) = sentinel.logged(
        partial(sentinel.matching, "start-campaign", "EventBridge"),
        what="the start is logged",
    )
    assert json.loads(started)["campaign_id"] == campaign_id


def test_a_link_in_a_mail_unsubscribes(campaigns: Campaigns) -> None:
    """It leads to the API, which asks for no key; reading it changes nothing."""
    sentinel = campaigns.sentinel
    sentinel.sent(campaigns.immediate.json()["campaign_id"])
    url = sentinel.texts()[0].split()[-1]
    path = url.removeprefix(sentinel.outputs["ApiUrl"])
    assert path.startswith("/u/")

    with sentinel.http() as client:
        asked = [
            client.request(method, path, data=data, headers={"Authorization": ""})
            for method, data in (
                ("GET", None),
                ("POST", {"List-Unsubscribe": "One-Click"}),
                ("GET", None),
            )
        ]
        (entry,) = client.get("/v1/suppressions").json()["items"]
        removed = client.delete(f"/v1/suppressions/{entry['suppression_id']}")

    assert [answer.status_code for answer in asked] == [200, 200, 200]
    assert (entry["reason"], entry["scope"]) == ("unsubscribe", "marketing")
    assert entry["email"] in everyone(PEOPLE)
    assert removed.status_code == 204


def test_repeated_starts_and_messages_mail_nobody_twice(campaigns: Campaigns) -> None:
    """As Lambda and SQS deliver them now and then."""
    sentinel = campaigns.sentinel
    campaign_id = campaigns.immediate.json()["campaign_id"]
    sentinel.sent(campaign_id)
    before = sentinel.mails()
    start = {"schema": 1, "campaign_id": campaign_id, "trigger": "direct invoke"}
    records = [
        {
            "messageId": str(number),
            "body": json.dumps(
                {"schema": 1, "campaign_id": campaign_id, "range": 0, "chunk": number}
            ),
        }
        for number in range(3)
    ]

    assert sentinel.invoke("start-campaign", start) is None
    assert sentinel.invoke("send-worker", {"Records": records}) == {"batchItemFailures": []}

    assert sentinel.mails() == before


@pytest.mark.parametrize(
    ("queue", "output"), [("send", "SendQueueUrl"), ("send-urgent", "UrgentSendQueueUrl")]
)
def test_a_message_that_cannot_be_read_ends_as_a_dead_letter(
    campaigns: Campaigns, queue: str, output: str
) -> None:
    """It stands in nobody's way and does not vanish."""
    sentinel = campaigns.sentinel
    sqs, url = sentinel.clients.sqs, sentinel.outputs[output]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=url, MessageBody="hello")

    wait_for(
        lambda: sentinel.waiting(f"{queue}-dead-letters") or None,
        what="the message is a dead letter",
    )

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "540"})
    wait_for(lambda: sentinel.waiting(queue) == 0 or None, what="nothing waits any more")


def test_a_campaign_that_is_moved_goes_out_once(campaigns: Campaigns) -> None:
    """Later, then to now: each time its schedule follows, and whatever still fires is in vain."""
    sentinel = campaigns.sentinel
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    created = sentinel.post({"schedule_at": tomorrow.isoformat()})
    path, campaign_id = created.headers["location"], created.json()["campaign_id"]
    fire = {"schema": 1, "campaign_id": campaign_id, "trigger": "EventBridge Scheduler"}
    with sentinel.http() as client:

        def move(schedule_at: str | None, if_match: str) -> httpx.Response:
            body = {"schedule_at": schedule_at}
            return client.patch(path, json=body, headers={"If-Match": if_match})

        later = move((tomorrow + timedelta(days=1)).isoformat(), created.headers["etag"])
        assert (later.status_code, later.json()["auto_scheduler"]) == (200, True)
        schedule = sentinel.clients.scheduler.get_schedule(GroupName=NAME, Name=campaign_id)
        moved_to = (tomorrow + timedelta(days=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
        assert schedule["ScheduleExpression"] == moved_to
        assert sentinel.invoke("start-campaign", fire) is None
        assert client.get(path).json()["state"] == "scheduled"
        assert move(None, created.headers["etag"]).status_code == 412
        now = move(None, later.headers["etag"])
        assert (now.status_code, now.json()["triggered"]) == (202, True)

    assert campaign_id not in sentinel.schedules()
    assert sentinel.sent(campaign_id)["counts"]["sent"] == PEOPLE
    assert sentinel.invoke("start-campaign", fire) is None
    assert sentinel.mails() == everyone(PEOPLE, times=3)


def test_an_urgent_campaign_needs_no_worker_of_the_others(campaigns: Campaigns) -> None:
    """While nobody takes what is not urgent, everyone has a mail of it."""
    sentinel = campaigns.sentinel
    lambda_ = sentinel.clients.lambda_
    (mapping,) = [
        each["UUID"]
        for each in lambda_.list_event_source_mappings()["EventSourceMappings"]
        if each["EventSourceArn"].endswith(f":{NAME}-send")
    ]
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)

    urgent = sentinel.post({"priority": "urgent"}).json()["campaign_id"]

    assert sentinel.sent(urgent)["counts"]["recipients"] == PEOPLE
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)


def test_all_lines_of_a_campaign_are_found_by_its_id(campaigns: Campaigns) -> None:
    """Across the functions; and what they did cannot be told from lines without it."""
    sentinel = campaigns.sentinel
    campaign_id = campaigns.scheduled.json()["campaign_id"]

    for function in ("create-campaign", "start-campaign", "send-worker"):
        sentinel.logged(
            partial(sentinel.matching, function, f'"{campaign_id}"'),
            what=f"{function} names it",
        )


def test_no_log_has_an_address_or_a_body(campaigns: Campaigns) -> None:
    """Of all that was logged by now."""
    for function in FUNCTIONS:
        for line in campaigns.sentinel.lines(function):
            assert "@example.com" not in line
            assert "Hi N" not in line


def test_functions_fan_a_large_segment_out_side_by_side(campaigns: Campaigns) -> None:
    """One start splits it and has others come; everybody is in one chunk, the API tells how far."""
    sentinel = campaigns.sentinel
    lambda_, name = sentinel.clients.lambda_, f"{NAME}-start-campaign"
    variables = lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    lambda_.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "FAN_OUT_SPLIT_ABOVE": "100"}}
    )
    sentinel.add_people(MANY_PEOPLE)

    campaign_id = sentinel.post({}).json()["campaign_id"]
    with sentinel.http() as client:

        def look() -> Line | None:
            fan_out: Line = client.get(f"/v1/campaigns/{campaign_id}").json()["fan_out"]
            return fan_out if fan_out["share"] == 1 else None

        fan_out = wait_for(look, what="everybody is fanned out")
        client.post(f"/v1/campaigns/{campaign_id}/cancel")

    assert fan_out == {
        "recipients": MANY_PEOPLE,
        "ranges": MAX_RANGES,
        "ranges_complete": MAX_RANGES,
        "share": 1.0,
    }
    progress = sentinel.container.family.fan_out().progress(CampaignId(campaign_id))
    members = members_of(sentinel.container, progress)
    assert (len(members), set(members.values())) == (MANY_PEOPLE, {1})

    def invited() -> list[Line] | None:
        lines = [
            json.loads(line) for line in sentinel.matching("start-campaign", f'"{campaign_id}"')
        ]
        starts = [line for line in lines if "Start by direct" in line.get("message", "")]
        splits = [line for line in lines if "Split: about" in line.get("message", "")]
        return splits if len({line["request_id"] for line in starts}) > 1 else None

    # Who was invited may come when the one that invited it has done everything already.
    assert len(sentinel.logged(invited, what="another start comes")) == 1
