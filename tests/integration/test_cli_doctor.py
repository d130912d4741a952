"""Whether all is there that a command needs, and keys: given, refused, never shown."""

import json
from collections.abc import Iterator

import pytest

from domain.access import Scope
from entrypoints.local.emulator import held_port
from tests.integration.command_line import CommandLine
from tests.integration.forwarding_proxy import forwarding
from tests.integration.guarded_server import GuardedServer, guarded_server
from tests.integration.on_lambda import ACCOUNT


@pytest.fixture(scope="module")
def guarded() -> Iterator[GuardedServer]:
    """A server that asks for a key."""
    with guarded_server() as server:
        yield server


def with_key(server: GuardedServer, key: str) -> CommandLine:
    """Somebody who has that key."""
    return CommandLine(server.url, {"SENTINEL_API_KEY": key})


def found(cli: CommandLine, *options: str) -> dict[str, tuple[str, str]]:
    """What doctor finds: level and words by what was looked at."""
    findings = cli.run("doctor", "--json", *options).json["findings"]
    return {each["check"]: (each["level"], each["found"]) for each in findings}


def test_a_server_that_is_well(cli: CommandLine) -> None:
    """The local one, which asks for no key."""
    done = cli.run("doctor")

    assert (done.code, done.err) == (0, "")
    assert [line.split()[:2] for line in done.lines[2:]] == [
        ["OK", "server"],
        ["OK", "store"],
        ["OK", "key"],
        ["OK", "clock"],
        ["OK", "interface"],
    ]
    assert found(cli)["key"] == ("ok", "none is asked for")


def test_a_server_that_is_not_there() -> None:
    """What to do is said, and nothing else is looked at."""
    with held_port() as port:
        done = CommandLine(f"http://127.0.0.1:{port}").run("doctor")

    assert done.code == 6
    assert len(done.lines) == 3
    assert "`make local-run`" in done.err


def test_a_key_is_told_what_it_is_good_for(guarded: GuardedServer) -> None:
    """By asking: nothing is made by it."""
    everything = with_key(guarded, guarded.key(*Scope))
    reader = with_key(guarded, guarded.key(Scope.CAMPAIGNS_READ, Scope.TEMPLATES_WRITE))

    lacking = [each for each in SCOPES if each not in {"campaigns:read", "templates:write"}]
    assert found(everything)["key"] == ("ok", f"good for {' '.join(SCOPES)}")
    assert found(reader)["key"] == (
        "warn",
        f"good for campaigns:read templates:write; not for {' '.join(lacking)}",
    )
    assert everything.json("templates", "list")["items"] == []


SCOPES = (
    "campaigns:read",
    "campaigns:write",
    "campaigns:approve",
    "templates:read",
    "templates:write",
    "audience:read",
    "audience:write",
    "audience:export",
    "webhooks:read",
    "webhooks:write",
    "operations:read",
    "operations:write",
)


def test_doctor_knows_every_scope() -> None:
    """A new one is asked for, too."""
    assert set(SCOPES) == set(Scope)


def test_a_key_that_is_missing_or_not_good(guarded: GuardedServer) -> None:
    """Each is told from the other, with the remedy."""
    missing = CommandLine(guarded.url).run("doctor")
    wrong = with_key(guarded, "snt_aaaaaaaa_none").run("doctor")

    assert (missing.code, wrong.code) == (4, 4)
    assert "none is given" in missing.out
    assert "key: Put one into SENTINEL_API_KEY" in missing.err
    assert "The request has no API key that is good." in wrong.out


def test_who_is_not_let_in_is_told_which_scope_it_takes(guarded: GuardedServer) -> None:
    """And by whom a key is issued; without one, where to put it."""
    reader = with_key(guarded, guarded.key(Scope.CAMPAIGNS_READ))
    refused = reader.run("templates", "list")
    stranger = CommandLine(guarded.url).run("templates", "list")

    assert (refused.code, stranger.code) == (4, 4)
    assert "It needs the scope templates:read." in refused.err
    assert "make api-key SCOPES" in refused.err
    assert "Put a key into SENTINEL_API_KEY" in stranger.err


def test_a_key_is_never_shown(guarded: GuardedServer) -> None:
    """Whatever becomes of the request."""
    key = guarded.key(Scope.CAMPAIGNS_READ)
    cli = with_key(guarded, key)
    for arguments in (
        ("campaigns", "list"),
        ("templates", "list"),
        ("campaigns", "show", "cmp_none"),
        ("campaigns", "list", "--url", "http://example.com"),
        ("campaigns", "list", "--url", "http://127.0.0.1:1"),
        ("doctor",),
        ("campaigns", "list", "--help"),
        ("campaigns", "--nonsense"),
    ):
        done = cli.run(*arguments)
        assert key not in done.out + done.err


def test_what_is_no_key_is_said_to_be_none(guarded: GuardedServer) -> None:
    """What cannot stand in a header; blanks around one are no part of it."""
    key = guarded.key(Scope.CAMPAIGNS_READ)
    odd = with_key(guarded, "snt_ä").run("campaigns", "list")

    assert odd.code == 2
    assert "SENTINEL_API_KEY holds what no key has." in odd.err
    assert with_key(guarded, f" {key}\n").run("campaigns", "list").code == 0


def test_a_key_is_not_sent_where_anybody_could_read_it(guarded: GuardedServer) -> None:
    """Over http it leaves this machine for nobody."""
    done = with_key(guarded, "snt_abc").run("campaigns", "list", "--url", "http://example.com")

    assert done.code == 2
    assert "Use https." in done.err


def test_another_interface_is_told(cli: CommandLine) -> None:
    """What the server lacks that the command line asks for."""
    older = json.dumps({"paths": {"/v1/campaigns": {"get": {}}}, "info": {"version": "0.0.9"}})
    with forwarding(cli.url) as proxy:
        proxy.instead_of = {"/openapi.json": older}
        level, text = found(CommandLine(proxy.url))["interface"]

    assert level == "warn"
    assert text.startswith("version 0.0.9, without ")


def test_a_clock_that_is_wrong_is_told(cli: CommandLine) -> None:
    """By how much, and which way."""
    with forwarding(cli.url) as proxy:
        proxy.date = "Thu, 01 Jan 2037 00:00:00 GMT"
        level, text = found(CommandLine(proxy.url))["clock"]

    assert level == "warn"
    assert text.endswith("s behind the server's")


def test_the_account_is_looked_at_by_the_preflight(cli: CommandLine) -> None:
    """With credentials that nobody answers to it says what is wrong, and ends so."""
    aws = {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-central-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    done = CommandLine(cli.url, aws).execute("doctor", "--aws", "--sender", "news@example.com")

    assert done.code == 1
    assert "Nothing was checked." in done.err
    assert cli.run("doctor", "--aws").code == 2
