"""Addresses that are not mailed. Found by a keyed hash, so that erasure can forget the rest."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.campaign import CampaignCategory
from domain.errors import InvalidInput
from domain.identifiers import SuppressionId
from domain.unicode_text import is_sendable

MAX_NOTE_CHARACTERS = 500


class SuppressionReason(StrEnum):
    """Why an address is suppressed."""

    BOUNCE = "bounce"
    SOFT_BOUNCES = "soft_bounces"
    """Of so many mails in a row that the address is given up."""
    COMPLAINT = "complaint"
    OPERATOR = "operator"
    UNSUBSCRIBE = "unsubscribe"


class SuppressionScope(StrEnum):
    """What is held back from an address."""

    MARKETING = "marketing"
    """Marketing campaigns: what somebody can unsubscribe from."""
    ALL = "all"
    """Everything, transactional campaigns too."""

    def holds_back(self, category: CampaignCategory) -> bool:
        """Whether a campaign of that category is."""
        return self is SuppressionScope.ALL or category is CampaignCategory.MARKETING


def _holds_back_more(scope: SuppressionScope, other: SuppressionScope) -> bool:
    return scope is SuppressionScope.ALL and other is SuppressionScope.MARKETING


@dataclass(frozen=True)
class Suppression:
    """One suppressed address, normalised. `note` is an operator's, for operators."""

    address: str
    reason: SuppressionReason
    since: datetime
    scope: SuppressionScope = SuppressionScope.ALL
    note: str | None = None

    def replaces(self, stored: SuppressionScope) -> bool:
        """Whether it takes the place of one of that scope: only where it holds back more."""
        return _holds_back_more(self.scope, stored)


@dataclass(frozen=True)
class Unsubscribed:
    """What a reader asked for by the link, whatever else holds mail back."""

    scope: SuppressionScope
    since: datetime


@dataclass(frozen=True)
class SuppressionEntry:
    """A suppression as it is on the list, under an id that tells nothing of the address.

    `address` is None once it was erased: only its hash is known then. `unsubscribed` is the
    reader's own choice where the entry is there for another reason: it outlasts that reason.
    """

    suppression_id: SuppressionId
    address: str | None
    reason: SuppressionReason
    since: datetime
    scope: SuppressionScope
    note: str | None
    unsubscribed: Unsubscribed | None = None

    @classmethod
    def of(cls, suppression_id: SuppressionId, suppression: Suppression) -> "SuppressionEntry":
        """Under its id."""
        return cls(
            suppression_id,
            suppression.address,
            suppression.reason,
            suppression.since,
            suppression.scope,
            suppression.note,
        )

    def then(self, suppression: Suppression) -> "SuppressionEntry":
        """What is on the list once that one of the same address was added."""
        added = SuppressionEntry.of(self.suppression_id, suppression)
        entry = added if self._gives_way_to(suppression) else self
        if entry.reason is SuppressionReason.UNSUBSCRIBE:
            return entry
        return replace(entry, unsubscribed=_stricter(self.choice, added.choice))

    def _gives_way_to(self, suppression: Suppression) -> bool:
        """To what holds back more; the reader's choice also to what holds back as much.

        The choice is kept beside it, and what the provider told of the address is not lost.
        """
        if suppression.replaces(self.scope):
            return True
        is_choice = self.reason is SuppressionReason.UNSUBSCRIBE
        is_other = suppression.reason is not SuppressionReason.UNSUBSCRIBE
        return is_choice and is_other and suppression.scope is self.scope

    @property
    def left(self) -> "SuppressionEntry | None":
        """What stays on the list when it is removed: nothing, or the reader's own choice."""
        choice = self.unsubscribed
        if choice is None:
            return None
        return replace(
            self,
            reason=SuppressionReason.UNSUBSCRIBE,
            since=choice.since,
            scope=choice.scope,
            note=None,
            unsubscribed=None,
        )

    @property
    def choice(self) -> Unsubscribed | None:
        """What the reader asked for, as its reason or beside it."""
        if self.reason is SuppressionReason.UNSUBSCRIBE:
            return Unsubscribed(self.scope, self.since)
        return self.unsubscribed


def _stricter(stored: Unsubscribed | None, later: Unsubscribed | None) -> Unsubscribed | None:
    """The first, unless the later holds back more."""
    if stored is None or later is None:
        return stored or later
    return later if _holds_back_more(later.scope, stored.scope) else stored


def address_hash(key: bytes, address: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of a normalised address: not to be guessed without the key."""
    return hmac.digest(key, address.encode(), "sha256").hex()


def suppression_id_of(key: bytes, address: str) -> SuppressionId:
    """The id of an address's place on the list."""
    return SuppressionId(address_hash(key, address))


def checked_note(note: str | None) -> str | None:
    """Without surrounding white space; None where nothing is left. Raises InvalidInput."""
    if note is None:
        return None
    if not is_sendable(note):
        raise InvalidInput("note", "It holds NUL, or characters that are not Unicode text.")
    note = note.strip()
    if len(note) > MAX_NOTE_CHARACTERS:
        raise InvalidInput("note", f"At most {MAX_NOTE_CHARACTERS} characters.")
    return note or None
