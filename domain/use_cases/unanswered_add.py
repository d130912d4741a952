"""Add what must not be there twice, through a store that may not answer."""

from collections.abc import Callable
from contextlib import suppress

from domain.errors import DependencyFault, DependencyUnavailable


def add_even_unanswered(add: Callable[[], None], is_stored: Callable[[], bool]) -> None:
    """Add it; where the answer is missing, be content if it is stored all the same.

    Raises what `add` raises: DependencyUnavailable also where the look is refused, for then nobody
    can tell, and to say that nothing was changed would invite a second one.
    """
    try:
        add()
    except DependencyUnavailable:
        with suppress(DependencyFault):
            if is_stored():
                return
        raise
