"""Show a template as one person would get it."""

from dataclasses import dataclass, replace

from domain.confirmation import CONFIRM_URL, confirmation_fields
from domain.errors import InvalidInput, NotFound, UnknownReference
from domain.footer import Footer
from domain.identifiers import ContactId, TemplateId, shown
from domain.merge_fields import MergeFields, checked_fields
from domain.ports.contacts import ContactRepository
from domain.ports.renderer import Rendered, Renderer, Unrenderable
from domain.ports.templates import TemplateRepository
from domain.recipient import Recipient
from domain.template import Template
from domain.template_warnings import TemplateWarning, warnings_of_mail
from domain.use_cases.check_template import CheckTemplate

SOMEBODY = "somebody@example.com"
"""Who it is shown for where only fields are given (RFC 2606)."""


@dataclass(frozen=True)
class Person:
    """A contact, or somebody with these fields."""

    contact_id: ContactId | None = None
    fields: MergeFields | None = None


@dataclass(frozen=True)
class Preview:
    """The version that was rendered, the mail, and the warnings of both."""

    template: Template
    mail: Rendered
    warnings: tuple[TemplateWarning, ...]


@dataclass(frozen=True, kw_only=True)
class PreviewTemplate:
    """By the renderer that campaigns go by: nothing is sent."""

    templates: TemplateRepository
    contacts: ContactRepository
    renderer: Renderer
    check: CheckTemplate
    footer: Footer
    sender: str

    def __call__(
        self, template_id: TemplateId, person: Person, version: int | None = None
    ) -> Preview:
        """Raises NotFound, and InvalidInput naming `contact_id`, `fields` or `version`."""
        template = self.template(template_id, version)
        (mail,) = self.render(template, [self.recipient(person)], person)
        warnings = dict.fromkeys(
            (*self.check(template.content).warnings, *warnings_of_mail(mail.html))
        )
        return Preview(template, mail, tuple(warnings))

    def template(self, template_id: TemplateId, version: int | None) -> Template:
        """A version of it, the current one if none is named. Raises NotFound."""
        found = (
            self.templates.get(template_id)
            if version is None
            else self.templates.version(template_id, version)
        )
        if found is None:
            raise NotFound("template", template_id)
        return found

    def recipient(self, person: Person) -> Recipient:
        """Whom it is rendered for. Raises InvalidInput."""
        if person.contact_id is None:
            return Recipient(
                ContactId("con_preview"), SOMEBODY, checked_fields(person.fields or {})
            )
        if person.fields is not None:
            raise InvalidInput("fields", "Not together with contact_id: leave out one of them.")
        found = self.contacts.get([person.contact_id])
        if not found:
            raise UnknownReference("contact_id", f"No contact {shown(person.contact_id)}.")
        (contact,) = found
        return Recipient(contact.contact_id, contact.address, contact.fields)

    def render(
        self, template: Template, recipients: list[Recipient], person: Person
    ) -> list[Rendered]:
        """With links to unsubscribe and to confirm by that lead nowhere.

        Raises InvalidInput naming what was given of the person, where there is no mail.
        """
        mails: list[Rendered] = []
        url = self.footer.unsubscribe_url()
        merged = [self.footer.merged(recipient, url) for recipient in recipients]
        if CONFIRM_URL in self.renderer.variables(template.content):
            given = confirmation_fields(self.footer, template.content.sender or self.sender)
            merged = [replace(each, fields={**each.fields, **given}) for each in merged]
        for mail in self.renderer.render(template.content, merged):
            if isinstance(mail, Unrenderable):
                raise InvalidInput(
                    "fields" if person.contact_id is None else "contact_id",
                    f"There is no mail for this: {mail.reason}.",
                )
            mails.append(mail)
        return mails
