"""An invocation that a pump takes."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Invocation(Generic[Work]):
    """What it asks for. Nothing of it outlasts the process: the reconciler invokes again."""

    work: Work
