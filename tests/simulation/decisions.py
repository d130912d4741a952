"""Decisions drawn from the seed, each by its own key: leaving one out moves no other."""

import struct
from hashlib import blake2b

_SLOTS = struct.Struct("<8I")
_WHOLE = 2**32

Draws = tuple[float, float, float, float, float, float, float, float]


class Decisions:
    """A stateless generator: the same seed and key give the same draws, in whatever order asked."""

    def __init__(self, seed: int) -> None:
        """Of `seed`."""
        self._keyed = blake2b(key=str(seed).encode(), digest_size=_SLOTS.size)

    def draws(self, *key: object) -> Draws:
        """Eight numbers from 0 to below 1."""
        keyed = self._keyed.copy()
        keyed.update("|".join(map(str, key)).encode())
        a, b, c, d, e, f, g, h = _SLOTS.unpack(keyed.digest())
        return (
            a / _WHOLE,
            b / _WHOLE,
            c / _WHOLE,
            d / _WHOLE,
            e / _WHOLE,
            f / _WHOLE,
            g / _WHOLE,
            h / _WHOLE,
        )

    def fraction(self, *key: object) -> float:
        """One number from 0 to below 1."""
        return self.draws("one", *key)[0]

    def whole(self, low: int, high: int, *key: object) -> int:
        """From `low` to `high`, both included."""
        return low + int(self.fraction(*key) * (high - low + 1))
