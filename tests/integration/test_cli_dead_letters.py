"""`sentinel dead-letters`, at a server that gave something up."""

from collections.abc import Iterator

import pytest
from dependency_injector import providers

from adapters.memory.dead_letters import MemoryDeadLetters
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.queue import MemorySendQueue
from adapters.memory.start_queue import MemoryStartQueue
from domain.access import Scope
from domain.dead_letter import DeadLetter
from domain.errors import DependencyRefused
from domain.identifiers import CampaignId
from domain.start import StartRequest
from domain.use_cases.replay_dead_letters import REPLAYED_AT_ONCE
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
    assert shown.err == ""
    assert "More than these: 1." in first.err
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


def test_all_are_replayed_however_many(server: GuardedServer) -> None:
    """Request by request; the foreign one stays, and is left to a person."""
    for number in range(2 * REPLAYED_AT_ONCE):
        given_up(server.container, START, str(number))
    given_up(server.container, None, "foreign")
    cli = operator(server)

    one_source = cli.json("dead-letters", "replay", "--all", "--source", "send")
    replayed = cli.run("dead-letters", "replay", "--all")
    again = cli.run("dead-letters", "replay", "--all")

    assert one_source == {"items": [], "left": 0}
    assert (replayed.code, again.code) == (0, 0)
    assert replayed.out.count("start of cmp_gone") == 2 * REPLAYED_AT_ONCE + 2
    assert "Nothing to replay" in again.err
    assert len(server.container.family.started().take_all()) == 2 * REPLAYED_AT_ONCE + 2
    assert cli.json("dead-letters", "list")["waiting"] == 1


class _RefusingOne(MemoryDeadLetters):
    """What `a` asks for is refused."""

    def replay(self, letter: DeadLetter) -> None:
        """Raises DependencyRefused."""
        if letter.message_id == "a":
            raise DependencyRefused("Lambda Invoke: AccessDenied")
        super().replay(letter)


def test_what_cannot_be_replayed_is_told(server: GuardedServer) -> None:
    """With why, and by the exit status; all others are replayed."""
    clock = server.container.family.clock()
    refusing = _RefusingOne(
        MemorySendQueue(clock), MemoryStartQueue(clock), MemoryInvoker(), MemoryJobInvoker()
    )
    server.container.family.dead_letters.override(providers.Object(refusing))
    for each in ("a", "b"):
        given_up(server.container, START, each)

    done = operator(server).run("dead-letters", "replay", "--all")

    assert done.code == 7
    assert "Lambda Invoke: AccessDenied" in done.out
    assert "Left: 1." in done.err
    assert [each.message_id for each in refusing.all()] == ["a"]


@pytest.mark.parametrize("arguments", [(), ("a", "--all"), ("a", "--source", "send")])
def test_one_or_all_and_nothing_between(server: GuardedServer, arguments: tuple[str, ...]) -> None:
    """Nothing is asked for."""
    assert operator(server).run("dead-letters", "replay", *arguments).code == 2
    assert operator(server).json("dead-letters", "list")["waiting"] == 2


def test_who_only_reads_replays_nothing(server: GuardedServer) -> None:
    """The scope that it takes is named."""
    reader = CommandLine(server.url, {"SENTINEL_API_KEY": server.key(Scope.OPERATIONS_READ)})

    refused = reader.run("dead-letters", "replay", "a")

    assert refused.code == 4
    assert "operations:write" in refused.err
    assert reader.json("dead-letters", "list")["waiting"] == 2
