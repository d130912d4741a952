"""How fast one machine mails, end to end, against postfix's smtp-source: `make bench-smtp`.

A personalised mail in HTML and text, the ledger on disk, into smtp-sink on this machine.
smtp-source makes mails of the same size for the same sink: one text again and again, no ledger.
The two take turns.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks import one_machine
from benchmarks.markdown import table
from benchmarks.one_machine import Mailing
from benchmarks.smtp_sink import SESSIONS, SinkError, sink, source

_MEGABYTE = 1_000_000
_SAMPLE = 100
_SIZES = (10_000, 100_000, 1_000_000)


def main() -> int:
    """Returns the exit status; the last line is the ratio of the two."""
    parser = argparse.ArgumentParser(prog="make bench-smtp", description=__doc__)
    parser.add_argument("--recipients", type=int, default=50_000, help="of each campaign")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    parser.add_argument(
        "--memory",
        action="store_true",
        help="see instead that memory does not grow with recipients",
    )
    options = parser.parse_args()
    try:
        if options.memory:
            _measure_memory()
        else:
            _measure(options.recipients, options.rounds)
    except SinkError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _measure(recipients: int, rounds: int) -> None:
    octets = _mail_size()
    _say(
        f"{recipients} mails of {octets} octets a turn, {rounds} turns of each, {SESSIONS} sessions"
    )
    kept: list[float] = []
    anew: list[float] = []
    mailings: list[Mailing] = []
    with tempfile.TemporaryDirectory() as made, sink() as target:
        directory = Path(made)
        one_machine.fill(directory, recipients)
        with one_machine.runner(directory, target.port) as started:
            # Not counted: the workers are loaded meanwhile.
            one_machine.mailing(started, target.pid)
            for _ in range(rounds):
                kept.append(recipients / source(target.port, recipients, octets, reconnect=False))
                anew.append(recipients / source(target.port, recipients, octets, reconnect=True))
                mailings.append(one_machine.mailing(started, target.pid))
                _say(
                    f"smtp-source {kept[-1]:.0f} a second ({anew[-1]:.0f} with a connection for "
                    f"each), Sentinel {mailings[-1].rate:.0f}"
                )
            memory = one_machine.peaks(started)
    rate = statistics.median(each.rate for each in mailings)
    cpu = statistics.median(each.cpu_seconds / each.mails for each in mailings)
    sink_cpu = statistics.median(each.sink_cpu_seconds / each.mails for each in mailings)
    rows = [
        ("smtp-source, connections kept (-d)", f"{statistics.median(kept):.0f}", ""),
        ("smtp-source, a connection for each mail", f"{statistics.median(anew):.0f}", ""),
        ("Sentinel", f"{rate:.0f}", f"{cpu * 1e6:.0f} µs"),
    ]
    _say(table(["", "mails a second", "CPU a mail"], rows))
    _say(f"The sink took {sink_cpu * 1e6:.0f} µs of each mail of Sentinel's.")
    _say(f"Memory of all of Sentinel's processes: at most {memory / _MEGABYTE:.0f} MB.")
    ratio = rate / statistics.median(kept)
    _say(f"Sentinel mails at {ratio:.2f} of the rate of smtp-source.")


def _measure_memory() -> None:
    """One campaign of each size, each on a database and in processes of its own."""
    rows: list[tuple[str, str, str]] = []
    for recipients in _SIZES:
        with tempfile.TemporaryDirectory() as made, sink() as target:
            directory = Path(made)
            one_machine.fill(directory, recipients)
            with one_machine.runner(directory, target.port) as started:
                mailing = one_machine.mailing(started, target.pid)
                memory = one_machine.peaks(started)
        if mailing.mails != recipients:
            raise SinkError(f"Of {recipients} only {mailing.mails} were mailed.")
        rows.append((f"{recipients}", f"{mailing.rate:.0f}", f"{memory / _MEGABYTE:.0f} MB"))
        _say(f"{recipients} recipients: {mailing.rate:.0f} a second, {memory / _MEGABYTE:.0f} MB")
    _say(table(["recipients", "mails a second", "memory of all processes"], rows))


def _mail_size() -> int:
    """Of one mail of the campaign, as the sink got it: the mean of a hundred."""
    with tempfile.TemporaryDirectory() as made:
        directory, dump = Path(made), Path(made) / "dump"
        dump.mkdir()
        # The sink gives up being root before it writes.
        directory.chmod(0o711)
        dump.chmod(0o777)
        one_machine.fill(directory, _SAMPLE)
        with sink(dump) as target, one_machine.runner(directory, target.port) as started:
            one_machine.mailing(started, target.pid)
        return sum(each.stat().st_size for each in dump.iterdir()) // _SAMPLE


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
