"""Loaded by Python as it starts, where PYTHONPATH names this folder: SIGTERM at a moment.

It comes to a process as soon as that has started its thread ENDED_AFTER.
"""

import os
import signal
import threading

_start = threading.Thread.start


def _start_and_end(self: threading.Thread) -> None:
    _start(self)
    if self.name == os.environ["ENDED_AFTER"]:
        signal.raise_signal(signal.SIGTERM)


threading.Thread.start = _start_and_end  # type: ignore[method-assign]
