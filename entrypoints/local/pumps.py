"""What runs beside the HTTP server.

Starts, jobs, send workers, what the provider tells, webhooks, the schedule ticker, the reconciler.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any, Protocol, TypeVar

from domain.errors import DependencyFault
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.queue import SendQueue
from entrypoints.containers.core import Core

logger = logging.getLogger(__name__)

SEND_WORKERS = 4
_CHUNKS_A_RECEIVE = 2
_EVENTS_A_RECEIVE = 10
_POLL = timedelta(seconds=1)
_WEBHOOK_SECONDS = 1.0
_WEBHOOK_TIME = timedelta(seconds=5)
"""Of one turn, beside its last round: whoever ends the runner waits for it."""
_FAULT_SECONDS = 1.0
_START_TIME = timedelta(seconds=20)
"""Of one turn of a start; then it is invoked again."""
_JOB_TIME = timedelta(seconds=20)
"""Of one turn of a job, most of which is its reserve: whoever ends the runner waits for a turn."""


class _Invocation(Protocol):
    """One that was taken."""

    @property
    def work(self) -> Any:  # noqa: ANN401  a start's, or a job's
        """What it asks for."""
        ...


Taken = TypeVar("Taken", bound=_Invocation)


class _Invocations(Protocol[Taken]):
    """What was invoked: each that is taken ends with `done` or `failed`."""

    def take(self, wait: timedelta) -> Taken | None:
        """None if none came within `wait`."""
        ...

    def done(self, invocation: Taken) -> None:
        """It is not run again."""
        ...

    def failed(self, invocation: Taken, error: str) -> None:
        """It may be."""
        ...


class Pumps:
    """Threads that take work until they are stopped; each finishes what it is at."""

    def __init__(self, container: Core) -> None:
        """Nothing runs yet."""
        self._container = container
        self._monotonic: Callable[[], timedelta] = container.family.clock().monotonic
        self._stopping = Event()
        self._threads: list[Thread] = []

    def start_working(self, send_workers: int = SEND_WORKERS) -> None:
        """Begin to start campaigns and to send: in each of any number of processes."""
        self._run("start-campaign", self._start_one)
        for number in range(send_workers):
            self._run(f"send-worker-{number}", self._send_some)

    def start_all_else(self, reconcile_seconds: float) -> None:
        """Begin with the rest, of which one process has enough."""
        family = self._container.family
        tick_seconds: float = family.tick_seconds()
        self._run("run-job", self._run_job)
        self._run("provider-events", self._record_some)
        self._run("webhooks", self._every(_WEBHOOK_SECONDS, self._tell_webhooks))
        self._run("ticker", self._every(tick_seconds, family.ticker().tick))
        self._run("reconciler", self._every(reconcile_seconds, self._container.reconcile()))

    def drain(self, within: timedelta) -> None:
        """Take no more work, and return once all that was taken is done, or after `within`.

        What is under way by then is cut off with the process, as by any crash.
        """
        self._stopping.set()
        deadline = self._monotonic() + within
        for thread in self._threads:
            thread.join(max((deadline - self._monotonic()).total_seconds(), 0))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            logger.error("Cut off after %s: %s", within, ", ".join(late))

    def _run(self, name: str, step: Callable[[], object]) -> None:
        thread = Thread(target=self._loop, args=(step,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _loop(self, step: Callable[[], object]) -> None:
        while not self._stopping.is_set():
            try:
                step()
            except DependencyFault as fault:
                logger.warning("A dependency failed: %s", fault)
                self._stopping.wait(_FAULT_SECONDS)
            except Exception:
                # One defect must not stop the pump: what it was at is found by the reconciler.
                logger.exception("A step failed")
                self._stopping.wait(_FAULT_SECONDS)

    def _every(self, seconds: float, step: Callable[[], object]) -> Callable[[], object]:
        def then_wait() -> object:
            step()
            return self._stopping.wait(seconds)

        return then_wait

    def _start_one(self) -> None:
        start = self._container.start_campaign()
        _run_next(self._container.family.started(), lambda request: start(request, _START_TIME))

    def _run_job(self) -> None:
        run_job = self._container.run_job()
        _run_next(self._container.family.invoked_jobs(), lambda run: run_job(run, _JOB_TIME))

    def _send_some(self) -> None:
        queue: SendQueue = self._container.family.queue()
        deliveries = queue.receive(_CHUNKS_A_RECEIVE, _POLL)
        if deliveries:
            queue.acknowledge(self._container.send_batch()(deliveries))

    def _tell_webhooks(self) -> None:
        self._container.announce_changes()()
        self._container.deliver_webhooks()(_WEBHOOK_TIME)

    def _record_some(self) -> None:
        told: ProviderEventQueue = self._container.family.provider_events()
        deliveries = told.receive(_EVENTS_A_RECEIVE, _POLL)
        if deliveries:
            told.acknowledge(self._container.record_provider_events()(deliveries))


def _run_next(invocations: _Invocations[Taken], run: Callable[[Any], None]) -> None:
    """The longest waiting invocation. Raises what `run` raises, and it is tried again."""
    invocation = invocations.take(_POLL)
    if invocation is None:
        return
    try:
        run(invocation.work)
    except Exception as error:
        # Its name only: the text of a defect may hold anything.
        invocations.failed(invocation, type(error).__name__)
        raise
    invocations.done(invocation)
