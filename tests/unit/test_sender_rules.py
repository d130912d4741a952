"""Records of SPF and DMARC are judged as receivers judge them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sender_rules import (
    Broken,
    Dmarc,
    Spf,
    aligns,
    is_mailbox_providers,
    read_dmarc,
    read_spf,
    where_dmarc_is,
)

SES = frozenset({"amazonses.com"})


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ("v=spf1 include:amazonses.com ~all", Spf(SES, "~")),
        ("V=SPF1 Include:AmazonSES.com. -ALL", Spf(SES, "-")),
        ("v=spf1", Spf(frozenset(), None)),
        ("v=spf1 +all", Spf(frozenset(), "+")),
        ("v=spf1 all", Spf(frozenset(), "+")),
        (
            "v=spf1 a mx/24 a:a.example//64 exists:%{i}.a.example ip4:192.0.2.0/24",
            Spf(frozenset(), None),
        ),
        (
            "v=spf1 ip6:2001:db8::/32 ?include:amazonses.com redirect=_spf.a.example",
            Spf(SES, None),
        ),
        ("v=spf1 x-unknown=anything exp=why.example.com ?all", Spf(frozenset(), "?")),
    ],
)
def test_spf_is_read(record: str, found: Spf) -> None:
    """As RFC 7208 has it, in any case of letters."""
    assert read_spf(["something else", record]) == found


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ("v=spf1 include amazonses.com", "'include'"),
        ("v=spf1 include: ~all", "'include:'"),
        ("v=spf1 inclde:amazonses.com", "'inclde:amazonses.com'"),
        ("v=spf1 include:a.example ~all;", "'~all;'"),
        ("v=spf1 ip4:192.0.2.256", "'ip4:192.0.2.256'"),
        ("v=spf1 ip4:192.0.2.0/33", "'ip4:192.0.2.0/33'"),
        ("v=spf1 ip6:192.0.2.0", "'ip6:192.0.2.0'"),
        ("v=spf1 all:example.com", "'all:example.com'"),
        ("v=spf1 -redirect=example.com", "'-redirect=example.com'"),
        ("v=spf1 redirect=", "'redirect='"),
        ("v=spf1 !all", "'!all'"),
        ("v=spf1 " + "a " * 11, "11 look-ups"),
    ],
)
def test_spf_that_is_broken_says_by_what(record: str, word: str) -> None:
    """A receiver takes none of a record with one wrong term, or with too many look-ups."""
    found = read_spf([record])
    assert isinstance(found, Broken)
    assert word in found.reason


@pytest.mark.parametrize("texts", [[], ["v=spf10 all"], ["spf1"], ["v=DMARC1; p=none"]])
def test_no_spf(texts: list[str]) -> None:
    """Other records are not broken ones."""
    assert read_spf(texts) is None


def test_two_records_are_none() -> None:
    """Of SPF as of DMARC: a receiver cannot choose."""
    spf = read_spf(["v=spf1 -all", "v=spf1 include:amazonses.com -all"])
    dmarc = read_dmarc(["v=DMARC1; p=none", "v=DMARC1; p=reject"])
    assert isinstance(spf, Broken)
    assert isinstance(dmarc, Broken)
    assert "2 SPF records" in spf.reason
    assert "2 DMARC records" in dmarc.reason


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ("v=DMARC1; p=none", Dmarc("none", "none")),
        ("v=DMARC1;p=Reject;", Dmarc("reject", "reject")),
        (" v = DMARC1 ; p = quarantine ; sp = none", Dmarc("quarantine", "none")),
        (
            "v=DMARC1; p=reject; adkim=s; aspf=S; pct=50; rua=mailto:a@example.com!10m; x=1",
            Dmarc("reject", "reject", is_strict_dkim=True, is_strict_spf=True),
        ),
    ],
)
def test_dmarc_is_read(record: str, found: Dmarc) -> None:
    """As RFC 7489 has it; tags that nobody knows are passed over."""
    assert read_dmarc(["google-site-verification=x", record]) == found


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ("v=DMARC1", "no p"),
        ("v=DMARC1; rua=mailto:a@example.com", "no p"),
        ("v=DMARC1; p=", "p="),
        ("v=DMARC1; p=monitor", "p=monitor"),
        ("v=DMARC1; p=none; sp=block", "sp=block"),
        ("v=DMARC1; p=none; adkim=strict", "adkim=strict"),
        ("v=DMARC1; p=none; p=reject", "p is said twice"),
        ("v=DMARC1; p:none", "'p:none'"),
        ("v=DMARC1; none", "'none'"),
    ],
)
def test_dmarc_that_is_broken_says_by_what(record: str, word: str) -> None:
    """It is mended without reading the RFC."""
    found = read_dmarc([record])
    assert isinstance(found, Broken)
    assert word in found.reason


@pytest.mark.parametrize("text", ["v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC10; p=none", ""])
def test_no_dmarc(text: str) -> None:
    """The version comes first, as it is written in the RFC; all else receivers pass over."""
    assert read_dmarc([text]) is None


@given(texts=st.lists(st.text() | st.text().map(lambda text: f"v=spf1 {text}"), max_size=3))
def test_whatever_is_in_the_dns_is_read_as_spf(texts: list[str]) -> None:
    """Anybody may put anything there."""
    found = read_spf(texts)
    assert found is None or isinstance(found, Broken | Spf)


@given(texts=st.lists(st.text() | st.text().map(lambda text: f"v=DMARC1;{text}"), max_size=3))
def test_whatever_is_in_the_dns_is_read_as_dmarc(texts: list[str]) -> None:
    """Likewise; what is read has one of the policies."""
    found = read_dmarc(texts)
    if isinstance(found, Dmarc):
        assert {found.policy, found.subdomain_policy} <= {"none", "quarantine", "reject"}


def test_a_policy_is_looked_for_up_to_the_last_two_labels() -> None:
    """The closest first."""
    assert list(where_dmarc_is("a.news.example.com")) == [
        "_dmarc.a.news.example.com",
        "_dmarc.news.example.com",
        "_dmarc.example.com",
    ]
    assert list(where_dmarc_is("example.com")) == ["_dmarc.example.com"]


@pytest.mark.parametrize(
    ("authenticated", "relaxed", "strict"),
    [
        ("news.example.com", True, True),
        ("example.com", True, False),
        ("bounce.example.com", True, False),
        ("example.org", False, False),
        ("amazonses.com", False, False),
    ],
)
def test_alignment(authenticated: str, *, relaxed: bool, strict: bool) -> None:
    """Relaxed takes a domain of the same organisation, strict none but the same."""
    assert aligns(authenticated, "news.example.com", strict=False) is relaxed
    assert aligns(authenticated, "news.example.com", strict=True) is strict


@pytest.mark.parametrize(
    ("domain", "is_one"),
    [
        ("gmail.com", True),
        ("googlemail.com", True),
        ("yahoo.com", True),
        ("yahoo.de", True),
        ("yahoo.co.uk", True),
        ("yahoo.com.br", True),
        ("aol.com", True),
        ("example.com", False),
        ("mail.gmail.com.example", False),
        ("notgmail.com", False),
        ("yahoo.example", False),
    ],
)
def test_domains_that_nobody_else_may_send_from(domain: str, *, is_one: bool) -> None:
    """Those of the mailboxes of Gmail and Yahoo."""
    assert is_mailbox_providers(domain) is is_one
