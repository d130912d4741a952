"""Bodies of the routes of templates."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from domain.identifiers import ContactId
from domain.merge_fields import FieldValue, MergeFields
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.template import Template, TemplateSummary
from domain.template_warnings import TemplateWarning
from domain.use_cases.check_template import Checked
from domain.use_cases.preview_template import Person, Preview
from domain.use_cases.send_test_mails import MAX_ADDRESSES
from domain.use_cases.write_content import WrittenContent
from entrypoints.http.audience_models import Email, Fields
from entrypoints.http.models import Answer, Name, Reference, Request, Utc, example_of, shown_by

_CONTENT = {
    "name": "Promotion",
    "subject": "{{ name }}, twenty percent off until Sunday",
    "html": (
        "<p>Hello {{ name }}, have a look.</p>"
        '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
    ),
}
_MORE_CONTENT = {
    **_CONTENT,
    "text": "Hello {{ name }}, have a look.\n\n{{ postal_address }}\n{{ unsubscribe_url }}\n",
    "defaults": {"name": "there"},
    "from": "news@example.com",
    "reply_to": "help@example.com",
}
_Sender = Annotated[str, Field(min_length=1, max_length=320)]


class TemplateContentBody(Request):
    """A template as its author writes it. Without a text it is made from the HTML."""

    model_config = shown_by(_CONTENT, _MORE_CONTENT)

    name: Name
    subject: str
    html: str
    text: Annotated[
        str | None, Field(description="Left out, it is made from the HTML, links as URLs.")
    ] = None
    defaults: Annotated[
        Fields,
        Field(
            default_factory=dict,
            description="What is merged for who has no field of that name.",
            examples=[{"name": "there"}],
        ),
    ]
    sender: Annotated[
        _Sender | None,
        Field(
            alias="from",
            description=(
                "The From header: the address of one of the deployment's senders. Left out, it is "
                "the one that the deployment sends from."
            ),
        ),
    ] = None
    reply_to: Annotated[
        _Sender | None, Field(description="Where answers go: likewise one of the senders.")
    ] = None

    def written(self) -> WrittenContent:
        """For the use case."""
        return WrittenContent(
            self.subject, self.html, self.text, self.defaults, self.sender, self.reply_to
        )


class TemplateRequestBody(TemplateContentBody):
    """A template to create; without an id it is given one."""

    model_config = shown_by(_CONTENT, {"template_id": "spring-sale", **_MORE_CONTENT})

    template_id: Reference | None = None


class WarningBody(Answer):
    """What an author should know, though it keeps nothing from being sent."""

    model_config = shown_by(
        {
            "kind": "no_unsubscribe_link",
            "part": "html",
            "detail": "No link to unsubscribe by: put {{ unsubscribe_url }} where it belongs.",
        },
    )

    kind: str
    part: str | None
    detail: str

    @classmethod
    def of(cls, warning: TemplateWarning) -> "WarningBody":
        """From the value."""
        return cls(kind=warning.kind, part=warning.part, detail=warning.detail)


class TemplateBody(Answer):
    """A version of a template; `updated_at` is when it was written."""

    model_config = ConfigDict(serialize_by_alias=True) | shown_by(
        {
            "template_id": "spring-sale",
            **_MORE_CONTENT,
            "version": 1,
            "created_at": "2026-11-19T09:00:00Z",
            "updated_at": "2026-11-19T09:00:00Z",
        },
    )

    template_id: str
    name: str
    version: int
    subject: str
    html: str
    text: str
    defaults: dict[str, FieldValue]
    sender: Annotated[str | None, Field(alias="from")]
    reply_to: str | None
    created_at: Utc
    updated_at: Utc

    @classmethod
    def of(cls, template: Template) -> "TemplateBody":
        """From the entity."""
        return cls.model_validate(_members(template))


class CheckedTemplateBody(TemplateBody):
    """A template as it was stored, the variables that it merges, and what is worth a look."""

    model_config = shown_by(
        {
            **example_of(TemplateBody),
            "variables": ["name", "postal_address", "unsubscribe_url"],
            "warnings": [],
        },
    )

    variables: list[str]
    warnings: list[WarningBody]

    @classmethod
    def of_checked(cls, template: Template, checked: Checked) -> "CheckedTemplateBody":
        """From the use cases' answers."""
        return cls.model_validate(
            {
                **_members(template),
                "variables": checked.variables,
                "warnings": [WarningBody.of(each) for each in checked.warnings],
            }
        )


def _members(template: Template) -> dict[str, object]:
    content = template.content
    return {
        "template_id": template.template_id,
        "name": template.name,
        "version": template.version,
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "defaults": dict(content.defaults),
        "from": content.sender,
        "reply_to": content.reply_to,
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }


class TemplateSummaryBody(Answer):
    """A version of a template without its bodies: a page of them stays small."""

    model_config = shown_by(
        {
            "template_id": "spring-sale",
            "name": "Promotion",
            "subject": "{{ name }}, twenty percent off until Sunday",
            "version": 1,
            "created_at": "2026-11-19T09:00:00Z",
            "updated_at": "2026-11-19T09:00:00Z",
        },
    )

    template_id: str
    name: str
    subject: str
    version: int
    created_at: Utc
    updated_at: Utc

    @classmethod
    def of(cls, summary: TemplateSummary) -> "TemplateSummaryBody":
        """From the value."""
        return cls.model_validate(summary, from_attributes=True)


class TemplateListBody(Answer):
    """A page of templates by id, or of the versions of one, newest first."""

    model_config = shown_by(
        {"items": [example_of(TemplateSummaryBody)], "next_cursor": None},
    )

    items: list[TemplateSummaryBody]
    next_cursor: str | None


class _PersonBody(Request):
    """For whom: a contact, or somebody with these fields; neither is somebody without any."""

    contact_id: Reference | None = None
    fields: Fields | None = None
    version: Annotated[
        int | None, Field(ge=1, le=99_999_999, description="The current one if left out.")
    ] = None

    def person(self) -> Person:
        """For the use case."""
        contact_id = None if self.contact_id is None else ContactId(self.contact_id)
        fields: MergeFields | None = self.fields
        return Person(contact_id, fields)


class PreviewRequestBody(_PersonBody):
    """For whom: a contact, or somebody with these fields; neither is somebody without any."""

    model_config = shown_by(
        {},
        {"contact_id": "con_01M889FD1DR9BPG5C28WTPF9HV"},
        {"fields": {"name": "Ann"}, "version": 1},
    )


class TestSendRequestBody(_PersonBody):
    """To whom, and as whom: `email` is merged as the address it goes to."""

    model_config = shown_by(
        {"to": ["ann.bell@example.com"], "fields": {"name": "Ann"}, "version": 1},
        {"to": ["ann.bell@example.com"], "contact_id": "con_01M889FD1DR9BPG5C28WTPF9HV"},
    )

    to: Annotated[list[Email], Field(min_length=1, max_length=MAX_ADDRESSES)]


class TestSendResultBody(Answer):
    """What became of one of them; with a `message_id` where the provider took it."""

    model_config = shown_by(
        {"outcome": "accepted", "reason": None, "message_id": "0102019a-6a1f4b6e"},
    )

    outcome: Literal["accepted", "refused", "not_sent", "unknown", "blocked"]
    reason: str | None
    message_id: str | None

    @classmethod
    def of(cls, outcome: Outcome) -> "TestSendResultBody":
        """From the value."""
        if isinstance(outcome, Accepted):
            return cls(outcome="accepted", reason=None, message_id=outcome.message_id)
        return cls(outcome=_OUTCOMES[type(outcome)], reason=outcome.reason, message_id=None)


_OUTCOMES: Mapping[type[Outcome], Literal["refused", "not_sent", "unknown", "blocked"]] = {
    Refused: "refused",
    NotSent: "not_sent",
    Unknown: "unknown",
    AccountBlocked: "blocked",
}


class TestSendBody(Answer):
    """One result for each address, in their order."""

    model_config = shown_by(
        {"results": [example_of(TestSendResultBody)]},
    )

    results: list[TestSendResultBody]


class PreviewBody(Answer):
    """What the person would get."""

    model_config = ConfigDict(serialize_by_alias=True) | shown_by(
        {
            "version": 1,
            "from": None,
            "reply_to": None,
            "subject": "Ann, twenty percent off until Sunday",
            "html": "<p>Hello Ann, have a look.</p>",
            "text": "Hello Ann, have a look.",
            "warnings": [example_of(WarningBody)],
        },
    )

    version: int
    sender: Annotated[str | None, Field(alias="from")]
    reply_to: str | None
    subject: str
    html: str
    text: str
    warnings: list[WarningBody]

    @classmethod
    def of(cls, preview: Preview) -> "PreviewBody":
        """From the use case's answer."""
        content, mail = preview.template.content, preview.mail
        return cls.model_validate(
            {
                "version": preview.template.version,
                "from": content.sender,
                "reply_to": content.reply_to,
                "subject": mail.subject,
                "html": mail.html,
                "text": mail.text,
                "warnings": [WarningBody.of(each) for each in preview.warnings],
            }
        )
