"""Templates, and the content snapshot that a running campaign keeps of one."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import InvalidInput
from domain.identifiers import TemplateId
from domain.unicode_text import is_unicode_text

MAX_SUBJECT_CHARACTERS = 500
MAX_BODY_BYTES = 100_000
"""Of HTML, and again of text: both, with the subject, stay under the 400 KB of a DynamoDB item."""


@dataclass(frozen=True)
class Content:
    """Subject, HTML and text as the author wrote them, merge fields unfilled."""

    subject: str
    html: str
    text: str

    @classmethod
    def of(cls, subject: str, html: str, text: str) -> "Content":
        """Checked against the limits. Raises InvalidInput."""
        for field, part in (("subject", subject), ("html", html), ("text", text)):
            if not is_unicode_text(part):
                raise InvalidInput(field, "It holds characters that are not Unicode text.")
        if not subject.strip():
            raise InvalidInput("subject", "A mail needs a subject.")
        if len(subject) > MAX_SUBJECT_CHARACTERS:
            raise InvalidInput("subject", f"At most {MAX_SUBJECT_CHARACTERS} characters.")
        if any(ord(character) < ord(" ") for character in subject):
            raise InvalidInput("subject", "One line, without control characters.")
        for field, body in (("html", html), ("text", text)):
            if not body.strip():
                raise InvalidInput(field, "A mail needs both an HTML and a text body.")
            if len(body.encode()) > MAX_BODY_BYTES:
                raise InvalidInput(field, f"At most {MAX_BODY_BYTES} bytes.")
        return cls(subject, html, text)


@dataclass(frozen=True, kw_only=True)
class Template:
    """Content under an id. Editing it never changes a campaign that has started."""

    template_id: TemplateId
    name: str
    content: Content
    created_at: datetime
