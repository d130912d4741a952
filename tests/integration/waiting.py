"""Waiting for something to become so, never for a time to pass."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 300
"""Seconds: no more than a hung test may take, many times what a loaded machine needs."""
_POLL_SECONDS = 0.05


def wait_for(
    look: Callable[[], Found | None],
    *,
    what: str,
    within: float = PATIENCE,
    every: float = _POLL_SECONDS,
) -> Found:
    """The first thing that `look` finds; a failed test if that takes more than so many seconds.

    It looks `every` so many seconds: seldom where each look costs, and a second more does not.
    """
    deadline = time.monotonic() + within
    pause = threading.Event()
    while True:
        found = look()
        if found is not None:
            return found
        assert time.monotonic() < deadline, f"Not within {within} s: {what}."
        pause.wait(every)
