"""What runs beside the HTTP server.

Starts, jobs, send workers, what the provider tells, webhooks, the schedule ticker, the reconciler,
upkeep.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Any, Protocol, TypeVar

from domain.errors import DependencyFault
from domain.identifiers import CampaignId
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.queue import SendQueue
from domain.ports.start_queue import StartQueue
from domain.priority import Priority
from domain.use_cases.start_campaign import StartCampaign
from entrypoints.containers.core import Core

logger = logging.getLogger(__name__)

SEND_WORKERS = 4
_CHUNKS_A_RECEIVE = 4
_EVENTS_A_RECEIVE = 10
_STARTS_A_RECEIVE = 10
_POLL = timedelta(seconds=1)
_WEBHOOK_SECONDS = 1.0
_WEBHOOK_TIME = timedelta(seconds=5)
"""Of one turn, beside its last round: whoever ends the runner waits for it."""
_FAULT_SECONDS = 1.0
_UPKEEP_SECONDS = 3_600.0
"""What has to go is there for days: an hour more is little."""
_START_TIME = timedelta(seconds=1)
"""Of one start's turn; what is left is queued again. So long does one that is urgent wait for the
fan-out of a million."""
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


@dataclass(frozen=True, slots=True)
class _QueueingInvoker:
    """Implements `domain.ports.invoker.Invoker` for starts that are under way.

    What is left of a large fan-out, and whoever is to join it, waits on the start queue, behind
    what is there: it keeps no thread from those that begin.
    """

    start_queue: StartQueue

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted once it is queued."""
        self.start_queue.put(campaign_id)


class Pumps:
    """Threads that take work until they are stopped; each finishes what it is at."""

    def __init__(self, container: Core) -> None:
        """Nothing runs yet."""
        self._container = container
        self._monotonic: Callable[[], timedelta] = container.family.clock().monotonic
        self._stopping = Event()
        self._threads: list[Thread] = []

    def start_working(self, send_workers: int = SEND_WORKERS) -> None:
        """Begin to start campaigns and to send: in each of any number of processes.

        So many workers for each priority: what is urgent never waits for one that is at a batch of
        something else.
        """
        self._run("start-campaign", self._start_one)
        self._run("start-queue", self._start_queued)
        for number in range(send_workers):
            for priority in Priority:
                self._run(f"send-worker-{priority}-{number}", partial(self._send_some, priority))

    def start_all_else(self, reconcile_seconds: float) -> None:
        """Begin with the rest, of which one process has enough."""
        family = self._container.family
        tick_seconds: float = family.tick_seconds()
        self._run("run-job", self._run_job)
        self._run("provider-events", self._record_some)
        self._run("webhooks", self._every(_WEBHOOK_SECONDS, self._tell_webhooks))
        self._run("ticker", self._every(tick_seconds, family.ticker().tick))
        self._run("reconciler", self._every(reconcile_seconds, self._container.reconcile()))
        upkeep: Callable[[], object] | None = family.upkeep()
        if upkeep is not None:
            self._run("upkeep", self._every(_UPKEEP_SECONDS, upkeep))

    def drain(self, within: timedelta) -> None:
        """Take no more work, and return once all that was taken is done, or after `within`.

        What is under way by then is cut off with the process, as by any crash.
        """
        self._stopping.set()
        deadline = self._monotonic() + within
        for thread in self._threads:
            # One that has not begun yet finds that it is not to.
            if thread.is_alive():
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
        start = self._start_campaign()
        _run_next(self._container.family.started(), lambda request: start(request, _START_TIME))

    def _start_queued(self) -> None:
        queue: StartQueue = self._container.family.start_queue()
        deliveries = queue.receive(_STARTS_A_RECEIVE, _POLL)
        if deliveries:
            start_batch = self._container.start_batch(start=self._start_campaign())
            # A turn each: of one for all a large fan-out would take the whole, again and again.
            turns = [start_batch([delivery], _START_TIME) for delivery in deliveries]
            queue.acknowledge([done for turn in turns for done in turn])

    def _start_campaign(self) -> StartCampaign:
        rest = _QueueingInvoker(self._container.family.start_queue())
        return self._container.start_campaign(invoker=rest)

    def _run_job(self) -> None:
        run_job = self._container.run_job()
        _run_next(self._container.family.invoked_jobs(), lambda run: run_job(run, _JOB_TIME))

    def _send_some(self, priority: Priority) -> None:
        family = self._container.family
        queue: SendQueue = family.queue()
        deliveries = queue.receive(_CHUNKS_A_RECEIVE, _POLL, priority)
        if deliveries:
            mailer = family.urgent_mailer() if priority is Priority.URGENT else family.mailer()
            # At a slow rate what was received takes longer than whoever ends the runner waits.
            send_chunks = self._container.send_chunks(
                mailer=mailer, is_ending=self._stopping.is_set
            )
            queue.acknowledge(self._container.send_batch(send_chunks=send_chunks)(deliveries))

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
