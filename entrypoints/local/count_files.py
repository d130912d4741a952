"""The files that the processes of a run count in (prometheus_client, "Multiprocess Mode")."""

import os
import re
from pathlib import Path

from prometheus_client import values

from domain.errors import DependencyRefused
from entrypoints.settings import InvalidSettingsError

RUNNER = "0"
"""A number, as a process id is one: an earlier release that is gone back to, with the backup of
before, starts beside no file that it does not take for its own."""
_KINDS = ("counter", "gauge_mostrecent", "histogram")
_OCTETS = 65_536
"""What the library begins a file with; more than Sentinel's metrics take."""
_FILE = re.compile(r"(?:counter|gauge_[a-z]+|histogram|summary)_[a-z0-9-]+\.db")


def worker(number: int) -> str:
    """What that one counts as, and whoever takes its place: the counts go on."""
    return str(1 + number)


def begin_counts(directory: Path, workers: int) -> None:
    """Files of this run alone: Prometheus takes it for the restart that it is.

    All that there will be, and all their bytes: they are mapped into memory, and who writes to one
    that a full disk has no room for is ended by the kernel (SIGBUS), without a word.

    Nothing is removed from a directory that holds something else: raises InvalidSettingsError,
    and DependencyRefused.
    """
    names = [RUNNER, *map(worker, range(workers))]
    files = [directory / f"{kind}_{name}.db" for kind in _KINDS for name in names]
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        _empty(directory)
        for file in files:
            file.write_bytes(bytes(_OCTETS))
    except OSError as error:
        raise DependencyRefused(
            f"PROMETHEUS_MULTIPROC_DIR: {directory}: {error.strerror}; mend that, or name a "
            f"directory elsewhere that takes {len(files) * _OCTETS:,} bytes."
        ) from None


def _empty(directory: Path) -> None:
    files = list(directory.iterdir())
    others = [each.name for each in files if not _FILE.fullmatch(each.name)]
    if others:
        raise InvalidSettingsError(
            f"PROMETHEUS_MULTIPROC_DIR: {directory} is emptied at each start, and holds "
            f"{min(others)}: name a directory of its own, or one that is not there yet."
        )
    for each in files:
        each.unlink()


def count_as(name: str, directory: Path) -> None:
    """Before the first metric is made. Of two at a time that had one name, both would miscount.

    By the library's own names, the process ids, each worker that ends would leave files that no
    look at the metrics is spared.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(lambda: name)
