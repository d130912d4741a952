"""How fast mails are composed and handed to Postfix's smtp-sink, beside smtp-source in one run.

`python -m benchmarks.smtp_sends`; needs Debian's package postfix, none of which has to run.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median

from adapters.smtp.mailer import SmtpMailer
from adapters.smtp.smtp_url import SmtpServer, Tls
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from benchmarks.markdown import number, table
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import Accepted
from entrypoints.local.emulator import free_port

_SENDER = "News <news@example.com>"
_MAILS = 5_000
_BATCH = 50
_ROUNDS = 5
_WITHIN = timedelta(seconds=20)
_MAIL_OCTETS = 4_000
_LINE = "<p style='color:#333'>Hello Ann, here is a line of the news, with some words.</p>\n"
_HTML = _LINE * ((_MAIL_OCTETS - 1_000) // len(_LINE))
_TEXT = "Hello Ann, here is a line of the news, with some words.\n" * 8
_START_SECONDS = 10
_POLL_SECONDS = 0.05
_SOURCES = {
    "smtp-source, 10 sessions, kept": ("-s", "10", "-d"),
    "smtp-source, 1 session, kept": ("-s", "1", "-d"),
    "smtp-source, 10 sessions, one a mail": ("-s", "10"),
}
_CONNECTIONS = (1, 10)
_UNIT = next(iter(_SOURCES))


@dataclass(frozen=True, slots=True)
class _Run:
    rate: float
    cpu: float
    """Microseconds of this process and its children, a mail."""


def main() -> int:
    """Returns the exit status."""
    if None in {_tool("smtp-sink"), _tool("smtp-source")}:
        sys.stderr.write("Install Debian's package postfix: smtp-sink and smtp-source are its.\n")
        return 1
    with _sink() as port:
        runs: dict[str, list[_Run]] = {}
        for _ in range(_ROUNDS):
            for name, measured in _contestants(port):
                runs.setdefault(name, []).append(measured())
    sys.stdout.write(_document(runs) + "\n")
    return 0


def _contestants(port: int) -> Iterator[tuple[str, Callable[[], _Run]]]:
    """One after the other, round by round: so each meets the same machine."""
    for name, options in _SOURCES.items():
        yield name, partial(_source, port, options)
    for connections in _CONNECTIONS:
        yield f"SmtpMailer, {connections} at most", partial(_mailer, port, connections)


def _source(port: int, options: Sequence[str]) -> _Run:
    addresses = ("-f", "news@example.com", "-t", "ann@example.com", f"127.0.0.1:{port}")
    command = [
        str(_tool("smtp-source")),
        *options,
        *("-m", str(_MAILS), "-l", str(_MAIL_OCTETS)),
        *addresses,
    ]
    with _measured() as run:
        subprocess.run(command, check=True)  # noqa: S603  found by name
    return run()


def _mailer(port: int, connections: int) -> _Run:
    server = SmtpServer("127.0.0.1", port, Tls.OFF)
    token = SystemIds().write_token
    batches = [_batch(number) for number in range(_MAILS // _BATCH)]
    with closing(
        SmtpMailer(server, _SENDER, SystemClock(), token, connections=connections)
    ) as mailer:
        with _measured() as run:
            outcomes = [outcome for batch in batches for outcome in mailer.send(batch, _WITHIN)]
        if not all(isinstance(outcome, Accepted) for outcome in outcomes):
            raise RuntimeError("smtp-sink did not take all mails.")
        return run()


def _batch(number: int) -> Sequence[Message]:
    chunk = ChunkRef(CampaignId("cmp_01K9ZZZZZZZZZZZZZZZZZZZZZZ"), 0, number)
    return [
        Message(
            chunk=chunk,
            position=position,
            to=f"ann{number}.{position}@example.com",
            subject=f"Hello Ann, the news of week {position}",
            html=_HTML,
            text=_TEXT,
            unsubscribe_url=f"https://mail.example.com/u/{'t' * 60}",
        )
        for position in range(_BATCH)
    ]


@contextmanager
def _measured() -> Iterator[Callable[[], _Run]]:
    began, spent = time.perf_counter(), _cpu()
    ended: list[float] = []
    yield lambda: _Run(_MAILS / (ended[0] - began), (ended[1] - spent) / _MAILS * 1e6)
    ended += [time.perf_counter(), _cpu()]


def _cpu() -> float:
    """Seconds, of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextmanager
def _sink() -> Iterator[int]:
    port = free_port()
    # It gives up the rights of root, and asks to whom.
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    command = [str(_tool("smtp-sink")), *user, f"127.0.0.1:{port}", "1000"]
    with subprocess.Popen(command) as sink:  # noqa: S603  found by name
        try:
            _await(port)
            yield port
        finally:
            sink.terminate()


def _await(port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _tool(name: str) -> str | None:
    """Debian has them where only root looks."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def _document(runs: dict[str, list[_Run]]) -> str:
    rows = []
    for name, of_name in runs.items():
        ratios = [run.rate / unit.rate for run, unit in zip(of_name, runs[_UNIT], strict=True)]
        cpu = median(run.cpu for run in of_name)
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        rows.append((name, f"{median(ratios):.2f}", spread, number(round(cpu))))
    return table(
        ("mails a second of:", "median, of the first line's", "from … to", "CPU µs a mail"), rows
    )


if __name__ == "__main__":
    sys.exit(main())
