"""The lock of a runner, and what is left of one that was killed: real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.errors import DependencyRefused
from entrypoints.local.run_lock import run_lock
from tests.contracts.full_disk import no_file_longer_than
from tests.integration.process_clock import ROOT

HOLDING = """
import subprocess, sys
from pathlib import Path
from entrypoints.local.run_lock import run_lock
with run_lock(Path(sys.argv[1]), 1, print) as lock:
    worker = subprocess.Popen(["cat"], pass_fds=(lock,))
    print("taken", flush=True)
    worker.wait()
"""
"""A runner with one worker, which ends with what it reads."""


@contextmanager
def holding(database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the lock, and whose worker has it, too."""
    with subprocess.Popen(  # noqa: S603  our own interpreter
        [sys.executable, "-c", HOLDING, str(database)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        yield process


def test_a_runner_that_lives_is_named_and_not_waited_for(tmp_path: Path) -> None:
    """Nothing is said of workers that could end."""
    database, said = tmp_path / "sentinel.db", list[str]()

    with (
        holding(database) as process,
        pytest.raises(DependencyRefused, match=f"process {process.pid} runs Sentinel on "),
        run_lock(database, 30, said.append),
    ):
        pass

    assert said == []


def test_a_disk_that_takes_nothing_is_told_with_the_variable(tmp_path: Path) -> None:
    """And nobody is kept out by it."""
    database = tmp_path / "sentinel.db"

    with (
        no_file_longer_than(0),
        pytest.raises(DependencyRefused, match=r"^DATABASE: .*\.lock: "),
        run_lock(database, 1, print),
    ):
        pass

    with run_lock(database, 0, print):
        pass


def test_workers_of_a_killed_runner_are_waited_for_before_anybody_asked_for_its_status(
    tmp_path: Path,
) -> None:
    """Who supervises it may do that later than it starts the next."""
    database, said = tmp_path / "sentinel.db", list[str]()
    with holding(database) as process:
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        def end_its_worker(text: str) -> None:
            said.append(text)
            assert process.stdin is not None
            process.stdin.close()

        with run_lock(database, 30, end_its_worker):
            assert (tmp_path / "sentinel.db.lock").read_text() == str(os.getpid())

    assert said == [f"Waiting for workers of an earlier run on {database} to end…"]
