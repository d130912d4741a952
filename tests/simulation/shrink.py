"""From all faults of a broken run to the few without which it is not broken."""

from collections.abc import Callable, Sequence

from tests.simulation.faults import Fault

_MOST_RUNS = 400


def smallest(
    found: Sequence[Fault], still_breaks: Callable[[Sequence[Fault]], bool]
) -> Sequence[Fault]:
    """Delta debugging (Zeller, "Yesterday, my program worked", 1999): 1-minimal, or as far as got.

    The caller has seen that it breaks with all that was `found`.
    """
    kept = list(found)
    parts = 2
    runs = 0
    while len(kept) > 1 and runs < _MOST_RUNS:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            without = kept[:start] + kept[start + size :]
            runs += 1
            if still_breaks(without):
                kept = without
                parts = max(parts - 1, 2)
                break
        else:
            if parts >= len(kept):
                break
            parts = min(parts * 2, len(kept))
    return [] if len(kept) == 1 and still_breaks([]) else kept
