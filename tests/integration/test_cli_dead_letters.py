"""`sentinel dead-letters`, at a server that gave something up."""

from collections.abc import Iterator

import pytest

from domain.access import Scope
from domain.identifiers import CampaignId
from domain.start import StartRequest
from tests.integration.command_line import CommandLine
from tests.integration.guarded_server import GuardedServer, guarded_server
from tests.unit.dead_letters import given_up

START = StartRequest(CampaignId("cmp_gone"))


@pytest.fixture
def server() -> Iterator[GuardedServer]:
    """Two starts were given up."""
    with guarded_server() as running:
        given_up(running.container, START, "a")
        given_up(running.container, START, "b")
        yield running


def operator(server: GuardedServer) -> CommandLine:
    """Who looks after it, and does nothing else."""
    key = server.key(Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE)
    return CommandLine(server.url, {"SENTINEL_API_KEY": key})


def test_they_are_listed_with_what_to_do(server: GuardedServer) -> None:
    """A bounded list tells that there are more."""
    cli = operator(server)

    shown = cli.run("dead-letters", "list")
    first = cli.run("dead-letters", "list", "--limit", "1")
    others = cli.run("dead-letters", "list", "--source", "send")

    assert (shown.code, first.code, others.code) == (0, 0, 0)
    assert "start of cmp_gone (direct invoke)" in shown.out
    assert "discard" in shown.out
    assert "more" not in shown.err
    assert "There are 1 more" in first.err
    assert "Nothing was given up." in others.err
    assert cli.json("dead-letters", "list")["waiting"] == 2


def test_one_is_replayed_and_one_thrown_away(server: GuardedServer) -> None:
    """Only the former is asked for; then there are none."""
    cli = operator(server)

    replayed = cli.run("dead-letters", "replay", "a")
    again = cli.run("dead-letters", "replay", "a")
    kept = cli.run("dead-letters", "discard", "b", given="n\n")
    assert cli.json("dead-letters", "list")["waiting"] == 1
    discarded = cli.run("dead-letters", "discard", "b", "--yes")

    assert (replayed.code, again.code, discarded.code) == (0, 3, 0)
    assert kept.code != 0
    assert replayed.members["About"] == "start of cmp_gone (direct invoke)"
    assert discarded.members["State"] == "discarded"
    assert cli.json("dead-letters", "list")["waiting"] == 0
    assert len(server.container.family.started().take_all()) == 1


def test_who_only_reads_replays_nothing(server: GuardedServer) -> None:
    """The scope that it takes is named."""
    reader = CommandLine(server.url, {"SENTINEL_API_KEY": server.key(Scope.OPERATIONS_READ)})

    refused = reader.run("dead-letters", "replay", "a")

    assert refused.code == 4
    assert "operations:write" in refused.err
    assert reader.json("dead-letters", "list")["waiting"] == 2
