"""A process that uses a database, as tests tell it to; it says on stdout how far it is.

python -m tests.contracts.sqlite_process COMMAND DATABASE
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.invoker import SqliteInvoker
from adapters.sqlite.object_store import SqliteObjectStore
from adapters.sqlite.queue import SqliteSendQueue
from adapters.sqlite.scheduler import SqliteScheduler
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.chunk import ChunkRef
from domain.errors import VersionConflict
from domain.priority import Priority
from tests.contracts.examples import CAMPAIGN_ID, claimed
from tests.contracts.settable_clock import SettableClock

BATCH = 10
"""Messages that are put and acknowledged together."""
UPLOADED = "imports/imp_1/contacts.csv"


def enqueue(database: SqliteDatabase) -> None:
    """Batch after batch, each told once it is there."""
    queue = SqliteSendQueue(database, SystemClock())
    for number in count():
        queue.enqueue(
            [ChunkRef(CAMPAIGN_ID, number, each) for each in range(BATCH)], Priority.NORMAL
        )
        say(number)


def acknowledge(database: SqliteDatabase) -> None:
    """One after the other, each told once it is gone."""
    queue = SqliteSendQueue(database, SystemClock())
    while deliveries := queue.receive(1, timedelta(), Priority.NORMAL):
        queue.acknowledge(deliveries)
        say(deliveries[0].chunk.number)


def halt(database: SqliteDatabase) -> None:
    """In the middle of a transaction."""
    with database.writing() as connection:
        connection.execute("DELETE FROM campaigns")
        connection.execute("DELETE FROM chunks")
        say("half")
        sys.stdin.readline()


def claim(database: SqliteDatabase) -> None:
    """The first chunk at each word from stdin, by the version that was read before it came."""
    chunks = SqliteChunkRepository(database)
    while True:
        found = chunks.load(ChunkRef(CAMPAIGN_ID, 0, 0))
        assert found is not None
        _, chunk = found
        say("ready")
        attempt = sys.stdin.readline().strip()
        if not attempt:
            return
        try:
            chunks.save(claimed(chunk, attempt), chunk)
        except VersionConflict:
            say("lost")
        else:
            say("won")


def fire(database: SqliteDatabase) -> None:
    """Every schedule that there is, a few in each tick, which is told."""
    scheduler = SqliteScheduler(database, SettableClock(datetime.max.replace(tzinfo=UTC)))
    while fired := scheduler.tick(limit=7):
        say(len(fired))


def take(database: SqliteDatabase) -> None:
    """An invocation, and never end it."""
    invocation = SqliteInvoker(database, SettableClock()).take(timedelta())
    assert invocation is not None
    say(invocation.work.campaign_id)
    sys.stdin.readline()


def upload(database: SqliteDatabase) -> None:
    """Half of an object."""
    store = SqliteObjectStore(database, SystemClock(), SystemIds(), "http://x/files")
    with store.writing(UPLOADED) as file:
        file.write(b"new")
        file.flush()
        say("half")
        sys.stdin.readline()


def say(what: object) -> None:
    """A line, at once."""
    print(what, flush=True)  # noqa: T201  what the test reads


COMMANDS: dict[str, Callable[[SqliteDatabase], None]] = {
    each.__name__: each for each in (enqueue, acknowledge, halt, claim, fire, take, upload)
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](SqliteDatabase(Path(sys.argv[2])))
