"""What runs beside the HTTP server.

Starts, jobs, send workers, what the provider tells, webhooks, the schedule ticker, the reconciler.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

from domain.errors import DependencyFault
from domain.job_run import Run
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.queue import SendQueue
from domain.start import StartRequest
from entrypoints.containers.core import Core

logger = logging.getLogger(__name__)

SEND_WORKERS = 4
_CHUNKS_A_RECEIVE = 2
_EVENTS_A_RECEIVE = 10
_POLL = timedelta(seconds=1)
_TICK_SECONDS = 0.25
"""So that a due schedule starts within a second."""
_WEBHOOK_SECONDS = 1.0
_WEBHOOK_TIME = timedelta(seconds=5)
"""Of one turn, beside its last round: whoever ends the runner waits for it."""
_FAULT_SECONDS = 1.0
_JOB_TIME = timedelta(seconds=20)
"""Of one turn of a job, most of which is its reserve: whoever ends the runner waits for a turn."""


class Pumps:
    """Threads that take work until they are stopped; each finishes what it is at."""

    def __init__(self, container: Core, reconcile_seconds: float = 10) -> None:
        """Nothing runs yet."""
        self._container = container
        self._reconcile_seconds = reconcile_seconds
        self._stopping = Event()
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Begin to take work."""
        family = self._container.family
        self._run("start-campaign", self._start_one)
        self._run("run-job", self._run_job)
        for number in range(SEND_WORKERS):
            self._run(f"send-worker-{number}", self._send_some)
        self._run("provider-events", self._record_some)
        self._run("webhooks", self._every(_WEBHOOK_SECONDS, self._tell_webhooks))
        self._run("ticker", self._every(_TICK_SECONDS, family.ticker().tick))
        self._run("reconciler", self._every(self._reconcile_seconds, self._container.reconcile()))

    def drain(self) -> None:
        """Take no more work, and return once all that was taken is done."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str, step: Callable[[], object]) -> None:
        thread = Thread(target=self._loop, args=(step,), name=name)
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
        request: StartRequest | None = self._container.family.started().take(_POLL)
        if request is not None:
            self._container.start_campaign()(request)

    def _run_job(self) -> None:
        run: Run | None = self._container.family.invoked_jobs().take(_POLL)
        if run is not None:
            self._container.run_job()(run, _JOB_TIME)

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
