"""Dead letters over HTTP."""

from collections.abc import Sequence

import pytest
from dependency_injector import providers

from adapters.memory.dead_letters import MemoryDeadLetters
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.queue import MemorySendQueue
from adapters.memory.start_queue import MemoryStartQueue
from domain.dead_letter import DeadLetter, DeadLetterSource, ProviderReport
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.identifiers import CampaignId
from domain.start import StartRequest
from domain.use_cases.replay_dead_letters import REPLAYED_AT_ONCE
from tests.unit.dead_letters import given_up
from tests.unit.test_http_gateway import ADDRESS, JSON_TYPE, Answer, Gateway

START = StartRequest(CampaignId("cmp_gone"))
REPORT = ProviderReport(f'{{"mail": {{"destination": ["{ADDRESS}"]}}}}')


@pytest.fixture
def gateway() -> Gateway:
    """Nothing was given up."""
    return Gateway()


def replayed(gateway: Gateway, dead_letter_id: str) -> Answer:
    """POST without a body."""
    return gateway.call("POST", f"/v1/dead-letters/{dead_letter_id}/replay", content_type=JSON_TYPE)


def ids(gateway: Gateway, query: str = "") -> Sequence[str]:
    """Of those that are listed."""
    items = gateway.get("/v1/dead-letters", query).json["items"]
    return [each["dead_letter_id"] for each in items]


def test_there_are_none(gateway: Gateway) -> None:
    """Where all is well."""
    assert gateway.get("/v1/dead-letters").json == {"items": [], "waiting": 0}


def test_what_was_given_up_is_listed_with_what_to_do(gateway: Gateway) -> None:
    """As the records have it; looking changes nothing."""
    given_up(gateway.container, START, "a")

    listed = gateway.get("/v1/dead-letters").json

    assert listed == {
        "items": [
            {
                "dead_letter_id": "a",
                "source": "start",
                "subject": "start of cmp_gone (direct invoke)",
                "reason": "RetriesExhausted: Unhandled",
                "first_sent_at": "2026-03-02T09:00:00Z",
                "receives": 1,
                "advice": "discard",
                "explanation": "its records are gone: there is nothing left to do",
            }
        ],
        "waiting": 1,
    }
    assert gateway.get("/v1/dead-letters").json == listed


def test_nobody_is_named_and_nothing_opens_the_queue(gateway: Gateway) -> None:
    """A report of the provider is full of addresses; the receipt would delete a message."""
    given_up(gateway.container, REPORT, "a", DeadLetterSource.PROVIDER_EVENTS)

    listed, answered = gateway.get("/v1/dead-letters"), replayed(gateway, "a")

    assert listed.json["items"][0]["advice"] == "replay"
    assert answered.status == 202
    for answer in (listed, answered):
        assert ADDRESS not in answer.text
        assert "secret" not in answer.text


def test_a_list_is_bounded_and_says_how_many_there_are(gateway: Gateway) -> None:
    """A queue has no pages: more are shown once the first are dealt with."""
    for number in range(5):
        given_up(gateway.container, START, str(number))

    assert gateway.get("/v1/dead-letters", "limit=2").json["waiting"] == 5
    assert ids(gateway, "limit=2") == ["0", "1"]
    gateway.call("DELETE", "/v1/dead-letters/0")
    assert ids(gateway, "limit=2") == ["1", "2"]
    assert gateway.get("/v1/dead-letters", "limit=101").refuses("/limit")
    assert gateway.get("/v1/dead-letters", "cursor=x").refuses("/cursor")


def test_those_of_one_source_are_listed(gateway: Gateway) -> None:
    """Many of another hide none of them."""
    given_up(gateway.container, START, "a")
    given_up(gateway.container, REPORT, "b", DeadLetterSource.PROVIDER_EVENTS)

    assert ids(gateway) == ["a", "b"]
    answer = gateway.get("/v1/dead-letters", "source=provider-events&limit=1")
    assert [each["dead_letter_id"] for each in answer.json["items"]] == ["b"]
    assert answer.json["waiting"] == 1
    assert gateway.get("/v1/dead-letters", "source=elsewhere").refuses("/source")


def test_one_is_replayed(gateway: Gateway) -> None:
    """Its start is invoked, and it is none any more."""
    given_up(gateway.container, START, "a")
    given_up(gateway.container, START, "b")

    answer = replayed(gateway, "a")

    assert answer.status == 202
    assert answer.json["dead_letter_id"] == "a"
    assert answer.json["subject"] == "start of cmp_gone (direct invoke)"
    assert [each.campaign_id for each in gateway.container.family.started().take_all()] == [
        "cmp_gone"
    ]
    assert ids(gateway) == ["b"]
    assert replayed(gateway, "a").status == 404


def test_a_foreign_one_is_not_replayed(gateway: Gateway) -> None:
    """The answer says what to do instead, and it stays."""
    given_up(gateway.container, None, "a")

    answer = replayed(gateway, "a")

    assert answer.status == 409
    assert answer.problem["state"] == "foreign"
    assert "Discard it." in answer.problem["detail"]
    assert ids(gateway) == ["a"]


def test_all_are_replayed(gateway: Gateway) -> None:
    """Or those of one source; a foreign one stays, and repeating it replays nothing twice."""
    given_up(gateway.container, REPORT, "a", DeadLetterSource.PROVIDER_EVENTS)
    given_up(gateway.container, START, "b")
    given_up(gateway.container, None, "c")
    given_up(gateway.container, START, "d")

    one_source = gateway.post("/v1/dead-letters/replay", {"source": "provider-events"})
    others = gateway.post("/v1/dead-letters/replay", {})
    again = gateway.post("/v1/dead-letters/replay", {})

    assert (one_source.status, others.status, again.status) == (202, 202, 202)
    assert [each["dead_letter_id"] for each in one_source.json["items"]] == ["a"]
    assert one_source.json["left"] == 0
    assert [(each["dead_letter_id"], each["fault"]) for each in others.json["items"]] == [
        ("b", None),
        ("d", None),
    ]
    assert again.json == {"items": [], "left": 0}
    assert len(gateway.container.family.started().take_all()) == 2
    assert ids(gateway) == ["c"]
    assert ADDRESS not in one_source.text
    assert gateway.post("/v1/dead-letters/replay", {"source": "elsewhere"}).refuses("/source")


def test_a_request_replays_a_bounded_number(gateway: Gateway) -> None:
    """It says how many are left, and goes on from there."""
    for number in range(REPLAYED_AT_ONCE + 1):
        given_up(gateway.container, START, str(number))

    first = gateway.post("/v1/dead-letters/replay", {}).json
    second = gateway.post("/v1/dead-letters/replay", {}).json

    assert (len(first["items"]), first["left"]) == (REPLAYED_AT_ONCE, 1)
    assert (len(second["items"]), second["left"]) == (1, 0)


def _over(gateway: Gateway, kind: type[MemoryDeadLetters]) -> MemoryDeadLetters:
    """Of queues of its own."""
    return kind(
        MemorySendQueue(gateway.clock),
        MemoryStartQueue(gateway.clock),
        MemoryInvoker(),
        MemoryJobInvoker(),
    )


class _RefusingOne(MemoryDeadLetters):
    """What `a` asks for is refused."""

    def replay(self, letter: DeadLetter) -> None:
        """Raises DependencyRefused."""
        if letter.message_id == "a":
            raise DependencyRefused("Lambda Invoke: AccessDenied")
        super().replay(letter)


def test_one_that_is_refused_keeps_none_of_the_others(gateway: Gateway) -> None:
    """It stays, and the answer says why."""
    dead_letters = _over(gateway, _RefusingOne)
    gateway.container.family.dead_letters.override(providers.Object(dead_letters))
    for each in ("a", "b"):
        given_up(gateway.container, START, each)

    answer = gateway.post("/v1/dead-letters/replay", {})

    assert [each["fault"] for each in answer.json["items"]] == ["Lambda Invoke: AccessDenied", None]
    assert answer.json["left"] == 1
    assert ids(gateway) == ["a"]


class _Unanswering(MemoryDeadLetters):
    """What is asked for is not answered."""

    def replay(self, letter: DeadLetter) -> None:
        """Raises DependencyUnavailable."""
        raise DependencyUnavailable(f"Lambda Invoke for {letter.message_id}: no answer")


def test_one_that_is_not_accepted_stays(gateway: Gateway) -> None:
    """It is said that it may have been done all the same; replaying it again harms nobody."""
    dead_letters = _over(gateway, _Unanswering)
    gateway.container.family.dead_letters.override(providers.Object(dead_letters))
    given_up(gateway.container, START, "a")

    answer = replayed(gateway, "a")

    assert answer.status == 503
    assert answer.problem["type"].startswith("urn:sentinel:problem:")
    assert ids(gateway) == ["a"]


def test_a_service_that_does_not_answer_is_not_waited_for_again_and_again(
    gateway: Gateway,
) -> None:
    """Each of a hundred would take seconds: the first ends it, and all stay."""
    dead_letters = _over(gateway, _Unanswering)
    gateway.container.family.dead_letters.override(providers.Object(dead_letters))
    for each in ("a", "b"):
        given_up(gateway.container, START, each)

    answer = gateway.post("/v1/dead-letters/replay", {})

    assert [each["dead_letter_id"] for each in answer.json["items"]] == ["a"]
    assert "no answer" in answer.json["items"][0]["fault"]
    assert answer.json["left"] == 2


def test_one_is_discarded(gateway: Gateway) -> None:
    """Nothing is done of what it asked for; a foreign one, too."""
    given_up(gateway.container, START, "a")
    given_up(gateway.container, None, "b")

    assert gateway.call("DELETE", "/v1/dead-letters/a").status == 204
    assert gateway.call("DELETE", "/v1/dead-letters/b").status == 204

    assert ids(gateway) == []
    assert not gateway.container.family.started().take_all()
    assert gateway.call("DELETE", "/v1/dead-letters/a").status == 404
