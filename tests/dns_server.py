"""A name server on this machine: real messages of the DNS, over real sockets."""

import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]
"""Records as zone files write them, by name and type."""
BROKEN = "broken.example"
"""Of this name the server says that it failed itself."""


class _Server(socketserver.ThreadingUDPServer):
    daemon_threads = True
    zone: Zone


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        wire, socket = self.request
        socket.sendto(_answer(wire, self.server.zone), self.client_address)


def _answer(wire: bytes, zone: Zone) -> bytes:
    query = dns.message.from_wire(wire)
    (question,) = query.question
    name = question.name.to_text(omit_final_dot=True).lower()
    kind = dns.rdatatype.to_text(question.rdtype)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    if name == BROKEN:
        response.set_rcode(dns.rcode.SERVFAIL)
    elif (name, kind) in zone:
        response.answer.append(
            dns.rrset.from_text_list(question.name, 60, "IN", kind, zone[name, kind])
        )
    elif not any(known == name for known, _ in zone):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


@contextmanager
def name_server(zone: Zone) -> Iterator[tuple[str, int]]:
    """Its address and port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.zone = zone
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            host, port = server.server_address[:2]
            yield str(host), int(port)
        finally:
            server.shutdown()
            thread.join()
