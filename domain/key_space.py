"""The key space that members of a segment are kept in, in the order of their member key.

A key starts with a hash of the contact id: any share of the key space then holds about its share
of the members, however the ids were made, so a large segment divides into fan-out ranges without
being read first.
"""

import hashlib
from bisect import bisect_left
from itertools import pairwise

from domain.identifiers import ContactId

KEY_SPACE = 256
"""Number of hash prefixes a member key can start with."""


def member_key(contact_id: ContactId) -> str:
    """Where a contact stands in the key space of every segment it is in."""
    return f"{hashlib.sha256(contact_id.encode()).hexdigest()[:2]}.{contact_id}"


_PREFIXES = tuple(f"{number:02x}" for number in range(KEY_SPACE))
_BOUNDS = (*_PREFIXES, "g")


def key_space_bounds(ranges: int, first: int = 0) -> tuple[tuple[str, str], ...]:
    """The key space in `ranges` equal parts: each a lower bound (included) and an upper (not).

    Or what is left of it from prefix number `first` on.
    """
    edges = [first + index * (KEY_SPACE - first) // ranges for index in range(ranges + 1)]
    return tuple(pairwise(_BOUNDS[edge] for edge in edges))


def key_space_position(key: str) -> int:
    """How many of the hash prefixes are wholly before a key, or a bound."""
    return bisect_left(_PREFIXES, key[:2])


(WHOLE_KEY_SPACE,) = key_space_bounds(1)
"""The bounds of everybody."""
