"""Addresses that are never mailed. Found by a keyed hash, so that erasure can forget the rest."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SuppressionReason(StrEnum):
    """Why an address is suppressed."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Suppression:
    """One suppressed address, normalised."""

    address: str
    reason: SuppressionReason
    since: datetime


def address_hash(key: bytes, address: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of a normalised address: not to be guessed without the key."""
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()
