"""Measure, and print one Markdown document: `make bench`; `--write` puts it in docs too."""

import argparse
import os
import platform
import sys
import time
from datetime import timedelta

from benchmarks import aws_requests, cold_start, create_latency, first_mail, waves
from benchmarks.local_runner import Backend, running
from entrypoints.local.emulator import ROOT, running_ministack

_DOCUMENT = ROOT / "docs" / "benchmarks.md"
_BEGUN = time.monotonic()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help=f"also write {_DOCUMENT.relative_to(ROOT)}"
    )
    arguments = parser.parse_args()
    document = _document()
    sys.stdout.write(document)
    if arguments.write:
        _DOCUMENT.write_text(document, encoding="utf-8")
        _tell(f"wrote {_DOCUMENT.relative_to(ROOT)}")
    return 0


def _document() -> str:
    runs = {}
    for backend in Backend:
        _tell(f"immediate campaigns on {backend.label}")
        with running(backend) as runner:
            runs[backend] = first_mail.immediate_runs(runner)

    with running(Backend.MEMORY) as on_memory, running(Backend.EMULATOR) as on_emulator:
        scheduled = {
            Backend.MEMORY: first_mail.schedule(on_memory),
            Backend.EMULATOR: first_mail.schedule(on_emulator),
        }
        # Counts are the same whatever else runs, so they fill the wait.
        with running_ministack() as endpoint:
            _tell("requests with bulk sends")
            bulk = aws_requests.count(endpoint, "100000000001", ses_bulk=True)
            _tell("requests with single sends")
            single = aws_requests.count(endpoint, "100000000002", ses_bulk=False)
        _tell("waiting for the scheduled campaigns")
        lateness: dict[Backend, timedelta] = {
            backend: campaign.lateness() for backend, campaign in scheduled.items()
        }

    _tell("the create call")
    with running_ministack() as endpoint:
        comparisons = (
            create_latency.on_memory(),
            create_latency.on_emulator(endpoint, "100000000003"),
        )
    _tell("waves")
    with running_ministack() as endpoint:
        enqueued = (waves.on_memory(), waves.on_emulator(endpoint, "100000000009"))
    _tell("cold starts")
    starts = cold_start.measure()
    _tell("done")
    return "\n".join(
        (
            _heading(),
            first_mail.section(runs, lateness),
            aws_requests.section(bulk, single),
            create_latency.section(comparisons),
            waves.section(enqueued),
            cold_start.section(starts),
        )
    )


def _heading() -> str:
    machine = (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )
    return f"""\
# Benchmarks

Written by `.venv/bin/python -m benchmarks --write`; `make bench` prints the same. Counts are the
same on any machine, ratios much the same; times are as of the one that this was written on:
{machine}.
"""


def _tell(progress: str) -> None:
    print(f"{time.monotonic() - _BEGUN:5.0f} s  {progress}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
