"""Take somebody's address, and mail it nothing but the question whose it is."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from domain.chunk import ChunkRef
from domain.confirmation import (
    CONFIRM_URL,
    DEFAULT_CONTENT,
    Asking,
    ConfirmationTokens,
    confirmation_fields,
)
from domain.contact import Confirmation, Contact, ContactDraft
from domain.contact_status import ContactStatus, status_of
from domain.errors import DependencyFault, InvalidInput, UnknownReference, VersionConflict
from domain.footer import Footer
from domain.identifiers import CampaignId, ContactId, TemplateId, shown
from domain.message import Message
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.renderer import Renderer, Unrenderable
from domain.ports.suppressions import SuppressionRepository
from domain.ports.templates import TemplateRepository
from domain.recipient import Recipient
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from domain.template import Content
from domain.use_cases.send_directly import LAST_BEGUN, SendDirectly

logger = logging.getLogger(__name__)

CONFIRMATION = ChunkRef(CampaignId("confirmation"), 0, 0)
"""What the provider tells of these mails leads to no campaign; a bounce suppresses all the same."""
_ATTEMPTS = 5
_SOMEBODY = ContactId("con_00000000000000000000000000")


class NotAsked(StrEnum):
    """Why no mail was sent."""

    NOT_NEEDED = "not_needed"
    """Nothing is to be confirmed: the person is a contact, and nothing holds mail back."""
    SUPPRESSED = "suppressed"
    """Mail is held back from the address, and not by an unsubscribing that may be taken back."""
    ASKED_BEFORE = "asked_before"
    """A moment ago; again from `Confirmation.not_before` on."""


@dataclass(frozen=True)
class SignedUp:
    """The contact as it is now, and what became of the mail."""

    contact: Contact
    status: ContactStatus
    mail: Outcome | NotAsked


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """Anybody can type anybody's address into a form: nothing is believed until it is confirmed."""

    contacts: ContactRepository
    suppressions: SuppressionRepository
    templates: TemplateRepository
    renderer: Renderer
    tokens: ConfirmationTokens
    footer: Footer
    send: SendDirectly
    clock: Clock
    sender: str
    default_template: str
    """The deployment's own; without one DEFAULT_CONTENT is sent."""

    def __call__(self, draft: ContactDraft, template_id: TemplateId | None) -> SignedUp:
        """The contact is there before it is asked, and what is asked is written before it is sent.

        Raises InvalidInput naming `confirmation_template_id` or `fields`, and then nothing has
        changed; VersionConflict and DependencyFault, after which it may be repeated.
        """
        last_begun = self.clock.monotonic() + LAST_BEGUN
        content = self._content(template_id)
        sample = Recipient(_SOMEBODY, draft.address, draft.fields)
        if isinstance(mail := self._message(content, sample), Refused):
            raise InvalidInput("fields", f"There is no confirmation mail for this: {mail.reason}.")
        (contact,) = self.contacts.put([replace(draft, is_to_confirm=True)])
        found = self.suppressions.find([contact.address]).get(contact.address)
        before, asked = self._claim(contact, found)
        if isinstance(asked, NotAsked):
            return SignedUp(before, status_of(before, found), asked)
        outcome = self._ask(content, asked, last_begun)
        if isinstance(outcome, NotSent | AccountBlocked):
            asked = self._take_back(before, asked)
        logger.info(
            "Asked to confirm: %s",
            type(outcome).__name__,
            extra={"contact_id": asked.contact_id, "accepted": isinstance(outcome, Accepted)},
        )
        return SignedUp(asked, status_of(asked, found), outcome)

    def _content(self, template_id: TemplateId | None) -> Content:
        """Raises InvalidInput."""
        name = template_id or TemplateId(self.default_template)
        if not name:
            return DEFAULT_CONTENT
        field = "confirmation_template_id"
        template = self.templates.get(name)
        if template is None:
            said = "create it first" if template_id else "CONFIRMATION_TEMPLATE names it"
            raise UnknownReference(field, f"No template {shown(name)}; {said}.")
        if CONFIRM_URL not in self.renderer.variables(template.content):
            raise InvalidInput(field, f"The template does not merge {{{{ {CONFIRM_URL} }}}}.")
        return template.content

    def _claim(
        self, contact: Contact, found: Suppression | None
    ) -> tuple[Contact, Contact | NotAsked]:
        """The contact before and after it is written down that it is asked; or why it is not.

        Of those who do so at once one mails.
        """
        for _ in range(_ATTEMPTS):
            confirmation = contact.confirmation
            if found is not None and not _may_be_taken_back(found):
                return contact, NotAsked.SUPPRESSED
            if confirmation is None:
                if found is None:
                    return contact, NotAsked.NOT_NEEDED
                # A person who unsubscribed asks again: what they get besides goes on.
                confirmation = Confirmation(holds_back=False)
            now = self.clock.now()
            if confirmation.not_before is not None and now < confirmation.not_before:
                return contact, NotAsked.ASKED_BEFORE
            try:
                asked = replace(contact, confirmation=confirmation.asked(now))
                return contact, self.contacts.save(asked)
            except VersionConflict:
                contact = next(iter(self.contacts.get([contact.contact_id])), contact)
        raise VersionConflict("The contact kept changing.")

    def _ask(self, content: Content, contact: Contact, last_begun: timedelta) -> Outcome:
        recipient = Recipient(contact.contact_id, contact.address, contact.fields)
        message = self._message(content, recipient)
        return message if isinstance(message, Refused) else self.send(message, last_begun)

    def _message(self, content: Content, recipient: Recipient) -> Message | Refused:
        """With a link of its own. Raises DependencyFault."""
        token = self.tokens.token(Asking(recipient.contact_id, self.clock.now()))
        given = confirmation_fields(self.footer, content.sender or self.sender, token)
        merged = replace(recipient, fields={**recipient.fields, **given})
        (mail,) = self.renderer.render(content, [merged])
        if isinstance(mail, Unrenderable):
            return Refused(mail.reason)
        return Message(
            chunk=CONFIRMATION,
            position=0,
            to=recipient.address,
            subject=mail.subject,
            html=mail.html,
            text=mail.text,
            sender=content.sender,
            reply_to=content.reply_to,
        )

    def _take_back(self, before: Contact, asked: Contact) -> Contact:
        """It was certainly not mailed: whoever tries again need not wait."""
        with suppress(VersionConflict, DependencyFault):
            return self.contacts.save(replace(asked, confirmation=before.confirmation))
        return asked


def _may_be_taken_back(suppression: Suppression) -> bool:
    """By the reader alone, whose own doing it was; who wants no mail at all gets no question."""
    return (
        suppression.reason is SuppressionReason.UNSUBSCRIBE
        and suppression.scope is SuppressionScope.MARKETING
    )
