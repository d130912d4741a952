"""One measurement of `make bench-growth`, in a process of its own: what it takes, as JSON.

    python -m benchmarks.growth_run memory --recipients 1000

With `--campaigns` so many are due at the same moment. Over SQLite the people are put into the
database by a process of their own, `fill`, so that the other's memory is the campaign's alone.
"""

import argparse
import json
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import scale_run
from benchmarks.processes import peak_memory, resident_memory
from benchmarks.scale_run import Functions

_WARMING = 600
"""Recipients that are sent to before: by then all is loaded, and a micro-batch was full once."""
_TURNS = {1_000: 5, 10_000: 3}
"""Medians of so many campaigns of up to so many recipients; a larger one says enough alone."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Of one campaign, or of all that were due together.

    `seconds` are of the processor. `audience_bytes` is what the people take before anything is
    sent, where they are in this process; `sending_bytes` is what sending takes at most beside it.
    """

    family: str
    recipients: int
    campaigns: int
    calls: list[tuple[str, str, str, list[int], bool, int]]
    seconds: float
    audience_bytes: int
    sending_bytes: int
    stored_bytes: int


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth_run", description=__doc__)
    parser.add_argument("family", choices=("memory", "sqlite", "fill"))
    parser.add_argument("--recipients", type=int, required=True)
    parser.add_argument("--campaigns", type=int, default=1)
    parser.add_argument("--database", type=Path)
    options = parser.parse_args()
    if options.family == "fill":
        scale_run.on_sqlite(options.database, options.recipients, scale_run.SEND_RATE)
        return 0
    if options.family == "sqlite":
        # Warm on a database of its own.
        warm = options.database.with_name("warm.db")
        scale_run.run(scale_run.on_sqlite(warm, _WARMING, scale_run.SEND_RATE))

        def prepare() -> Functions:
            return scale_run.on_sqlite(options.database, 0, scale_run.SEND_RATE)

    else:
        scale_run.run(scale_run.in_memory(_WARMING, scale_run.SEND_RATE))

        def prepare() -> Functions:
            return scale_run.in_memory(options.recipients, scale_run.SEND_RATE)

    measured = measure(
        options.family, options.recipients, options.campaigns, prepare, options.database
    )
    sys.stdout.write(json.dumps(asdict(measured)) + "\n")
    return 0


def measure(
    family: str,
    recipients: int,
    campaigns: int,
    prepare: Callable[[], Functions],
    database: Path | None = None,
) -> Measurement:
    """What the first run takes of memory, of the database and of ports, and the median time."""
    empty = resident_memory()
    functions = prepare()
    ready = resident_memory()
    seconds = [_timed(functions, campaigns)]
    sending = max(peak_memory([os.getpid()])[0] - ready, 0)
    calls = functions.log.calls
    stored = 0 if database is None else _size(database)
    turns = (
        1
        if campaigns > 1
        else next((turns for largest, turns in _TURNS.items() if recipients <= largest), 1)
    )
    seconds += [_timed(functions, campaigns) for _ in range(turns - 1)]
    return Measurement(
        family=family,
        recipients=recipients,
        campaigns=campaigns,
        calls=[
            (call.phase, call.port, call.method, list(call.sizes), call.found_nothing, count)
            for call, count in sorted(calls.items())
        ],
        seconds=round(statistics.median(seconds), 4),
        audience_bytes=max(ready - empty, 0) if family == "memory" else 0,
        sending_bytes=sending,
        stored_bytes=stored,
    )


def _size(database: Path) -> int:
    """With all that its log still held."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.stat().st_size


def _timed(functions: Functions, campaigns: int) -> float:
    began = time.process_time()
    scale_run.run(functions, campaigns)
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
