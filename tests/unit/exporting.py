"""Exports of contacts on the memory adapters, and processes that are killed in the middle."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.jobs import MemoryJobRepository
from adapters.memory.object_store import MemoryObjectStore
from domain.contact import ContactDraft
from domain.contact_export import ContactExport
from domain.identifiers import JobId, SegmentId
from domain.job import LEASE, JobState
from domain.merge_fields import FieldValue
from domain.rule import read_rule
from domain.segment import Segment
from domain.use_cases.cancel_export import CancelExport
from domain.use_cases.create_export import CreateExport
from domain.use_cases.read_export import ReadExport, stored_export
from domain.use_cases.run_export import PART_BYTES, RunExport
from tests.unit.faults import Died
from tests.unit.sentinel import Sentinel

PORTS = ("jobs", "segments", "contacts", "suppressions", "object_store", "job_invoker")


class Exporting(Sentinel):
    """Every adapter is an attribute that a test may replace."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.jobs: Any = MemoryJobRepository(self.database)
        self.job_invoker: Any = MemoryJobInvoker()
        self.object_store: Any = MemoryObjectStore(self.clock, self.ids, "http://127.0.0.1:1/files")
        self.part_bytes = PART_BYTES
        self.page_size = 500

    @property
    def create_export(self) -> CreateExport:
        """The use case."""
        return CreateExport(
            jobs=self.jobs,
            segments=self.segments,
            contacts=self.contacts,
            job_invoker=self.job_invoker,
            clock=self.clock,
            ids=self.ids,
        )

    @property
    def run_export(self) -> RunExport:
        """The use case."""
        return RunExport(
            jobs=self.jobs,
            segments=self.segments,
            contacts=self.contacts,
            suppressions=self.suppressions,
            object_store=self.object_store,
            job_invoker=self.job_invoker,
            clock=self.clock,
            ids=self.ids,
            part_bytes=self.part_bytes,
            page_size=self.page_size,
        )

    @property
    def read_export(self) -> ReadExport:
        """The use case."""
        return ReadExport(jobs=self.jobs, object_store=self.object_store, clock=self.clock)

    @property
    def cancel_export(self) -> CancelExport:
        """The use case."""
        return CancelExport(jobs=self.jobs, object_store=self.object_store, clock=self.clock)

    def add_people(self, *people: Mapping[str, FieldValue]) -> None:
        """person-0@example.com with the first fields, and so on."""
        for number, fields in enumerate(people):
            self.add_person(number, fields)

    def add_person(self, number: int, fields: Mapping[str, FieldValue]) -> None:
        """One of them."""
        self.contacts.put([ContactDraft.of(f"person-{number}@example.com", fields)])

    def add_rule(self, rule: Mapping[str, object], name: str = "some") -> SegmentId:
        """A segment by a rule, under its name."""
        segment_id = SegmentId(name)
        self.segments.add(
            Segment(
                segment_id=segment_id,
                name=name,
                created_at=self.clock.now(),
                rule=read_rule(rule),
            )
        )
        return segment_id

    def export(self, job_id: JobId) -> ContactExport:
        """As stored."""
        return stored_export(self.jobs, job_id)

    def work(self, job_id: JobId, time_left: timedelta | None = None) -> None:
        """One invocation."""
        self.run_export(self.export(job_id), time_left)

    def finish(self, job_id: JobId, time_left: timedelta | None = None) -> ContactExport:
        """One invocation after the other, each after the lease of the one before."""
        while self.export(job_id).state is JobState.RUNNING:
            self.work(job_id, time_left)
            self.clock.sleep(LEASE)
        return self.export(job_id)

    def file(self, job_id: JobId) -> bytes:
        """What was exported."""
        name = self.export(job_id).object_name
        size = self.object_store.size(name)
        assert size is not None
        content: bytes = self.object_store.read(name, 0, size)
        return content

    def table(self, job_id: JobId) -> list[dict[str, str]]:
        """The same, as a program reads it."""
        text = self.file(job_id).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def made(self, **asked: Any) -> list[dict[str, str]]:  # noqa: ANN401  what is asked for
        """The lines of a new export."""
        job_id = self.create_export(**asked).job_id
        assert self.finish(job_id).state is JobState.FINISHED
        return self.table(job_id)

    def objects(self) -> Sequence[str]:
        """What is stored, parts of files that are not made yet included."""
        return sorted(path.name for path in self.object_store.directory.iterdir())


def die() -> None:
    """The process is gone."""
    raise Died


class Life:
    """Of a process: something happens before, or after, the call of that number; None: nothing."""

    def __init__(
        self, at: int | None, *, after: bool = False, happens: Callable[[], object] = die
    ) -> None:
        """Calls are counted from 0."""
        self._at = at
        self._after = after
        self._happens = happens
        self.calls = 0

    def call(self, act: Callable[[], object]) -> object:
        """Unless it is over."""
        number, self.calls = self.calls, self.calls + 1
        if number == self._at and not self._after:
            self._happens()
        answer = act()
        if number == self._at and self._after:
            self._happens()
        return answer


class Mortal:
    """A port whose every call may be the last of the process."""

    def __init__(self, port: Any, life: Life) -> None:  # noqa: ANN401  any port
        """`life` is shared by all ports of the process."""
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the port has
        """Its method."""
        method = getattr(self._port, name)
        return lambda *args, **kwargs: self._life.call(lambda: method(*args, **kwargs))


def mortal(sentinel: Exporting, life: Life) -> Callable[[], None]:
    """Put `life` into every port; returns what takes it out again."""
    ports = {name: getattr(sentinel, name) for name in PORTS}
    for name, port in ports.items():
        setattr(sentinel, name, Mortal(port, life))

    def immortal() -> None:
        for name, port in ports.items():
            setattr(sentinel, name, port)

    return immortal
