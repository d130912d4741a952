"""Looking up by dnspython, as the machine's own resolver does."""

from dns.exception import DNSException
from dns.nameserver import Do53Nameserver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT
from dns.resolver import NXDOMAIN, Answer, NoAnswer, Resolver

from domain.errors import DependencyUnavailable

_SECONDS = 5.0
"""For one look-up, however many servers are asked."""
_PORT = 53


class DnspythonLookup:
    """Implements `domain.ports.dns.Dns`."""

    def __init__(self, server: str | None = None, port: int = _PORT) -> None:
        """Of the machine's name servers, or of one by its IP address.

        Raises DependencyUnavailable where the machine has none.
        """
        try:
            self._resolver = Resolver(configure=server is None)
            if server is not None:
                self._resolver.nameservers = [Do53Nameserver(server, port)]
        except DNSException as error:
            raise _fault(error) from error

    def texts(self, name: str) -> tuple[str, ...]:
        """TXT; a record's strings belong together without a space (RFC 7208, section 3.3)."""
        return tuple(
            b"".join(record.strings).decode("utf-8", "replace")
            for record in self._records(name, "TXT")
            if isinstance(record, TXT)
        )

    def exchanges(self, name: str) -> tuple[str, ...]:
        """MX."""
        found = [each for each in self._records(name, "MX") if isinstance(each, MX)]
        return tuple(
            each.exchange.to_text(omit_final_dot=True).lower()
            for each in sorted(found, key=lambda each: (each.preference, each.exchange.to_text()))
        )

    def _records(self, name: str, kind: str) -> Answer | tuple[()]:
        try:
            return self._resolver.resolve(f"{name}.", kind, lifetime=_SECONDS)
        except (NXDOMAIN, NoAnswer):
            return ()
        except DNSException as error:
            raise _fault(error) from error


def _fault(error: DNSException) -> DependencyUnavailable:
    return DependencyUnavailable(f"DNS: {type(error).__name__}")
