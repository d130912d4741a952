"""A process that starts campaigns and sends: started by the runner, ended by it or with it."""

import os
import signal
import sys

from entrypoints.containers import Family, build
from entrypoints.local.count_files import count_as, worker
from entrypoints.local.pumps import Pumps
from entrypoints.local.settings import LocalSettings
from entrypoints.logs import configure_logging
from entrypoints.settings import Settings, read_environment


def main(number: int) -> int:
    """Work until standard input ends; returns the exit status. No other that runs has `number`.

    Whoever ends a service asks all of its processes to end: the runner tells this one when.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings = Settings.from_environment(os.environ)
    local = read_environment(LocalSettings, os.environ)
    configure_logging(settings.log_level)
    count_as(worker(number), settings.prometheus_multiproc_dir)
    container = build(Family.SQLITE, settings)
    pumps = Pumps(container)
    # Of two threads one would wait for the interpreter: there are more processes instead.
    pumps.start_working(send_workers=1)
    # Nobody writes: it ends with the runner, however that ends.
    sys.stdin.buffer.read()
    pumps.drain(local.drain)
    container.family.hang_up()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
