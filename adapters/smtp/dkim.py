"""DKIM signatures (RFC 6376): canonicalised by dkimpy, signed by cryptography (decision 22)."""

import re
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim import rfc822_parse  # type: ignore[import-untyped]  # it has no types
from dkim.canonicalization import Relaxed  # type: ignore[import-untyped]

from domain import domain_name
from domain.errors import InvalidInput

_FEWEST_BITS = 1_024
"""RFC 8301, section 3.2; 2,048 is what it advises."""
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_LINE = 72
_NOT_TO_BE_ADDED = (
    *(b"from", b"reply-to", b"to", b"subject", b"date", b"message-id"),
    *(b"mime-version", b"content-type"),
)
"""Signed once more than they are there: none can be put in (RFC 6376, section 8.15)."""


class DkimSigner:
    """Signs for one domain with one RSA key: the only kind that all receivers know."""

    def __init__(self, domain: str, selector: str, key: RSAPrivateKey) -> None:
        self._domain = domain.encode("ascii")
        self._selector = selector.encode("ascii")
        self._key = key

    @classmethod
    def from_file(cls, domain: str, selector: str, key_file: Path) -> "DkimSigner":
        """A PEM file without a passphrase. Raises InvalidInput naming the setting at fault."""
        if not domain.isascii() or not domain_name.is_domain(domain.lower()):
            raise InvalidInput("DKIM_DOMAIN", "Not a domain; write it in ASCII, as example.com.")
        if not _SELECTOR.fullmatch(selector):
            raise InvalidInput("DKIM_SELECTOR", "Not a selector; write it as it is in the DNS.")
        return cls(domain.lower(), selector, _key(key_file))

    def __call__(self, headers: bytes, body: bytes, now: datetime) -> bytes:
        """The DKIM-Signature header, to stand before `headers`; all of these are signed."""
        fields, _ = rfc822_parse(headers + b"\r\n")
        signed: list[tuple[bytes, bytes]] = Relaxed.canonicalize_headers(fields)
        names = b":".join((*(name for name, _ in signed), *_NOT_TO_BE_ADDED))
        body_hash = b64encode(sha256(Relaxed.canonicalize_body(body)).digest())
        value = (
            b" v=1; a=rsa-sha256; c=relaxed/relaxed; d=%b; s=%b; t=%d;\r\n h=%b;\r\n bh=%b;\r\n b="
        ) % (self._domain, self._selector, int(now.timestamp()), names, body_hash)
        ((name, canonical),) = Relaxed.canonicalize_headers([(b"DKIM-Signature", value)])
        hashed = (*signed, (name, canonical.removesuffix(b"\r\n")))
        signature = b64encode(
            self._key.sign(b"".join(b"%b:%b" % each for each in hashed), PKCS1v15(), SHA256())
        )
        lines = (signature[at : at + _LINE] for at in range(0, len(signature), _LINE))
        return b"DKIM-Signature:" + value + b"\r\n ".join(lines) + b"\r\n"


def _key(key_file: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except OSError as error:
        raise _wrong(f"It cannot be read ({type(error).__name__}).") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What they say may hold a part of the key.
        raise _wrong("No private key in PEM without a passphrase.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _FEWEST_BITS:
        raise _wrong(f"Not an RSA key of at least {_FEWEST_BITS} bits; take one of 2,048.")
    return key


def _wrong(detail: str) -> InvalidInput:
    return InvalidInput("DKIM_KEY_FILE", detail)
