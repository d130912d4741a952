"""Dead letters in SQLite: of every queue in one table."""

import json
from collections.abc import Callable, Mapping, Sequence

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.dead_letter_rows import (
    DeadLetterRow,
    delete_dead_letter,
    select_dead_letters,
)
from adapters.sqlite.invoker import body_to_start
from adapters.sqlite.job_invoker import body_to_run
from adapters.sqlite.message_rows import insert_messages
from adapters.sqlite.queue import body_to_chunk
from adapters.sqlite.records import UNREADABLE, encode
from adapters.sqlite.times import from_column
from domain.dead_letter import SEND_QUEUES, DeadLetter, DeadLetterSource, ProviderReport, Work
from domain.ports.clock import Clock

_MOST = 1_000
_QUEUES: Mapping[DeadLetterSource, DeadLetterSource] = {
    DeadLetterSource.SCHEDULE: DeadLetterSource.START,
    DeadLetterSource.START_QUEUE: DeadLetterSource.START,
}
"""Where work goes back to, if not to the queue that gave it up: a start is invoked, whoever asked
for it."""


class SqliteDeadLetters:
    """Implements `domain.ports.dead_letters.DeadLetters`."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        """Over a shared database."""
        self._database = database
        self._clock = clock

    def all(self) -> Sequence[DeadLetter]:
        """Looking changes nothing."""
        with self._database.reading() as connection:
            return [
                _letter(source, row)
                for source in DeadLetterSource
                for row in select_dead_letters(connection, source, _MOST)
            ]

    def replay(self, letter: DeadLetter) -> None:
        """Back on its queue and no dead letter any more, in one transaction."""
        if letter.work is None:
            raise ValueError("not a message of Sentinel")
        with self._database.writing() as connection:
            queue = _QUEUES.get(letter.source, letter.source)
            insert_messages(connection, queue, [_body(letter.work)], self._clock.now())
            delete_dead_letter(connection, _number(letter))

    def discard(self, letter: DeadLetter) -> None:
        """By its id."""
        with self._database.writing() as connection:
            delete_dead_letter(connection, _number(letter))


def _body(work: Work) -> str:
    return work.body if isinstance(work, ProviderReport) else encode(work)


def _body_to_report(body: str) -> ProviderReport:
    # Whether it tells of Sentinel's mails, whoever takes it in says.
    json.loads(body)
    return ProviderReport(body)


_READERS: Mapping[DeadLetterSource, Callable[[str], Work]] = {
    **dict.fromkeys(SEND_QUEUES.values(), body_to_chunk),
    DeadLetterSource.START: body_to_start,
    DeadLetterSource.START_QUEUE: body_to_start,
    DeadLetterSource.SCHEDULE: body_to_start,
    DeadLetterSource.JOB: body_to_run,
    DeadLetterSource.PROVIDER_EVENTS: _body_to_report,
}


def _letter(source: DeadLetterSource, row: DeadLetterRow) -> DeadLetter:
    work: Work | None
    reason = row.reason
    try:
        work = _READERS[source](row.body)
    except json.JSONDecodeError:
        work, reason = None, "cannot be read: not JSON"
    except UNREADABLE:
        # Their texts may repeat what is in it.
        work, reason = None, "cannot be read: JSON of another shape"
    return DeadLetter(
        source=source,
        message_id=f"{source}-{row.message_id}",
        work=work,
        reason=reason,
        first_sent_at=from_column(row.sent_at),
        receives=row.receives,
    )


def _number(letter: DeadLetter) -> int:
    return int(letter.message_id.rpartition("-")[2])
