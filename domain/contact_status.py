"""Whether a person is mailed, as it is shown: told by the suppression list, kept nowhere else."""

from enum import StrEnum

from domain.suppression import Suppression, SuppressionReason


class ContactStatus(StrEnum):
    """What stands against mailing a contact."""

    SUBSCRIBED = "subscribed"
    """Nothing."""
    UNSUBSCRIBED = "unsubscribed"
    """The person, or somebody for them, asked for no more."""
    BOUNCED = "bounced"
    """The address does not exist any more."""
    COMPLAINED = "complained"
    """The person called a mail spam."""


_STATUS = {
    SuppressionReason.BOUNCE: ContactStatus.BOUNCED,
    SuppressionReason.COMPLAINT: ContactStatus.COMPLAINED,
}


def status_of(suppression: Suppression | None) -> ContactStatus:
    """Of the contact with the suppressed address; None where it is not suppressed."""
    if suppression is None:
        return ContactStatus.SUBSCRIBED
    return _STATUS.get(suppression.reason, ContactStatus.UNSUBSCRIBED)
