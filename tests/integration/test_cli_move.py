"""From one Sentinel to another by one command: two real servers, and what is hard to carry."""

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.command_line import CommandLine, Done
from tests.integration.forwarding_proxy import ForwardingProxy, forwarding
from tests.integration.runner import SHORT_TIMES, running
from tests.integration.waiting import PATIENCE

MANY = 600
"""Contacts of a file: more than a page, than a batch of an import, than a request of members."""
THOUSANDS = 5_000
PAGE = "<p>Hello {{ name }} 🎂 {{ postal_address }} <a href='{{ unsubscribe_url }}'>No more</a></p>"
HARD: tuple[Mapping[str, Any], ...] = (
    {"email": "ann+news@bücher.example", "fields": {"name": "Änn 🎂", "age": 41, "vip": True}},
    {"email": "wörk@пример.example", "fields": {"real": 1.5, "whole": 1.0, "one": 1, "no": False}},
    {
        "email": "typed@example.com",
        "fields": {
            "number_text": "5",
            "real_text": "1.5",
            "true_text": "true",
            "empty": "",
            "spaces": "  x ",
            "lines": "one\ntwo\r\nthree",
            "family": "👩‍👩‍👧",
            "quotes": 'say "a", ; | \t',
        },
    },
    {
        "email": "plain@example.com",
        "fields": {
            "zip": "01067",
            "day": "2026-11-19",
            "formula": "=1+1",
            "phone": "+49 30 1",
            "quoted": 'a "b", c; d',
            "mail": "not an address",
            "locale": "a field",
        },
    },
    {
        "email": "told@example.com",
        "locale": "de-AT",
        "time_zone": "Europe/Vienna",
        "consent": {"source": " fair, stand 5", "at": "2026-01-02T03:04:05.678Z"},
    },
    {
        "email": "agreed@example.com",
        "locale": "zh-Hant",
        "time_zone": "America/Argentina/Buenos_Aires",
        "consent": {"source": "form", "at": "2026-01-02T03:04:05Z"},
    },
)
SUPPRESSED: tuple[Mapping[str, Any], ...] = (
    {"email": "no@example.com", "scope": "all", "note": "On the phone.\nTwice."},
    {
        "email": "plain@example.com",
        "reason": "unsubscribe",
        "scope": "marketing",
        "since": "2025-01-01T00:00:00.123Z",
    },
    {
        "email": "ann+news@bücher.example",
        "reason": "unsubscribe",
        "scope": "marketing",
        "since": "2025-01-01T00:00:00Z",
    },
    {"email": "ann+news@bücher.example", "reason": "complaint", "since": "2025-02-01T00:00:00Z"},
)
UNCONFIRMED = frozenset({"maybe@example.com", "maybe-not@example.com"})
GOLD = {"field": "plan", "op": "equals", "value": "gold"}
ON_A_RULE = {"all": [{"segment": "z-gold"}, {"any": [{"not": {"segment": "m-static"}}, GOLD]}]}


@dataclass(frozen=True)
class Sentinel:
    """A server, and what it has."""

    url: str
    client: httpx.Client

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Made."""
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json() if answer.content else {}
        return made

    def all(self, path: str) -> list[dict[str, Any]]:
        """The whole of a list."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.client.get(path, params={"limit": 100, **cursor}).json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def snapshot(self) -> str:
        """All that is to be the same elsewhere: 1, 1.0 and true are told apart."""
        segments = self.all("/v1/segments")
        contacts = [each for each in self.all("/v1/contacts") if each["email"] not in UNCONFIRMED]
        suppressions = [each for each in self.all("/v1/suppressions") if each["email"]]
        return json.dumps(
            {
                "suppressions": _by("email", suppressions, {"suppression_id"}),
                "templates": [
                    _without(
                        self.client.get(f"/v1/templates/{each['template_id']}").json(),
                        {"version", "created_at", "updated_at"},
                    )
                    for each in self.all("/v1/templates")
                ],
                "segments": [_without(each, {"created_at"}) for each in segments],
                "contacts": _by("email", contacts, {"contact_id"}),
                "members": {
                    each["segment_id"]: sorted(
                        contact["email"]
                        for contact in self.all(f"/v1/segments/{each['segment_id']}/members")
                        if contact["email"] not in UNCONFIRMED
                    )
                    for each in segments
                },
            },
            sort_keys=True,
            indent=1,
        )


def _by(name: str, items: list[dict[str, Any]], without: set[str]) -> dict[str, Any]:
    return {each[name]: _without(each, without) for each in items}


def _without(item: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}


@contextmanager
def empty(folder: Path, **environment: str) -> Iterator[Sentinel]:
    """One that has nothing."""
    with running(folder, DEMO_DATA="false", **environment, **SHORT_TIMES) as runner:
        yield Sentinel(str(runner.client.base_url).rstrip("/"), runner.client)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinel]:
    """One with everything that is hard to carry."""
    folder = tmp_path_factory.mktemp("move-source")
    with empty(folder, BACKEND="memory") as sentinel:
        furnish(sentinel, folder / "people.csv")
        yield sentinel


@pytest.fixture(scope="module")
def whole(source: Sentinel) -> str:
    """What it has: no test leaves it changed."""
    return source.snapshot()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Sentinel]:
    """One to move to."""
    with empty(tmp_path, BACKEND="memory") as sentinel:
        yield sentinel


def furnish(sentinel: Sentinel, file: Path) -> None:
    """Templates, segments by rules on rules, people of all kinds, and who is not to be mailed."""
    content = {"name": "Cake", "subject": "🎂 for {{ name }}", "html": PAGE}
    sentinel.post("/v1/templates", {"template_id": "cake", **content, "defaults": {"name": "you"}})
    own_text = {"text": "Mine\n{{ postal_address }} {{ unsubscribe_url }}", "reply_to": None}
    made = sentinel.post("/v1/templates", {**content, **own_text})
    edited = {**content, **own_text, "subject": "Later", "from": "hello@example.com"}
    sentinel.client.put(f"/v1/templates/{made['template_id']}", json=edited).raise_for_status()
    sentinel.post("/v1/segments", {"segment_id": "m-static", "name": "Static 🎂"})
    sentinel.post("/v1/segments", {"segment_id": "no-one", "name": "Nobody"})
    sentinel.post("/v1/segments", {"segment_id": "z-gold", "name": "Gold", "rule": GOLD})
    sentinel.post("/v1/segments", {"segment_id": "a-rules", "name": "Both", "rule": ON_A_RULE})
    sentinel.post("/v1/segments", {"name": "Nested", "rule": {"segment": "a-rules"}})
    with file.open("w", encoding="utf-8") as people:
        people.write("email,plan,n\n")
        people.writelines(
            f"many-{n}+x@bücher.example,{'gold' if n % 3 else 'tin'},{n}\n" for n in range(MANY)
        )
    CommandLine(sentinel.url).json("import", str(file), "--segment", "m-static")
    hard = [sentinel.post("/v1/contacts", each)["contact_id"] for each in HARD]
    maybe = sentinel.post("/v1/contacts", {"email": "maybe@example.com", "confirm": True})
    sentinel.post("/v1/contacts", {"email": "maybe-not@example.com", "confirm": True})
    sentinel.post(
        "/v1/segments/m-static/members", {"contact_ids": [*hard[:3], maybe["contact_id"]]}
    )
    for each in SUPPRESSED:
        sentinel.post("/v1/suppressions", each)
    sentinel.post("/v1/suppressions", {"email": "maybe-not@example.com"})
    gone = sentinel.post("/v1/contacts", {"email": "gone@example.com"})["contact_id"]
    sentinel.post("/v1/suppressions", {"email": "gone@example.com"})
    sentinel.client.delete(f"/v1/contacts/{gone}").raise_for_status()


def moved(source: Sentinel, target: Sentinel, *options: str) -> Done:
    """What the command ends with."""
    return CommandLine(source.url).run("move", "--to", target.url, *options)


def test_all_that_is_there_is_moved_as_it_is(
    source: Sentinel, target: Sentinel, whole: str
) -> None:
    """Types, consent, times, rules on rules, members, what readers chose; and it is told what."""
    done = moved(source, target, "--json")

    assert done.code == 0, done.err
    assert target.snapshot() == whole
    assert source.snapshot() == whole
    everybody = {"here": MANY + len(HARD), "same": 0, "new": MANY + len(HARD), "different": 0}
    assert done.json["contacts"] == everybody
    assert done.json["members"]["new"] == MANY + 3
    assert done.json["is_verified"]
    assert done.json["left_behind"] == {"erased_suppressions": 1, "unconfirmed_contacts": 2}
    assert "Left behind: 1 suppression of people" in done.err
    assert "Left behind: 2 contacts with an address" in done.err


def test_from_memory_to_dynamodb_it_is_the_same(
    source: Sentinel, whole: str, tmp_path: Path
) -> None:
    """Whoever outgrows the one has the other."""
    with empty(tmp_path) as emulated:
        done = moved(source, emulated)

        assert done.code == 0, done.err
        assert emulated.snapshot() == whole


def test_thousands_are_moved_by_files_and_not_one_by_one(target: Sentinel, tmp_path: Path) -> None:
    """A million would take a day otherwise."""
    folder = tmp_path / "thousands"
    folder.mkdir()
    with empty(folder, BACKEND="memory") as source, forwarding(target.url) as proxy:
        file = folder / "people.csv"
        rows = (f"{n}@example.com,{n},2026-01-01\n" for n in range(THOUSANDS))
        file.write_text("".join(["email,n,day\n", *rows]))
        CommandLine(source.url).json("import", str(file))

        done = CommandLine(source.url).run("move", "--to", proxy.url, "--json")

        assert (done.code, done.json["contacts"]["new"]) == (0, THOUSANDS)
        assert target.snapshot() == source.snapshot()
    written = [each.path for each in proxy.asked if each.method in {"POST", "PUT"}]
    assert len(written) == 3


def test_moving_again_changes_nothing_and_brings_what_came_since(
    source: Sentinel, target: Sentinel
) -> None:
    """Who unsubscribes by an old link later is not mailed from the new place, after one more."""
    moved(source, target)
    with forwarding(target.url) as proxy:
        again = CommandLine(source.url).run("move", "--to", proxy.url, "--json")
    assert again.code == 0, again.err
    assert {each.method for each in proxy.asked} == {"GET"}
    assert again.json["contacts"]["same"] == MANY + len(HARD)

    entry = source.post(
        "/v1/suppressions",
        {"email": "told@example.com", "reason": "unsubscribe", "scope": "marketing"},
    )
    done = moved(source, target, "--only-suppressions", "--json")
    source.client.delete(f"/v1/suppressions/{entry['suppression_id']}").raise_for_status()

    assert (done.code, done.json["suppressions"]["new"]) == (0, 1)
    assert "contacts" not in done.json
    there = target.post("/v1/suppressions/lookup", {"email": "told@example.com"})
    assert (there["reason"], there["since"]) == ("unsubscribe", entry["since"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/suppressions"),
        ("POST", "/v1/segments"),
        ("PUT", None),
        ("POST", "/v1/contacts"),
        ("POST", "/v1/segments/m-static/members"),
    ],
    ids=["suppressions", "segments", "upload", "contacts", "members"],
)
def test_a_move_that_was_killed_is_finished_by_another(
    source: Sentinel, target: Sentinel, whole: str, method: str, path: str | None
) -> None:
    """Wherever it was: nothing is there twice or otherwise."""
    with forwarding(target.url) as proxy:
        # It goes no further, however long it takes until it is killed.
        proxy.to_hold = (method, path)
        with CommandLine(source.url).start("move", "--to", proxy.url) as moving:
            assert proxy.holding.wait(PATIENCE), f"never came: {method} {path}"
            moving.kill()
            moving.wait()
        assert moving.returncode == -signal.SIGKILL

    done = moved(source, target, "--json")

    assert done.code == 0, done.err
    assert target.snapshot() == whole


def test_interrupted_it_says_that_it_can_be_given_again(source: Sentinel, target: Sentinel) -> None:
    """Ctrl-C is no harm, and no traceback."""
    with forwarding(target.url) as proxy:
        proxy.to_hold = ("POST", "/v1/suppressions")
        with CommandLine(source.url).start("move", "--to", proxy.url) as moving:
            assert proxy.holding.wait(PATIENCE), "It never wrote."
            moving.send_signal(signal.SIGINT)
            # It ends once it has the answers to what it asked for.
            proxy.to_hold = None
            proxy.ended.set()
            told = moving.communicate(timeout=PATIENCE)[1]

    assert moving.returncode == 130
    assert "the same command goes on with the rest" in told
    assert "Traceback" not in told


def test_nobody_is_there_to_be_mailed_before_the_suppressions_are(
    source: Sentinel, target: Sentinel
) -> None:
    """All of them come before the first contact."""
    with forwarding(target.url) as proxy:
        assert CommandLine(source.url).run("move", "--to", proxy.url).code == 0

    order = [each.path for each in proxy.asked if each.method in {"POST", "PUT"}]
    last = max(n for n, path in enumerate(order) if path == "/v1/suppressions")
    assert last < min(n for n, path in enumerate(order) if path != "/v1/suppressions")


def test_a_dry_run_tells_what_would_be_done_and_does_none_of_it(
    source: Sentinel, target: Sentinel
) -> None:
    """The same counts."""
    before = target.snapshot()
    done = moved(source, target, "--dry-run")

    assert done.code == 0, done.err
    assert "Nothing was changed." in done.err
    assert target.snapshot() == before
    assert [line.split() for line in done.lines if line.startswith("contacts")] == [
        ["contacts", str(MANY + len(HARD)), "0", str(MANY + len(HARD)), "0"]
    ]


def test_what_is_there_otherwise_is_not_overwritten_unless_it_is_said(
    source: Sentinel, target: Sentinel, whole: str
) -> None:
    """It is told which, and then nothing is changed, not even what is missing."""
    other = {"name": "Cake", "subject": "Mine", "html": PAGE}
    target.post("/v1/templates", {"template_id": "cake", **other})
    target.post(
        "/v1/contacts", {"email": "Told@example.com", "fields": {"mine": 1}, "locale": "fr"}
    )
    before = target.snapshot()

    refused = moved(source, target)

    assert refused.code == 5
    assert "templates: cake" in refused.err
    assert "contacts: told@example.com" in refused.err
    assert target.snapshot() == before
    done = moved(source, target, "--overwrite")
    assert done.code == 0, done.err
    assert target.snapshot() == whole


def test_a_segment_that_means_others_there_is_in_the_way(
    source: Sentinel, target: Sentinel
) -> None:
    """A rule never changes: it cannot be overwritten, and who is not to be mailed still moves."""
    target.post("/v1/segments", {"segment_id": "z-gold", "name": "Other"})
    before = target.snapshot()

    refused = moved(source, target, "--overwrite")

    assert refused.code == 5
    assert "segments: z-gold" in refused.err
    assert target.snapshot() == before
    assert moved(source, target, "--only-suppressions").code == 0
    found = target.post("/v1/suppressions/lookup", {"email": "no@example.com"})
    assert found["note"] == "On the phone.\nTwice."


def test_what_the_other_has_besides_stays(source: Sentinel, target: Sentinel) -> None:
    """Its own people, and what holds back more there."""
    target.post("/v1/contacts", {"email": "theirs@example.com", "fields": {"x": 1}})
    bounced = target.post("/v1/suppressions", {"email": "plain@example.com", "reason": "bounce"})

    done = moved(source, target, "--json")
    again = moved(source, target, "--json")

    assert done.code == 0, done.err
    assert target.post("/v1/contacts/lookup", {"email": "theirs@example.com"})["fields"] == {"x": 1}
    entry = target.post("/v1/suppressions/lookup", {"email": "plain@example.com"})
    assert (entry["reason"], entry["since"]) == ("bounce", bounced["since"])
    assert entry["unsubscribed"] == {"scope": "marketing", "since": SUPPRESSED[1]["since"]}
    assert (done.json["suppressions"]["different"], again.json["suppressions"]["different"]) == (
        1,
        0,
    )


def test_each_has_a_key_of_its_own(source: Sentinel, target: Sentinel) -> None:
    """And neither is shown the other's."""
    keys = {"SENTINEL_API_KEY": "snt_abc_here", "SENTINEL_TO_API_KEY": "snt_abc_there"}
    with forwarding(source.url) as here, forwarding(target.url) as there:
        done = CommandLine(here.url, keys).run("move", "--to", there.url)

    assert done.code == 0, done.err
    assert _keys_of(here) == {"Bearer snt_abc_here"}
    assert _keys_of(there) == {"Bearer snt_abc_there"}


def _keys_of(proxy: ForwardingProxy) -> set[str]:
    # A file goes to a URL that needs none.
    return {each.headers["authorization"] for each in proxy.asked if each.method != "PUT"}


def test_to_itself_nothing_is_moved(source: Sentinel) -> None:
    """It is a mistake."""
    done = moved(source, source)

    assert done.code == 2
    assert "That is where it is moved from" in done.err


def test_who_does_not_answer_is_named_by_its_option(source: Sentinel) -> None:
    """Of two, people are to know which."""
    done = CommandLine(source.url).run("move", "--to", "http://127.0.0.1:9")

    assert done.code == 6
    assert "--to" in done.err
