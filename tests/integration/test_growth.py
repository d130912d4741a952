"""`make bench-requests` and `make bench-growth`, with a few recipients."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from botocore.config import Config

from adapters.aws import clients
from benchmarks import growth_run, requests_by_scale, scale_run
from benchmarks.aws_requests import CREATE, SEND, START
from benchmarks.capacity import Units
from benchmarks.port_calls import PortError
from benchmarks.requests_by_scale import Count
from entrypoints.local.emulator import running_ministack
from tests.integration.waiting import PATIENCE

RECIPIENTS = 160
FEWER = 110
"""Three chunks, as of 160 four: the last one is not full."""


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """A call that was repeated is not to be counted: none is given up while the emulator rests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.aws.clients._config", partial(_patient, clients._config))
        yield


def _patient(config: Callable[..., Config], read_timeout: int, **others: int) -> Config:
    return config(read_timeout=max(read_timeout, PATIENCE), **others)


@pytest.fixture(scope="module")
def emulated() -> scale_run.Functions:
    """A campaign that was sent on the emulator."""
    with running_ministack() as endpoint:
        functions = scale_run.on_emulator(endpoint, "300000000001", RECIPIENTS, 5_000)
        scale_run.run(functions)
    return functions


def test_every_mail_is_in_a_request_that_is_counted(emulated: scale_run.Functions) -> None:
    """Four bulk sends of up to 50, four messages at once, and one invocation of the start."""
    counted = Count.of(RECIPIENTS, emulated.log.calls, emulated.log.costs)

    by_operation: Counter[tuple[str, str]] = Counter()
    for (_, operation), requests in counted.requests.items():
        by_operation[operation] += requests  # type: ignore[assignment]  # whole numbers here
    assert by_operation["SES", "SendBulkEmail"] == 4
    assert by_operation["SQS", "SendMessageBatch"] == 1
    assert by_operation["SQS", "ReceiveMessage"] == 1, "that one found nothing is apart"
    assert by_operation["Lambda", "Invoke"] == 1
    assert counted.writes > 0


def test_what_was_read_and_written_is_told_by_phase_and_key(
    emulated: scale_run.Functions,
) -> None:
    """The start reads each contact once; nobody mails before it is written down."""
    read = {phase: ledger.reads_by for phase, ledger in emulated.ledgers.items()}
    written = {phase: ledger.writes_by for phase, ledger in emulated.ledgers.items()}

    contacts = [units for key, units in read[START].items() if key.startswith("CONTACTS#")]
    assert sum(contacts) == RECIPIENTS
    assert "GRANTS#account" in written[SEND]
    assert "GRANTS#account" not in written[START]
    assert "state#sent" not in written[START]
    assert "state#sent" in written[SEND], "it replaces what the start wrote"
    assert written[SEND]["state#sending"] == 1


def test_a_campaign_alone_can_be_scheduled_too() -> None:
    """As each of a day's is: its keys are counted so."""
    scheduled = scale_run.in_memory(10, 5_000)
    scale_run.run(scheduled, is_scheduled=True)

    created = {(call.port, call.method) for call in scheduled.log.calls if call.phase == CREATE}
    assert ("scheduler", "put") in created
    assert ("invoker", "start") not in created


def test_what_memory_asks_of_its_ports_takes_as_much_of_aws_as_the_emulator_counts(
    emulated: scale_run.Functions,
) -> None:
    """By this a million is counted, which does not fit the emulator."""
    in_memory = scale_run.in_memory(RECIPIENTS, 5_000)
    scale_run.run(in_memory)

    foretold = Count.of(RECIPIENTS, in_memory.log.calls, emulated.log.costs)
    assert foretold == Count.of(RECIPIENTS, emulated.log.calls, emulated.log.costs)


def test_another_number_of_recipients_is_foretold_and_never_too_low(
    emulated: scale_run.Functions,
) -> None:
    """A call of 110 mails is taken for the one of 160 that was seen: one bulk send too many."""
    fewer = scale_run.in_memory(FEWER, 5_000)
    scale_run.run(fewer)
    foretold = Count.of(FEWER, fewer.log.calls, emulated.log.costs)

    with running_ministack() as endpoint:
        functions = scale_run.on_emulator(endpoint, "300000000002", FEWER, 5_000)
        scale_run.run(functions)
    counted = Count.of(FEWER, functions.log.calls, functions.log.costs)
    bulk_sends = (SEND, ("SES", "SendBulkEmail"))
    assert counted.requests[bulk_sends] == 3
    assert foretold.requests == {**counted.requests, bulk_sends: 4}


def test_a_call_that_was_never_seen_is_not_taken_for_nothing(
    emulated: scale_run.Functions,
) -> None:
    """Nobody who reconciles reads contacts."""
    in_memory = scale_run.in_memory(10, 5_000)
    in_memory.log.phase = scale_run.RECONCILE
    in_memory.reconcile.family.contacts().get([])

    with pytest.raises(PortError, match="contacts"):
        Count.of(10, in_memory.log.calls, emulated.log.costs)


def test_a_request_outside_of_all_ports_is_not_lost(emulated: scale_run.Functions) -> None:
    """A port that is new is named, or the count fails."""
    log = emulated.log
    log.phase = SEND
    try:
        with pytest.raises(PortError, match="PORTS"):
            log.take(("DynamoDB", "GetItem"), Units())
    finally:
        log.phase = ""


def test_the_command_fails_over_the_goal_and_says_so_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Thirty recipients bear what a campaign takes once, which is over 70 requests a thousand."""
    assert requests_by_scale.main(["--recipients", "30", "10"]) == 1

    said = capsys.readouterr().out.splitlines()
    assert said[-1].endswith("at 30 recipients; the goals are for 10,000 and more")
    assert " AWS requests per 1,000 recipients (goal: at most 70), " in said[-1]
    assert any(line.startswith("| 10 |") for line in said), "the smaller scale has a row"


@pytest.mark.parametrize(
    ("requests", "writes", "meets"),
    [(70, 1_000, True), (71, 1_000, False), (70, 1_001, False)],
)
def test_both_goals_are_held(requests: int, writes: float, *, meets: bool) -> None:
    """At most 70 requests for 1,000 recipients, and one write unit for each."""
    counted = Count(1_000, {(SEND, ("SES", "SendBulkEmail")): requests}, writes, 0)

    assert counted.meets_goals is meets


def test_campaigns_due_at_once_are_foretold_to_the_request() -> None:
    """Each is scheduled, started at its time, and sent."""
    with running_ministack() as endpoint:
        functions = scale_run.on_emulator(endpoint, "300000000003", 10, 5_000)
        scale_run.run(functions, campaigns=4)
    counted = Count.of(40, functions.log.calls, functions.log.costs)
    in_memory = scale_run.in_memory(10, 5_000)
    scale_run.run(in_memory, campaigns=4)

    assert Count.of(40, in_memory.log.calls, functions.log.costs).requests == counted.requests
    assert counted.requests[CREATE, ("Scheduler", "CreateSchedule")] == 4
    assert (CREATE, ("Lambda", "Invoke")) not in counted.requests


def test_one_machine_asks_of_its_ports_what_memory_does(tmp_path: Path) -> None:
    """Whichever family is measured, it is the same work; and several turns count as one."""
    in_memory = growth_run.measure("memory", 60, 1, lambda: scale_run.in_memory(60, 5_000))
    database = tmp_path / "sentinel.db"
    on_sqlite = growth_run.measure(
        "sqlite", 60, 1, lambda: scale_run.on_sqlite(database, 60, 5_000), database
    )

    assert on_sqlite.calls == in_memory.calls
    sent = [call for call in in_memory.calls if call[1:3] == ("mailer", "send")]
    assert sum(call[-1] for call in sent) >= 1
    assert in_memory.seconds > 0
    assert on_sqlite.stored_bytes > in_memory.stored_bytes == 0
    assert on_sqlite.audience_bytes == 0, "it is in the database"


def test_chunks_that_wait_cost_what_the_reconciler_does_for_them() -> None:
    """At five mails a second the last of 4,000 wait for a quarter of an hour."""
    waiting = scale_run.in_memory(4_000, 5)
    scale_run.run(waiting)

    enqueued_again = [
        call
        for call in waiting.log.calls
        if (call.phase, call.port, call.method) == (scale_run.RECONCILE, "queue", "enqueue")
    ]
    assert enqueued_again
    assert not any(call.port == "open_work" for call in waiting.log.calls), "its looks are apart"


def test_a_segment_that_is_split_is_foretold_to_the_request() -> None:
    """As every large one is; here one of 1,600, for the setting says so."""
    with running_ministack() as endpoint:
        functions = scale_run.on_emulator(
            endpoint, "300000000004", 1_600, 5_000, fan_out_split_above=500
        )
        scale_run.run(functions)
    in_memory = scale_run.in_memory(1_600, 5_000, fan_out_split_above=500)
    scale_run.run(in_memory)

    assert any(call.method == "split" for call in functions.log.calls)
    foretold = Count.of(1_600, in_memory.log.calls, functions.log.costs)
    assert foretold == Count.of(1_600, functions.log.calls, functions.log.costs)
