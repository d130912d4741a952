"""The suppression list over HTTP: no address in any URL, and who removed what is in the log."""

import logging

import pytest
from dependency_injector import providers

from adapters.memory.suppressions import MemorySuppressionRepository
from domain.access import Scope
from domain.errors import DependencyRefused
from domain.identifiers import SuppressionId
from domain.suppression import SuppressionEntry
from tests.unit.test_http_access import Guarded
from tests.unit.test_http_gateway import Answer, Gateway

ADDRESS = "ann.personal@example.com"


@pytest.fixture
def gateway() -> Gateway:
    """Nobody is suppressed."""
    return Gateway()


def suppress(gateway: Gateway, email: str = ADDRESS, **fields: str | None) -> Answer:
    """By hand."""
    return gateway.post("/v1/suppressions", {"email": email, **fields})


def look_up(gateway: Gateway, email: str = ADDRESS) -> Answer:
    """By address."""
    return gateway.post("/v1/suppressions/lookup", {"email": email})


def test_an_address_is_suppressed_by_hand(gateway: Gateway) -> None:
    """In whatever spelling, from everything unless it says otherwise."""
    answer = suppress(gateway, " Ann.Personal@EXAMPLE.com", note=" She called. ")

    assert answer.status == 200
    assert answer.json.pop("suppression_id")
    assert {**answer.json, "suppression_id": ""} == {
        "suppression_id": "",
        "email": ADDRESS,
        "reason": "operator",
        "scope": "all",
        "since": "2026-03-02T09:00:00Z",
        "note": "She called.",
        "unsubscribed": None,
    }
    assert look_up(gateway, "ANN.personal@example.com").json == answer.json


def test_the_answer_is_what_is_on_the_list_then(gateway: Gateway) -> None:
    """A stricter one replaces a weaker one, and a weaker one leaves it as it is."""
    weak = suppress(gateway, scope="marketing", note="first")
    strict = suppress(gateway, scope="all", note="second")
    weak_again = suppress(gateway, scope="marketing", note="third")

    assert (weak.json["scope"], weak.json["note"]) == ("marketing", "first")
    assert (strict.json["scope"], strict.json["note"]) == ("all", "second")
    assert weak_again.json == strict.json == look_up(gateway).json


def test_who_was_suppressed_elsewhere_is_as_they_were_there(gateway: Gateway) -> None:
    """With the reason and the time; what the reader chose is kept beside what came later."""
    chose = {"reason": "unsubscribe", "scope": "marketing", "since": "2025-05-04T09:00:00Z"}
    bounced = {"reason": "bounce", "scope": "all", "since": "2025-06-01T02:00:00.25+02:00"}
    suppress(gateway, **chose)
    entry = suppress(gateway, **bounced).json

    assert (entry["reason"], entry["since"]) == ("bounce", "2025-06-01T00:00:00.250Z")
    assert entry["unsubscribed"] == {"scope": "marketing", "since": chose["since"]}
    again = [suppress(gateway, **each).json for each in (chose, bounced)]
    assert again == [entry, entry]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": "nobody"}, "/email"),
        ({"email": ADDRESS, "scope": "some"}, "/scope"),
        ({"email": ADDRESS, "note": "x" * 501}, "/note"),
        ({"email": ADDRESS, "reason": "whim"}, "/reason"),
        ({"email": ADDRESS, "since": "2026-03-02T09:00:01Z"}, "/since"),
        ({"email": ADDRESS, "since": "2026-03-01"}, "/since"),
    ],
)
def test_what_does_not_fit_suppresses_nobody(
    gateway: Gateway, body: dict[str, str], pointer: str
) -> None:
    """422 names what, and does not repeat the address."""
    answer = gateway.post("/v1/suppressions", body)

    assert answer.refuses(pointer)
    assert ADDRESS not in answer.text
    assert gateway.get("/v1/suppressions").json["items"] == []


def test_the_list_is_read_page_by_page(gateway: Gateway) -> None:
    """Everybody once."""
    added = [suppress(gateway, f"{number}@example.com").json for number in range(3)]

    first = gateway.get("/v1/suppressions", "limit=2").json
    second = gateway.get("/v1/suppressions", f"limit=2&cursor={first['next_cursor']}").json

    found = first["items"] + second["items"]
    assert (len(first["items"]), second["next_cursor"]) == (2, None)
    assert found == sorted(added, key=lambda each: str(each["suppression_id"]))


def test_who_is_not_on_the_list_is_not_found(gateway: Gateway) -> None:
    """404 without the address."""
    answer = look_up(gateway)

    assert answer.status == 404
    assert ADDRESS not in answer.text


def test_removing_says_who_asked(caplog: pytest.LogCaptureFixture) -> None:
    """The key's id and the entry's, never the address; a second time there is nothing."""
    guarded = Guarded()
    key = guarded.key(Scope.AUDIENCE_READ, Scope.AUDIENCE_WRITE)
    entry = guarded.ask("POST", "/v1/suppressions", key, {"email": ADDRESS}).json
    path = f"/v1/suppressions/{entry['suppression_id']}"
    caplog.clear()

    with caplog.at_level(logging.INFO):
        answers = [guarded.ask("DELETE", path, key) for _ in range(2)]

    assert [answer.status for answer in answers] == [204, 404]
    assert answers[0].text == ""
    (removed,) = [each for each in caplog.records if each.message == "Suppression removed"]
    assert removed.__dict__["api_key_id"] == key.split("_")[1]
    assert removed.__dict__["suppression_id"] == entry["suppression_id"]
    assert not [each for each in caplog.records if ADDRESS in str(each.__dict__)]


class Strict(MemorySuppressionRepository):
    """A store whose keys have a longest length, as DynamoDB's have."""

    def remove(self, suppression_id: SuppressionId) -> SuppressionEntry | None:
        """Refused if it is longer."""
        if len(suppression_id) > 2_000:
            raise DependencyRefused("DeleteItem: ValidationException")
        return super().remove(suppression_id)


@pytest.mark.parametrize("suppression_id", ["x", "%40", ADDRESS, "a" * 3_000])
def test_an_id_that_is_none_removes_nobody(gateway: Gateway, suppression_id: str) -> None:
    """404, whatever it looks like, and it is not repeated."""
    family = gateway.container.family
    family.suppressions.override(providers.Object(Strict(family.database())))
    suppress(gateway)

    answer = gateway.call("DELETE", f"/v1/suppressions/{suppression_id}")

    assert answer.status == 404
    assert ADDRESS not in answer.text
    assert look_up(gateway).status == 200


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        (Scope.AUDIENCE_READ, (200, 404, 403, 403)),
        (Scope.AUDIENCE_WRITE, (403, 403, 200, 404)),
        (Scope.CAMPAIGNS_WRITE, (403, 403, 403, 403)),
    ],
)
def test_a_key_is_for_reading_or_for_writing(scope: Scope, statuses: tuple[int, ...]) -> None:
    """Looking an address up is reading, though it is posted."""
    guarded = Guarded()
    key = guarded.key(scope)
    email = {"email": "nobody@example.com"}

    asked = (
        guarded.ask("GET", "/v1/suppressions", key),
        guarded.ask("POST", "/v1/suppressions/lookup", key, email),
        guarded.ask("POST", "/v1/suppressions", key, {"email": ADDRESS}),
        guarded.ask("DELETE", "/v1/suppressions/unknown", key),
    )

    assert tuple(answer.status for answer in asked) == statuses
