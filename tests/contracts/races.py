"""The same thing done by several threads at once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")

THREADS = 8


def race(act: Callable[[Given], Result], each: Sequence[Given]) -> list[Result | Exception]:
    """What `act` returned or raised for each, all begun at the same moment."""
    barrier = threading.Barrier(len(each))

    def run(given: Given) -> Result | Exception:
        barrier.wait()
        try:
            return act(given)
        except Exception as error:  # noqa: BLE001  judged by the test
            return error

    with ThreadPoolExecutor(len(each)) as threads:
        return list(threads.map(run, each))


def winner_of(results: Sequence[Result | Exception], loss: type[Exception]) -> Result:
    """The one result; all others lost in the way that the contract says."""
    won = [each for each in results if not isinstance(each, Exception)]
    unexpected = [
        each for each in results if isinstance(each, Exception) and not isinstance(each, loss)
    ]
    assert unexpected == []
    (winner,) = won
    return winner
