"""Change what is known of a person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from domain.contact import Consent, Contact, checked_time_zone
from domain.contact_status import ContactStatus, status_of
from domain.errors import NotFound, StaleRevision, VersionConflict
from domain.identifiers import ContactId
from domain.locale import normalise_locale
from domain.merge_fields import FieldValue
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository

_ATTEMPTS = 5


class Unchanged(Enum):
    """Left as it is, where None would remove it."""

    UNCHANGED = auto()


UNCHANGED = Unchanged.UNCHANGED


@dataclass(frozen=True, kw_only=True)
class ContactEdit:
    """What to change; None removes. Of `fields` those that are not named stay."""

    fields: Mapping[str, FieldValue | None] = field(default_factory=dict)
    locale: str | Unchanged | None = UNCHANGED
    time_zone: str | Unchanged | None = UNCHANGED
    consent: Consent | Unchanged | None = UNCHANGED

    def applied(self, contact: Contact) -> Contact:
        """Raises InvalidInput."""
        edited = replace(contact.with_fields(self.fields), changed_by=None)
        if not isinstance(self.locale, Unchanged):
            locale = None if self.locale is None else normalise_locale(self.locale)
            edited = replace(edited, locale=locale)
        if not isinstance(self.time_zone, Unchanged):
            zone = None if self.time_zone is None else checked_time_zone(self.time_zone)
            edited = replace(edited, time_zone=zone)
        if not isinstance(self.consent, Unchanged):
            edited = edited.with_consent(self.consent)
        return edited


@dataclass(frozen=True, kw_only=True)
class EditContact:
    """The address stays: another one is another contact."""

    contacts: ContactRepository
    suppressions: SuppressionRepository

    def __call__(
        self, contact_id: ContactId, edit: ContactEdit, revisions: Collection[int] | None = None
    ) -> tuple[Contact, ContactStatus]:
        """As stored, with its status; `revisions` are those that may be changed, None any.

        Raises NotFound, StaleRevision, InvalidInput, VersionConflict and DependencyFault.
        """
        for _ in range(_ATTEMPTS):
            contact = next(iter(self.contacts.get([contact_id])), None)
            if contact is None:
                raise NotFound("contact", contact_id)
            if revisions is not None and contact.revision not in revisions:
                raise StaleRevision("contact", contact.revision)
            try:
                edited = self.contacts.save(edit.applied(contact))
            except VersionConflict:
                continue
            suppressed = self.suppressions.find([edited.address])
            return edited, status_of(edited, suppressed.get(edited.address))
        raise VersionConflict("The contact kept changing.")
