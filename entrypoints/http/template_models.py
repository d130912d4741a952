"""Bodies of the routes of templates."""

from domain.template import Template
from entrypoints.http.models import Answer, Name, Reference, Request, Utc


class TemplateRequestBody(Request):
    """A template to create; without an id it is given one."""

    template_id: Reference | None = None
    name: Name
    subject: str
    html: str
    text: str


class TemplateBody(Answer):
    """A template."""

    template_id: str
    name: str
    subject: str
    html: str
    text: str
    created_at: Utc

    @classmethod
    def of(cls, template: Template) -> "TemplateBody":
        """From the entity."""
        return cls(
            template_id=template.template_id,
            name=template.name,
            subject=template.content.subject,
            html=template.content.html,
            text=template.content.text,
            created_at=template.created_at,
        )


class TemplateSummaryBody(Answer):
    """A template without its bodies: a page of them stays small."""

    template_id: str
    name: str
    subject: str
    created_at: Utc

    @classmethod
    def of(cls, template: Template) -> "TemplateSummaryBody":
        """From the entity."""
        return cls(
            template_id=template.template_id,
            name=template.name,
            subject=template.content.subject,
            created_at=template.created_at,
        )


class TemplateListBody(Answer):
    """A page of templates by id."""

    items: list[TemplateSummaryBody]
    next_cursor: str | None
