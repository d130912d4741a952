"""Sentinel on one SQLite file and any mail server: real processes, killed as they come."""

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.contracts.smtp_inbox import smtp_inbox
from tests.integration.command_line import CommandLine
from tests.integration.one_machine import (
    SHORT_SENDS,
    WORKERS,
    OneMachine,
    all_workers_of,
    create,
    is_running,
    kill,
    sample,
)
from tests.integration.process_clock import ROOT, ProcessClock
from tests.integration.runner import Runner, running
from tests.integration.test_outbox import VIPS
from tests.integration.test_runner_refuses import fault
from tests.integration.waiting import wait_for

IMMEDIATE = {"outcome": "accepted", "path": "immediate"}
"""Labels of the mails that these tests count."""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[OneMachine]:
    """With nothing on it yet."""
    with smtp_inbox() as inbox:
        yield OneMachine(tmp_path, inbox)


def under_way(machine: OneMachine) -> None:
    """Return once a tenth of the VIPs have their mail."""
    wait_for(
        lambda: len(machine.inbox.received) > len(VIPS) / 10 or None,
        what="a campaign under way",
    )


def check_each_once_or_unknown(machine: OneMachine, runner: Runner, campaign_id: str) -> None:
    """Nobody twice; whoever has none is listed, and so is whoever may have one."""
    counts = runner.sent(campaign_id)["counts"]
    unknown = {each["address"] for each in runner.recipients(campaign_id, "unknown")}
    mailed = machine.mailed()

    assert set(mailed.values()) == {1}
    assert VIPS - set(mailed) <= unknown
    assert counts["recipients"] == counts["sent"] + counts["unknown"] == len(VIPS)


def test_a_campaign_goes_out_by_the_mail_server(machine: OneMachine) -> None:
    """By several processes; each person once, and the metrics of all processes say so."""
    with machine.running() as runner:
        campaign_id = create(runner)
        campaign = runner.sent(campaign_id)

        assert sample(runner, "sentinel_workers_alive") == WORKERS
        # Each worker counts what it recorded: the other may have ended the campaign by then.
        wait_for(
            lambda: sample(runner, "sentinel_mails_total", **IMMEDIATE) == len(VIPS) or None,
            what="every mail is counted",
        )
        assert sample(runner, "sentinel_dead_letters", source="send") == 0
        wait_for(
            lambda: sample(runner, "sentinel_send_queue_messages", priority="normal") == 0 or None,
            what="an empty queue",
        )
    assert campaign["counts"]["sent"] == len(VIPS)
    assert machine.mailed() == Counter(VIPS)


def test_a_worker_that_is_killed_is_replaced_and_nobody_is_mailed_twice(
    machine: OneMachine,
) -> None:
    """What it was at ends as it did, or is listed as unknown."""
    with machine.running(SEND_RATE="200", **SHORT_SENDS) as runner:
        killed = all_workers_of(runner)[0]
        campaign_id = create(runner)
        under_way(machine)
        kill(killed)

        check_each_once_or_unknown(machine, runner, campaign_id)
        wait_for(
            lambda: sample(runner, "sentinel_worker_restarts_total") == 1 or None,
            what="its end is noticed",
        )
        assert killed not in all_workers_of(runner)


def test_whoever_takes_the_place_of_a_worker_counts_on_in_its_files(machine: OneMachine) -> None:
    """Nothing counted is lost, and however many die, what is looked at is what it was."""
    restarts, mails = "sentinel_worker_restarts_total", "sentinel_mails_total"
    with machine.running() as runner:
        files = counts_of(machine)
        runner.sent(create(runner))
        # Who was killed before would not have counted the last.
        wait_for(
            lambda: sample(runner, mails, **IMMEDIATE) == len(VIPS) or None,
            what="every mail is counted",
        )

        for killed in all_workers_of(runner):
            kill(killed)
        wait_for(lambda: sample(runner, restarts) == WORKERS or None, what=restarts)
        runner.sent(create(runner))

        wait_for(
            lambda: sample(runner, mails, **IMMEDIATE) == 2 * len(VIPS) or None,
            what="every mail is counted, once",
        )
        assert counts_of(machine) == files


def counts_of(machine: OneMachine) -> Mapping[str, int]:
    """The files that its processes count in, and how long they are."""
    directory = machine.directory / "sentinel.db.metrics"
    return {each.name: each.stat().st_size for each in directory.iterdir()}


def test_a_runner_that_is_killed_goes_on_where_it_was(machine: OneMachine) -> None:
    """Its workers notice and end, the next run waits for them; it fires what was scheduled."""
    clock = ProcessClock.at(machine.directory / "offset")
    with machine.running(SEND_RATE="200", **SHORT_SENDS, **clock.environment) as runner:
        at = clock.now() + timedelta(minutes=10)
        later = create(runner, schedule_at=at.isoformat())
        campaign_id = create(runner)
        workers = all_workers_of(runner)
        under_way(machine)
        kill(runner.process.pid)
        runner.process.wait()

    with machine.running(DEMO_DATA="false", **SHORT_SENDS, **clock.environment) as runner:
        # The lock goes before the last of a process does.
        wait_for(lambda: not any(map(is_running, workers)) or None, what="they ended")
        check_each_once_or_unknown(machine, runner, campaign_id)
        assert runner.campaign(later)["state"] == "scheduled"
        machine.inbox.received.clear()
        clock.set_to_just_before(at)
        campaign = runner.sent(later)

    assert campaign["execution_path"] == "scheduled"
    assert datetime.fromisoformat(campaign["started_at"]) >= at
    assert set(machine.mailed().values()) == {1}
    assert machine.mailed().total() == campaign["counts"]["recipients"]


def test_sigterm_drains_it(machine: OneMachine) -> None:
    """Status 0, nothing in doubt, no process left, the mail server told; the next run goes on.

    Though a worker has more of it at hand than it can send before it would be cut off.
    """
    with machine.running(SEND_RATE="10") as runner:
        campaign_id = create(runner)
        workers = all_workers_of(runner)
        under_way(machine)
        runner.end(signal.SIGTERM)
        assert not any(map(is_running, workers))
        assert "Cut off" not in runner.log.read_text()
    assert 0 < machine.mailed().total() < len(VIPS)
    # It is told within a second, and may hear it later.
    wait_for(
        lambda: machine.inbox.left == machine.inbox.connections > 0 or None,
        what="each connection was taken leave of",
    )

    with machine.running(DEMO_DATA="false") as runner:
        counts = runner.sent(campaign_id)["counts"]

    assert counts["sent"] == len(VIPS)
    assert machine.mailed() == Counter(VIPS)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens at, and that nobody else is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_mail_server_that_is_down_is_told_of_and_waited_for(machine: OneMachine) -> None:
    """By whatever shows the campaign; nobody has to do anything once it is there again."""
    with (
        closed_port() as port,
        machine.running(SMTP_URL=f"smtp://127.0.0.1:{port}") as runner,
    ):
        told = "The mail server takes no mails now: "
        wait_for(lambda: told in runner.output.read_text() or None, what="it is told of at once")
        campaign_id = create(runner)
        reason = wait_for(lambda: runner.campaign(campaign_id)["not_sent_reason"], what="a reason")
        shown = CommandLine(str(runner.client.base_url)).run("campaigns", "show", campaign_id)
    where = f"127.0.0.1:{port}"
    assert reason == f"no connection to the SMTP server {where}: ConnectionRefusedError"
    assert shown.members["Not sent for"] == reason
    assert f"{told}{reason}" in runner.output.read_text()

    with machine.running(DEMO_DATA="false") as runner:
        campaign = runner.sent(campaign_id)
        assert told not in runner.output.read_text()

    assert campaign["not_sent_reason"] is None
    assert machine.mailed() == Counter(VIPS)


def test_a_second_runner_on_the_file_is_refused(machine: OneMachine, tmp_path: Path) -> None:
    """It says which process has it; the first goes on undisturbed."""
    second = tmp_path / "second"
    second.mkdir()
    with machine.running() as runner:
        printed = fault(second, **machine.environment)

        assert printed.startswith(f"DATABASE: process {runner.process.pid} runs Sentinel on ")
        all_workers_of(runner)


def test_without_a_mail_server_the_mails_are_in_the_outbox(tmp_path: Path) -> None:
    """As with every other backend, for whoever tries it out; the rest is in the file."""
    environment = {"BACKEND": "sqlite", "DATABASE": str(tmp_path / "sentinel.db")}
    with running(tmp_path, **environment) as runner:
        campaign_id = create(runner)
        runner.sent(campaign_id)

        mails = runner.outbox(campaign_id, limit=500)
        assert Counter(mail["to"] for mail in mails) == Counter(VIPS)

    with running(tmp_path, DEMO_DATA="false", **environment) as runner:
        assert runner.campaign(campaign_id)["counts"]["sent"] == len(VIPS)


def test_a_service_lets_nobody_in_without_a_key(machine: OneMachine) -> None:
    """Not to the metrics either; its keys are issued into its database, and nobody restarts it."""
    with machine.running(
        REQUIRE_API_KEYS="true", SEND_RATE="100", PUBLIC_URL="https://mail.sentinel.example"
    ) as runner:
        key = issued_key(machine, "operations:read")
        authorization = {"Authorization": f"Bearer {key}"}

        without = [runner.client.get(path).status_code for path in ("/metrics", "/v1/campaigns")]
        assert without == [HTTPStatus.UNAUTHORIZED] * 2
        metrics = runner.client.get("/metrics", headers=authorization)
        assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
        for path, status in {
            "/metrics": HTTPStatus.OK,
            "/v1/dead-letters": HTTPStatus.OK,
            "/v1/campaigns": HTTPStatus.FORBIDDEN,
            "/_local/outbox": HTTPStatus.NOT_FOUND,
        }.items():
            assert runner.client.get(path, headers=authorization).status_code == status


def issued_key(machine: OneMachine, *scopes: str) -> str:
    """As `make api-key BACKEND=sqlite` prints it first."""
    return run(machine, "entrypoints.deployment.api_keys", "issue", *scopes).split()[0]


def run(machine: OneMachine, module: str, *arguments: str) -> str:
    """What a command of the operator's prints."""
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **machine.environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_backup_of_a_database_in_use_has_all_of_it(machine: OneMachine, tmp_path: Path) -> None:
    """It is sound, and Sentinel goes on from it."""
    copy = tmp_path / "copy.db"
    with machine.running() as runner:
        campaign_id = create(runner)
        runner.sent(campaign_id)
        assert "whole and checked" in run(machine, "entrypoints.local.upkeep", "backup", str(copy))
        assert run(machine, "entrypoints.local.upkeep", "check").endswith("is sound.\n")

    with machine.running(DEMO_DATA="false", DATABASE=str(copy)) as runner:
        assert runner.campaign(campaign_id)["counts"]["sent"] == len(VIPS)
