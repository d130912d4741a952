"""What every unit test may ask for."""

import pytest

from tests.unit.sentinel import Sentinel, SettableClock


@pytest.fixture
def sentinel() -> Sentinel:
    """All of Sentinel in memory, empty."""
    return Sentinel()


@pytest.fixture
def clock(sentinel: Sentinel) -> SettableClock:
    """The clock of that Sentinel."""
    return sentinel.clock
