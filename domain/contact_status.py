"""Whether a person is mailed, as it is shown: told by the suppression list and the contact."""

from enum import StrEnum

from domain.contact import Contact
from domain.suppression import Suppression, SuppressionReason


class ContactStatus(StrEnum):
    """What stands against mailing a contact."""

    SUBSCRIBED = "subscribed"
    """Nothing."""
    UNSUBSCRIBED = "unsubscribed"
    """The person, or somebody for them, asked for no more."""
    BOUNCED = "bounced"
    """The address does not exist any more, or is given up."""
    COMPLAINED = "complained"
    """The person called a mail spam."""
    UNCONFIRMED = "unconfirmed"
    """The person has not said yet that the address is theirs."""


_STATUS = {
    SuppressionReason.BOUNCE: ContactStatus.BOUNCED,
    SuppressionReason.SOFT_BOUNCES: ContactStatus.BOUNCED,
    SuppressionReason.COMPLAINT: ContactStatus.COMPLAINED,
}


def status_of(contact: Contact, suppression: Suppression | None) -> ContactStatus:
    """Of a contact with what suppresses its address; None where nothing does."""
    if suppression is not None:
        return _STATUS.get(suppression.reason, ContactStatus.UNSUBSCRIBED)
    return ContactStatus.UNCONFIRMED if contact.is_unconfirmed else ContactStatus.SUBSCRIBED
