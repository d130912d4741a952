"""Templates, and the content snapshot that a running campaign keeps of one."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from domain.errors import InvalidInput
from domain.identifiers import TemplateId
from domain.merge_fields import MergeFields, checked_fields
from domain.unicode_text import is_one_line, is_sendable

MAX_SUBJECT_CHARACTERS = 500
MAX_BODY_BYTES = 100_000
"""Of HTML, and again of text: both, with the subject, stay under the 400 KB of a DynamoDB item."""


@dataclass(frozen=True)
class Content:
    """Subject, HTML and text as the author wrote them, merge fields unfilled.

    `defaults` are merged where a person has no field of that name. `sender` is the From header and
    `reply_to` the Reply-To; None is the deployment's sender, and no Reply-To.
    """

    subject: str
    html: str
    text: str
    defaults: MergeFields = field(default_factory=dict, hash=False)
    sender: str | None = None
    reply_to: str | None = None

    def __post_init__(self) -> None:
        """Keep a copy of the defaults that nobody can change."""
        object.__setattr__(self, "defaults", MappingProxyType(dict(self.defaults)))

    @classmethod
    def of(  # noqa: PLR0913  what a mail is made of
        cls,
        subject: str,
        html: str,
        text: str,
        *,
        defaults: MergeFields | None = None,
        sender: str | None = None,
        reply_to: str | None = None,
    ) -> "Content":
        """Checked against the limits. Raises InvalidInput."""
        for name, part in (("subject", subject), ("html", html), ("text", text)):
            if not is_sendable(part):
                raise InvalidInput(name, "It holds NUL, or characters that are not Unicode text.")
        if not subject.strip():
            raise InvalidInput("subject", "A mail needs a subject.")
        if len(subject) > MAX_SUBJECT_CHARACTERS:
            raise InvalidInput("subject", f"At most {MAX_SUBJECT_CHARACTERS} characters.")
        if not is_one_line(subject):
            raise InvalidInput("subject", "One line, without control characters.")
        for name, body in (("html", html), ("text", text)):
            if not body.strip():
                raise InvalidInput(name, "A mail needs both an HTML and a text body.")
            if len(body.encode()) > MAX_BODY_BYTES:
                raise InvalidInput(name, f"At most {MAX_BODY_BYTES} bytes.")
        return cls(subject, html, text, _checked_defaults(defaults or {}), sender, reply_to)


def _checked_defaults(defaults: MergeFields) -> MergeFields:
    """As the fields of a contact are. Raises InvalidInput naming `defaults`."""
    try:
        return checked_fields(defaults)
    except InvalidInput as error:
        place = error.field.removeprefix("fields")
        raise InvalidInput(f"defaults{place}", error.detail) from error


@dataclass(frozen=True, kw_only=True)
class TemplateSummary:
    """A version of a template without its bodies: a page of them stays small."""

    template_id: TemplateId
    name: str
    subject: str
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Template:
    """Content under an id. Editing it never changes a campaign that has started.

    Each edit is a version; those before it are kept. `version` counts from 1, `updated_at` is when
    this one was written.
    """

    template_id: TemplateId
    name: str
    content: Content
    created_at: datetime
    updated_at: datetime
    version: int = 1

    def edit(self, name: str, content: Content, now: datetime) -> "Template":
        """The next version; this one where nothing changes, so that an edit may be repeated."""
        is_typed_alike = _types(content.defaults) == _types(self.content.defaults)
        if (name, content) == (self.name, self.content) and is_typed_alike:
            return self
        return replace(self, name=name, content=content, updated_at=now, version=self.version + 1)

    @property
    def summary(self) -> TemplateSummary:
        """Without its bodies."""
        return TemplateSummary(
            template_id=self.template_id,
            name=self.name,
            subject=self.content.subject,
            version=self.version,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


def _types(fields: MergeFields) -> dict[str, type]:
    """By which 1 and true, which are equal, differ in a mail."""
    return {name: type(value) for name, value in fields.items()}
