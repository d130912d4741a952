"""Which addresses are on the public internet: what a request of somebody else's may go to."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared, behind a carrier's NAT
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local: the cloud's metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # of protocols
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
"""All that is routed; ULA, link-local, multicast, v4-mapped and NAT64 are outside."""
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # of protocols: Teredo, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address, whichever
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(text: str) -> bool:
    """Whether `text` is an address that everybody reaches alike (IANA's special registries).

    What is no address, or one with a zone, is not. An IPv4 address within one of IPv6 is not
    taken for what it is: nobody needs to write it so.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    match address:
        case IPv4Address():
            return address.is_global and not any(address in each for each in _NOT_PUBLIC_4)
        case IPv6Address():
            return (
                address.scope_id is None
                and address in _UNICAST_6
                and address.is_global
                and not any(address in each for each in _NOT_PUBLIC_6)
            )
