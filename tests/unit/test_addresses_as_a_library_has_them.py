"""Addresses, held against email-validator (docs/decisions/0015-addresses-without-a-library.md)."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from domain.address import normalise_address
from domain.errors import InvalidInput

GREEK = "\u03c0\u03b1\u03c1\u03ac\u03b4\u03b5\u03b9\u03b3\u03bc\u03b1"
LABELS = st.sampled_from(
    [
        *("example", "a-b", "-a", "a-", "ab--cd", "xn--n3h", "xn--bcher-kva", "bücher", "straße"),
        *("☃", GREEK, "例子", "한국", "0", "a_b", "\u0301a", "\uff41"),
        *("ü" * 60, "a" * 63, "a" * 64, ""),
    ]
)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
LOCAL_PARTS = st.text(
    st.sampled_from("aB9.+_-'!#$%&*/=?^`{|}~ü用 \t\r\n@<>()[],;:\\\""), max_size=12
)


def by_library(address: str) -> str | None:
    """The normal form in small letters; None where it is none."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def by_us(address: str) -> str | None:
    """The same."""
    try:
        return normalise_address(address)
    except InvalidInput:
        return None


@given(LOCAL_PARTS, DOMAINS)
def test_what_we_take_the_library_takes_alike(local: str, domain: str) -> None:
    """And what it refuses we refuse: nothing that is no address comes in."""
    address = f"{local}@{domain}"
    ours = by_us(address)
    if ours is not None:
        assert ours == by_library(address.strip())


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "Ann+News@Example.COM",
        "o'brien@mail.example.co.uk",
        "a_b-c!x@example.com",
        "müller@bücher.example",
        "a@xn--bcher-kva.example",
        f"{GREEK}@{GREEK}.{GREEK}",
        "用户@例子.广告",
        f"{'a' * 64}@example.com",
    ],
)
def test_what_people_have_is_taken_alike(address: str) -> None:
    """Tags stay; domains are in their own letters."""
    assert by_us(address) == by_library(address) is not None


@pytest.mark.parametrize(
    "address",
    [
        '"a b"@example.com',
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a@localhost",
        "a@ab--cd.example",
        "a@☃.example",
        "a@xn--n3h.example",
        f"a@{'ü' * 60}.example",
        "a@-b.example",
        "a..b@example.com",
        ".a@example.com",
        "a@example..com",
        "a\r\nBcc: b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
    ],
)
def test_what_is_no_address_is_refused_alike(address: str) -> None:
    """Or none that a campaign is for: quoted local parts, and hosts by number."""
    assert by_us(address) is None
    assert by_library(address) is None


@pytest.mark.parametrize(
    "address", ["a@\uff25xample.com", "a@\ufb01.example", f"{'a' * 65}@example.com"]
)
def test_what_only_the_library_takes(address: str) -> None:
    """It maps letters that stand for others (UTS 46), and counts no octets (RFC 5321)."""
    assert by_us(address) is None
    assert by_library(address) is not None
