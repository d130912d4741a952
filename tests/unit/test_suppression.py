"""Finding a suppressed address without keeping it."""

from hypothesis import given
from hypothesis import strategies as st

from domain.suppression import address_hash


@given(key=st.binary(), address=st.text(), other=st.text())
def test_an_address_is_found_by_its_hash(key: bytes, address: str, other: str) -> None:
    """One address has one hash under a key, another address another."""
    assert (address_hash(key, address) == address_hash(key, other)) is (address == other)


def test_another_key_gives_another_hash() -> None:
    """Without the key an address cannot be looked for."""
    assert address_hash(b"one", "ann@example.com") != address_hash(b"two", "ann@example.com")


def test_the_hash_is_the_standard_one() -> None:
    """Hashes outlive this program: HMAC-SHA-256 of the address, as test case 2 of RFC 4231 says."""
    assert address_hash(b"Jefe", "what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
