"""Time and chance, as far as the command line needs them."""

import time
from datetime import UTC, datetime
from uuid import uuid4


def now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds since some moment; they never go back."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def request_key() -> str:
    """An idempotency key that no other request has."""
    return str(uuid4())
