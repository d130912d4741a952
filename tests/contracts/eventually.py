"""Waiting for a condition, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_POLL_SECONDS = 0.02


def eventually(look: Callable[[], Found], within: float = 300) -> Found:
    """The first truthy value of `look`; fails if there is none within so many seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within} s.")
        pause.wait(_POLL_SECONDS)
