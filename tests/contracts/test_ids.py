"""The contract of `domain.ports.ids`."""

import re
import time
from collections.abc import Callable

import pytest

from adapters.system.ids import SystemIds
from domain.ports.ids import Ids
from tests.contracts.races import THREADS, race

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
PREFIXED: dict[str, Callable[[Ids], str]] = {
    "cmp_": lambda ids: ids.campaign_id(),
    "tpl_": lambda ids: ids.template_id(),
    "seg_": lambda ids: ids.segment_id(),
    "con_": lambda ids: ids.contact_id(),
}
TOKENS: list[Callable[[Ids], str]] = [
    lambda ids: ids.attempt_token(),
    lambda ids: ids.lease_token(),
    lambda ids: ids.write_token(),
]
KEY_ID = re.compile(r"[a-z0-9]{8}")
KEY_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
BITS = 64
BITS_A_CHARACTER = 6


@pytest.fixture(params=["system"])
def ids() -> Ids:
    """The only family that has randomness."""
    return SystemIds()


@pytest.mark.parametrize("prefix", PREFIXED)
def test_an_id_is_a_prefix_and_a_ulid(ids: Ids, prefix: str) -> None:
    """Crockford's base 32, capitals."""
    made = PREFIXED[prefix](ids)

    assert made.startswith(prefix)
    assert ULID.fullmatch(made.removeprefix(prefix))


@pytest.mark.parametrize("prefix", PREFIXED)
def test_an_id_made_a_millisecond_later_sorts_later(ids: Ids, prefix: str) -> None:
    """So that lists by id are lists by time."""
    earlier = PREFIXED[prefix](ids)
    millisecond = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 <= millisecond:
        pass

    assert PREFIXED[prefix](ids) > earlier


@pytest.mark.parametrize("make", [*PREFIXED.values(), *TOKENS])
def test_no_value_comes_twice(ids: Ids, make: Callable[[Ids], str]) -> None:
    """Nor to several threads at once."""
    results = race(lambda _: [make(ids) for _ in range(500)], range(THREADS))

    made = [each for result in results if not isinstance(result, Exception) for each in result]
    assert len(set(made)) == 500 * THREADS


@pytest.mark.parametrize("make", TOKENS)
def test_a_token_is_random_and_short(ids: Ids, make: Callable[[Ids], str]) -> None:
    """At least 64 bits in characters that need no escaping, and few of them."""
    token = make(ids)

    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert BITS <= BITS_A_CHARACTER * len(token) <= 2 * BITS


def test_a_key_has_an_id_that_can_be_read_out_and_a_secret_of_256_bits(ids: Ids) -> None:
    """Neither is ever made twice."""
    made = [(ids.api_key_id(), ids.api_key_secret()) for _ in range(100)]

    assert all(KEY_ID.fullmatch(key_id) for key_id, _ in made)
    assert all(KEY_SECRET.fullmatch(secret) for _, secret in made)
    assert len({key_id for key_id, _ in made}) == len({secret for _, secret in made}) == 100
