"""What processes take of the machine, by /proc (proc(5))."""

import os
from collections.abc import Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME = 11
"""After the name, which may hold anything: fields 14 and 15 are user and system time."""


def tree_of(pid: int) -> Sequence[int]:
    """The process and all that it started, and those, as far as they run."""
    found = [pid]
    for parent in found:
        for task in _tasks(parent):
            found += [int(child) for child in _read(task / "children").split()]
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """Of all of them so far, user and system."""
    return sum(_cpu_ticks(pid) for pid in pids) / _TICKS


def peak_memory(pids: Sequence[int]) -> Sequence[int]:
    """The most that each has had in memory, in bytes."""
    return [_status(pid, "VmHWM") for pid in pids]


def resident_memory() -> int:
    """What this process has in memory now, in bytes."""
    return _status(os.getpid(), "VmRSS")


def _cpu_ticks(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return int(fields[_UTIME]) + int(fields[_UTIME + 1]) if fields else 0


def _status(pid: int, name: str) -> int:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1_024
    return 0


def _tasks(pid: int) -> Sequence[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return ()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
