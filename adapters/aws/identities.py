"""SES's identities: which of them an address may be sent from."""

from collections.abc import Sequence
from contextlib import suppress

import idna


def names_covering(address: str) -> Sequence[str]:
    """The address, its domain, and the domains above that one: a domain covers those below it."""
    local, _, domain = address.rpartition("@")
    # As SES has it; a label that only an older IDNA knows is left for SES to judge.
    with suppress(idna.IDNAError):
        domain = idna.encode(domain).decode()
    labels = domain.split(".")
    domains = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    return [f"{local}@{domain}", *domains]
