"""Processes that start campaigns and send mail, and their supervisor."""

import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Event, Lock, Thread, Timer
from typing import IO, Protocol

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "entrypoints.local.worker")
"""What the number of the worker follows."""
_FIRST_PAUSE = timedelta(seconds=0.5)
_LONGEST_PAUSE = timedelta(seconds=30)
_GOOD_LIFE = timedelta(minutes=1)
"""A worker that lived so long did not die of what it begins with."""


class WorkerMetrics(Protocol):
    """Is told of workers."""

    def alive(self, count: int) -> None:
        """So many there are now."""
        ...

    def restarted(self) -> None:
        """One ended that nobody had asked to."""
        ...


class Workers:
    """So many processes until they are drained: who ends is started again.

    The standard input of each is a pipe that nobody writes to. It ends when this process drains,
    and also when it is killed: then the worker finishes what it is at, and ends.
    """

    def __init__(
        self,
        count: int,
        environment: Mapping[str, str],
        inherited: int,
        monotonic: Callable[[], timedelta],
        metrics: WorkerMetrics,
    ) -> None:
        """None runs yet; each gets the file descriptor `inherited`."""
        self._environment = dict(environment)
        self._inherited = inherited
        self._monotonic = monotonic
        self._metrics = metrics
        self._draining = Event()
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._killer: Timer | None = None
        self._threads = [
            # Daemons: whatever ends the runner without a drain ends its workers, by their pipes.
            Thread(target=self._supervise, args=(number,), name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def begin_to_drain(self, within: timedelta) -> None:
        """Each finishes what it is at, takes no more and ends; none is started again.

        Those that take longer than `within` are killed: what they were at is found by the
        reconciler, as after any crash.
        """
        with self._lock:
            self._draining.set()
            for process in self._running:
                _input_of(process).close()
        self._killer = Timer(within.total_seconds(), self._kill)
        self._killer.start()

    def wait_until_drained(self) -> None:
        """Return once all have ended."""
        for thread in self._threads:
            # One that has not begun yet finds that it is not to.
            if thread.is_alive():
                thread.join()
        if self._killer is not None:
            self._killer.cancel()

    def _supervise(self, number: int) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = self._monotonic()
            end = self._run_one(number)
            if self._draining.is_set():
                return
            lived = self._monotonic() - began
            pause = _FIRST_PAUSE if lived > _GOOD_LIFE else min(2 * pause, _LONGEST_PAUSE)
            logger.error(
                "Worker %d %s; another starts in %.1f s",
                number,
                end,
                pause.total_seconds(),
            )
            self._metrics.restarted()
            self._draining.wait(pause.total_seconds())

    def _run_one(self, number: int) -> str:
        """Until it has ended: what became of it."""
        try:
            process = self._started(number)
        except OSError as error:
            # No memory, no process more: there may be later.
            return f"could not be started ({error.strerror})"
        if process is None:
            return "was not to be started"
        status = process.wait()
        self._forget(process)
        return f"ended with status {status}"

    def _started(self, number: int) -> subprocess.Popen[bytes] | None:
        """A new process; None once they are to end. Raises OSError."""
        with self._lock:
            if self._draining.is_set():
                return None
            process = subprocess.Popen(  # noqa: S603  our own module
                (*COMMAND, str(number)),
                env=self._environment,
                stdin=subprocess.PIPE,
                pass_fds=(self._inherited,),
                start_new_session=True,  # Ctrl-C is the runner's, which tells them by the pipe
            )
            self._running.add(process)
            self._metrics.alive(len(self._running))
            return process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            _input_of(process).close()
            self._running.discard(process)
            self._metrics.alive(len(self._running))

    def _kill(self) -> None:
        with self._lock:
            for process in self._running:
                logger.error("A worker did not drain in time and is killed")
                process.kill()


def _input_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdin is None:
        raise RuntimeError("It was started with a pipe.")
    return process.stdin
