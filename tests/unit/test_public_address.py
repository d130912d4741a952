"""Where webhooks may go: addresses and URLs."""

import pytest

from domain.errors import InvalidInput
from domain.public_address import is_public
from domain.webhook_url import parsed_url


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  not bound to
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%1",
        "fec0::1",
        "ff02::1",
        "2130706433",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "example.com",
        "",
    ],
)
def test_what_is_not_public(address: str) -> None:
    """Nothing of it is ever connected to."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::"]
)
def test_what_is_public(address: str) -> None:
    """Everybody's servers are there."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "//hooks.example.com/",
        "hooks.example.com",
        "https://",
        "https:///path",
        "https://user@hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:6379/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:x/",
        "https://localhost/",
        "https://api.localhost/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/\r\nHost: other",
        "https://hooks.exämple.com/",
        "https://hooks.example.com/" + "a" * 2_000,
        "https://[::1",
        "https://-.example.com/",
    ],
)
def test_a_url_that_may_lead_elsewhere_is_refused(url: str) -> None:
    """InvalidInput names `url`."""
    with pytest.raises(InvalidInput) as refusal:
        parsed_url(url)
    assert refusal.value.field == "url"


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hooks.example.com", "hooks.example.com", 443, "/", "hooks.example.com"),
        (
            "https://Hooks.Example.COM:8443/a?b=c",
            "hooks.example.com",
            8443,
            "/a?b=c",
            "hooks.example.com:8443",
        ),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", None),
        ("https://hooks.example.com.:443/", "hooks.example.com", 443, "/", "hooks.example.com"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
    ],
)
def test_a_url_is_read_in_its_parts(
    url: str, host: str, port: int, target: str, authority: str | None
) -> None:
    """As it is asked for."""
    parsed = parsed_url(url)

    assert (parsed.is_secure, parsed.host, parsed.port, parsed.target) == (True, host, port, target)
    assert parsed.authority == (authority or host)


def test_a_machine_of_ones_own_is_let_be_asked() -> None:
    """Where that is allowed; what is no URL is refused all the same."""
    parsed = parsed_url("http://127.0.0.1:9000/hook", allow_private=True)
    assert (parsed.is_secure, parsed.host, parsed.port) == (False, "127.0.0.1", 9000)
    assert parsed.authority == "127.0.0.1:9000"
    for url in ("ftp://127.0.0.1/", "http://", "http://user@127.0.0.1/"):
        with pytest.raises(InvalidInput):
            parsed_url(url, allow_private=True)
