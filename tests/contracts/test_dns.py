"""The contract of `domain.ports.dns`, over records that are given and over a real name server."""

from collections.abc import Iterator

import pytest

from adapters.dns.lookup import DnspythonLookup
from adapters.memory.dns import MemoryDns
from domain.errors import DependencyUnavailable
from domain.ports.dns import Dns
from tests.dns_server import BROKEN, name_server

LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(30))
NAME, SILENT_TYPE = "xn--bcher-kva.example", "mx-only.example"


@pytest.fixture(scope="module", params=["memory", "dnspython"])
def dns(request: pytest.FixtureRequest) -> Iterator[Dns]:
    """Each knows the same names."""
    if request.param == "memory":
        yield MemoryDns(
            {NAME: ["one", LONG, "zoë"]},
            {NAME: ["a.example", "b.example"], SILENT_TYPE: ["a.example"]},
            frozenset({BROKEN}),
        )
        return
    parts = " ".join(f'"{LONG[start : start + 200]}"' for start in range(0, len(LONG), 200))
    zone = {
        (NAME, "TXT"): ['"one"', parts, r'"zo\195\171"'],
        (NAME, "MX"): ["20 B.example.", "10 a.example."],
        (SILENT_TYPE, "MX"): ["10 a.example."],
    }
    with name_server(zone) as (host, port):
        yield DnspythonLookup(host, port)


def test_a_record_in_parts_is_one_text(dns: Dns) -> None:
    """Without a space in between: a string of the DNS has 255 bytes at most."""
    assert sorted(dns.texts(NAME)) == sorted(["one", LONG, "zoë"])


def test_the_preferred_host_comes_first(dns: Dns) -> None:
    """In small letters, without the dot at the end."""
    assert dns.exchanges(NAME) == ("a.example", "b.example")


@pytest.mark.parametrize("name", ["nobody.example", SILENT_TYPE])
def test_what_is_not_there_is_none(dns: Dns, name: str) -> None:
    """No such name, or nothing of that type."""
    assert dns.texts(name) == ()


def test_no_answer_is_not_the_same_as_none(dns: Dns) -> None:
    """Nothing follows from it."""
    with pytest.raises(DependencyUnavailable, match="DNS: "):
        dns.texts(BROKEN)
    with pytest.raises(DependencyUnavailable, match="DNS: "):
        dns.exchanges(BROKEN)


@pytest.mark.parametrize("name", ["a..example", "a" * 64 + ".example", ".".join(["a" * 60] * 5)])
def test_a_name_that_cannot_be_asked_for(name: str) -> None:
    """A fault like any other."""
    with name_server({}) as server, pytest.raises(DependencyUnavailable, match="DNS: "):
        DnspythonLookup(*server).texts(name)
