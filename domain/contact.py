"""People: a contact is an opaque id, one normalised address, and what is known of the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from domain.address import normalise_address
from domain.errors import InvalidInput
from domain.identifiers import ContactId, JobId
from domain.locale import normalise_locale
from domain.merge_fields import FieldValue, MergeFields, check_name, checked_fields
from domain.soft_bounces import SoftBounces
from domain.time_zone import zone_named
from domain.unicode_text import is_one_line

MAX_SOURCE_CHARACTERS = 200
WAITS = (*(timedelta(minutes=15 * 4**mails) for mails in range(5)), timedelta(days=7))
"""Between one mail that asks for a confirmation and the next: 15 minutes, 1, 4, 16, 64 hours, then
a week."""


@dataclass(frozen=True)
class Consent:
    """Where somebody agreed to be mailed, and when."""

    source: str
    at: datetime

    @classmethod
    def of(cls, source: str, at: datetime) -> "Consent":
        """Checked; `at` is aware, and kept in UTC. Raises InvalidInput."""
        if not source.strip() or len(source) > MAX_SOURCE_CHARACTERS or not is_one_line(source):
            raise InvalidInput(
                "consent/source",
                f"One line of 1 to {MAX_SOURCE_CHARACTERS} characters, none of them a control.",
            )
        return cls(source, at.astimezone(UTC))


@dataclass(frozen=True)
class Confirmation:
    """That somebody was asked whether the address is theirs, and has not said so yet.

    `mails` counts the mails that asked, the last at `asked_at`; the last may not have been sent.
    It `holds_back` every other mail where the address was nobody's contact before: it may be
    somebody else's.
    """

    mails: int = 0
    asked_at: datetime | None = None
    holds_back: bool = True

    def asked(self, now: datetime) -> "Confirmation":
        """Once more."""
        return replace(self, mails=self.mails + 1, asked_at=now)

    @property
    def not_before(self) -> datetime | None:
        """When it may be asked again: nobody's mailbox is to be filled with it. None is now."""
        if self.asked_at is None:
            return None
        return self.asked_at + WAITS[min(self.mails, len(WAITS)) - 1]


@dataclass(frozen=True)
class Origin:
    """The row that a contact, or the last change of it, comes from: of an import, by its line."""

    import_id: JobId
    line: int

    def is_before(self, other: "Origin | None") -> bool:
        """Whether `other` is a later row of the same file."""
        return other is not None and other.import_id == self.import_id and self.line < other.line


def checked_time_zone(name: str) -> str:
    """An IANA name. Raises InvalidInput."""
    if zone_named(name) is None:
        raise InvalidInput(
            "time_zone", "No such time zone; use an IANA name such as Europe/Berlin."
        )
    return name


@dataclass(frozen=True)
class ContactDraft:
    """A contact as somebody gives it: the address in any spelling, and its fields.

    Without a locale, time zone or consent those of a known contact stay. The fields are all that
    it has, or with `adds` are added to those of a known contact.
    """

    address: str
    fields: MergeFields
    locale: str | None = None
    time_zone: str | None = None
    consent: Consent | None = None
    adds: bool = False
    origin: Origin | None = None
    is_to_confirm: bool = False
    """Whether a contact that is new is mailed nothing until its person confirms."""

    @classmethod
    def of(
        cls,
        address: str,
        fields: MergeFields,
        locale: str | None = None,
        time_zone: str | None = None,
        consent: Consent | None = None,
    ) -> "ContactDraft":
        """Normalised and checked. Raises InvalidInput."""
        return cls(
            normalise_address(address),
            checked_fields(fields),
            None if locale is None else normalise_locale(locale),
            None if time_zone is None else checked_time_zone(time_zone),
            consent,
        )


@dataclass(frozen=True)
class Contact:
    """One person. `address` is normalised and unique among contacts.

    `revision` counts the changes, those by what bounced among them. `created_by` and `changed_by`
    are the rows that it and the last change of it come from; None where that was no import. While
    a `confirmation` is awaited it says how far that is.
    """

    contact_id: ContactId
    address: str
    fields: MergeFields
    locale: str | None = None
    time_zone: str | None = None
    consent: Consent | None = None
    revision: int = 1
    created_by: Origin | None = None
    changed_by: Origin | None = None
    confirmation: Confirmation | None = None
    soft_bounces: SoftBounces = field(default_factory=SoftBounces)

    def __post_init__(self) -> None:
        """Keep a copy of the fields that nobody can change."""
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    @classmethod
    def new(cls, contact_id: ContactId, draft: ContactDraft) -> "Contact":
        """As somebody gave it."""
        return cls(
            contact_id,
            draft.address,
            draft.fields,
            draft.locale,
            draft.time_zone,
            draft.consent,
            created_by=draft.origin,
            changed_by=draft.origin,
            confirmation=Confirmation() if draft.is_to_confirm else None,
        )

    @property
    def is_unconfirmed(self) -> bool:
        """Whether nothing is mailed but the question whose address it is."""
        return self.confirmation is not None and self.confirmation.holds_back

    def with_consent(self, consent: Consent | None) -> "Contact":
        """Consent that is stated, by whomever, needs no confirmation any more."""
        confirmation = self.confirmation if consent is None else None
        return replace(self, consent=consent, confirmation=confirmation)

    def given(self, draft: ContactDraft) -> "Contact":
        """Given once more: the fields are the new ones, the rest what is new of it.

        Of the same revision, which a repository moves; itself where nothing changes, or a later
        row of the same file has changed it. Raises InvalidInput where added fields are too many.
        A draft that is to be confirmed leaves those alone who need not confirm: it may be
        somebody else's doing.
        """
        if draft.is_to_confirm and not self.is_unconfirmed:
            return self
        if draft.origin is not None and draft.origin.is_before(self.changed_by):
            return self
        after = replace(
            self,
            fields=checked_fields({**self.fields, **draft.fields}) if draft.adds else draft.fields,
            locale=draft.locale or self.locale,
            time_zone=draft.time_zone or self.time_zone,
        )
        if draft.consent is not None:
            after = after.with_consent(draft.consent)
        if after == self and _types(after.fields) == _types(self.fields):
            return self
        return replace(after, changed_by=draft.origin)

    def with_fields(self, changes: Mapping[str, FieldValue | None]) -> "Contact":
        """Some fields changed, those that are None removed. Raises InvalidInput."""
        for name in changes:
            check_name(name)
        merged = {**self.fields, **changes}
        kept = {name: value for name, value in merged.items() if value is not None}
        return replace(self, fields=checked_fields(kept))


def _types(fields: MergeFields) -> Mapping[str, type]:
    """What tells 1, 1.0 and true apart, which are equal."""
    return {name: type(value) for name, value in fields.items()}
