"""Bodies of the routes of contacts and segments."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.contact import MAX_SOURCE_CHARACTERS, Confirmation, Consent, Contact, ContactDraft
from domain.contact_status import ContactStatus
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.rule import Operator, rule_to_data
from domain.segment import Segment
from domain.soft_bounces import SoftBounces
from domain.unicode_text import is_unicode_text
from domain.use_cases.add_members import MAX_MEMBERS
from domain.use_cases.edit_contact import UNCHANGED, ContactEdit
from domain.use_cases.preview_segment import SegmentPreview
from domain.use_cases.sign_up import NotAsked, SignedUp
from entrypoints.http.models import (
    Answer,
    Moment,
    Name,
    Reference,
    Request,
    Utc,
    example_of,
    shown_by,
)

_RULE = {
    "all": [
        {"field": "plan", "op": "in", "value": ["gold", "silver"]},
        {"field": "last_order", "op": "within_last_days", "value": 30},
        {"not": {"segment": "vip-customers"}},
    ]
}
RuleBody = Annotated[
    dict[str, object],
    Field(
        description=(
            "`{all: [rule, …]}`, `{any: [rule, …]}`, `{not: rule}`, `{segment: id}`, or a "
            "comparison `{field, op, value}`. The operators are "
            + ", ".join(f"`{each}`" for each in Operator)
            + "."
        ),
        examples=[_RULE],
    ),
]


class SegmentRequestBody(Request):
    """A segment to create; without an id it is given one. With a rule whoever fits it is in it."""

    model_config = shown_by(
        {"name": "Autumn fair"},
        {"segment_id": "lately-active", "name": "Lately active", "rule": _RULE},
    )

    segment_id: Reference | None = None
    name: Name
    rule: RuleBody | None = None


class RulePreviewBody(Request):
    """A rule to try."""

    model_config = shown_by({"rule": _RULE})

    rule: RuleBody


class SegmentBody(Answer):
    """A segment."""

    model_config = shown_by(
        {
            "segment_id": "lately-active",
            "name": "Lately active",
            "created_at": "2026-11-19T09:00:00Z",
            "rule": _RULE,
        },
    )

    segment_id: str
    name: str
    created_at: Utc
    rule: dict[str, object] | None

    @classmethod
    def of(cls, segment: Segment) -> "SegmentBody":
        """From the entity."""
        return cls(
            segment_id=segment.segment_id,
            name=segment.name,
            created_at=segment.created_at,
            rule=None if segment.rule is None else rule_to_data(segment.rule),
        )


class SegmentListBody(Answer):
    """A page of segments by id."""

    model_config = shown_by(
        {"items": [example_of(SegmentBody)], "next_cursor": None},
    )

    items: list[SegmentBody]
    next_cursor: str | None


class MembersRequestBody(Request):
    """Contacts to put into a segment."""

    model_config = shown_by({"contact_ids": ["con_01M889FD1DR9BPG5C28WTPF9HV"]})

    contact_ids: Annotated[list[Reference], Field(min_length=1, max_length=MAX_MEMBERS)]


def _field_value(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise PydanticCustomError("field_value", "It must be text, a number, true or false")
    if isinstance(value, str) and not is_unicode_text(value):
        raise PydanticCustomError("string_unicode", "It is no text")
    return value


def _field_value_or_none(value: object) -> object:
    return None if value is None else _field_value(value)


def _field_names(fields: object) -> object:
    if isinstance(fields, dict) and not all(is_unicode_text(str(name)) for name in fields):
        raise PydanticCustomError("string_unicode", "A name is no text")
    return fields


FieldValueBody = Annotated[str | int | float | bool, BeforeValidator(_field_value)]


Email = Annotated[str, Field(max_length=320)]
Fields = Annotated[dict[str, FieldValueBody], BeforeValidator(_field_names)]
Locale = Annotated[str, Field(max_length=64, description="BCP 47 tag.", examples=["de-AT"])]
TimeZone = Annotated[
    str, Field(max_length=64, description="IANA name.", examples=["Europe/Berlin"])
]


class ConsentRequestBody(Request):
    """Where somebody agreed to be mailed, and when."""

    source: Annotated[str, Field(max_length=MAX_SOURCE_CHARACTERS, examples=["sign-up form"])]
    at: Moment

    def consent(self) -> Consent:
        """Checked. Raises InvalidInput."""
        return Consent.of(self.source, self.at)


class ConsentBody(Answer):
    """Where somebody agreed to be mailed, and when."""

    model_config = shown_by(
        {"source": "sign-up form", "at": "2026-11-19T09:00:00Z"},
    )

    source: str
    at: Utc


class ContactRequestBody(Request):
    """A contact to create, or to give new fields if the address is known.

    Locale, time zone and consent of a known one stay where they are left out. With `confirm` a
    new one is mailed nothing but the question whose address it is, until its person confirms.
    """

    model_config = shown_by(
        {
            "email": "ann.bell@example.com",
            "fields": {"name": "Ann", "plan": "gold", "points": 120, "is_member": True},
            "locale": "en-GB",
            "time_zone": "Europe/London",
            "consent": {"source": "sign-up form", "at": "2026-11-19T09:00:00Z"},
        },
        {
            "email": "ben.cole@example.com",
            "confirm": True,
            "confirmation_template_id": "confirm-template",
        },
    )

    email: Email
    fields: Fields = {}  # noqa: RUF012  pydantic copies it
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    consent: ConsentRequestBody | None = None
    confirm: Annotated[
        bool,
        Field(
            description=(
                "Double opt-in. Who is a contact already, and has nothing to confirm, is left as "
                "they are and mailed nothing."
            )
        ),
    ] = False
    confirmation_template_id: Annotated[
        Reference | None,
        Field(description="With `confirm`: a template that merges `confirm_url`."),
    ] = None

    @model_validator(mode="after")
    def _asks_for_what_it_does_not_state(self) -> Self:
        if self.confirm and self.consent is not None:
            raise PydanticCustomError(
                "consent_and_confirm",
                "Not consent together with confirm: confirming is the consent; leave one out",
            )
        if self.confirmation_template_id is not None and not self.confirm:
            raise PydanticCustomError(
                "template_without_confirm", "A confirmation_template_id needs confirm: true"
            )
        return self

    def draft(self) -> ContactDraft:
        """Checked. Raises InvalidInput."""
        return ContactDraft.of(
            self.email,
            self.fields,
            self.locale,
            self.time_zone,
            None if self.consent is None else self.consent.consent(),
        )


class ContactEditBody(Request):
    """What to change. What is left out stays; null removes, of `fields` each by itself."""

    model_config = shown_by(
        {"fields": {"plan": "silver", "nickname": None}},
        {
            "locale": "de-AT",
            "time_zone": "Europe/Vienna",
            "consent": {"source": "sign-up form", "at": "2026-11-19T09:00:00Z"},
        },
        min_properties=1,
    )

    fields: Annotated[
        dict[str, Annotated[FieldValueBody | None, BeforeValidator(_field_value_or_none)]],
        BeforeValidator(_field_names),
    ] = {}  # noqa: RUF012  pydantic copies it
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    consent: ConsentRequestBody | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError(
                "nothing_to_change", "Nothing to change: give it fields, a locale or the like"
            )
        return self

    def edit(self) -> ContactEdit:
        """For the use case. Raises InvalidInput."""
        given = self.model_fields_set
        consent = None if self.consent is None else self.consent.consent()
        return ContactEdit(
            fields=self.fields,
            locale=self.locale if "locale" in given else UNCHANGED,
            time_zone=self.time_zone if "time_zone" in given else UNCHANGED,
            consent=consent if "consent" in given else UNCHANGED,
        )


class ContactLookupBody(Request):
    """The address of the contact that is looked for, in any spelling."""

    model_config = shown_by({"email": "ann.bell@example.com"})

    email: Email


class ConfirmationBody(Answer):
    """A confirmation that is awaited: how many mails asked, the last when, the next not before."""

    mails: int
    asked_at: Utc | None
    not_before: Utc | None

    @classmethod
    def of(cls, confirmation: Confirmation | None) -> "ConfirmationBody | None":
        """Of a contact; None where nothing is awaited."""
        if confirmation is None:
            return None
        return cls(
            mails=confirmation.mails,
            asked_at=confirmation.asked_at,
            not_before=confirmation.not_before,
        )


class SoftBouncesBody(Answer):
    """Mails in a row that came back for a passing reason, and when the last did."""

    model_config = shown_by(
        {"count": 1, "last_at": "2026-11-26T08:00:09Z"},
    )

    count: int
    last_at: Utc | None

    @classmethod
    def of(cls, soft_bounces: SoftBounces) -> "SoftBouncesBody":
        """Of a contact."""
        return cls(count=soft_bounces.count, last_at=soft_bounces.last_at)


class ContactBody(Answer):
    """A contact. Its `status` is what the suppression list and a confirmation say of it now."""

    model_config = shown_by(
        {
            "contact_id": "con_01M889FD1DR9BPG5C28WTPF9HV",
            "email": "ann.bell@example.com",
            "status": "subscribed",
            "fields": {"name": "Ann", "plan": "gold"},
            "locale": "en-GB",
            "time_zone": "Europe/London",
            "consent": example_of(ConsentBody),
            "confirmation": None,
            "soft_bounces": example_of(SoftBouncesBody),
        },
    )

    contact_id: str
    email: str
    status: ContactStatus
    fields: dict[str, str | int | float | bool]
    locale: str | None
    time_zone: str | None
    consent: ConsentBody | None
    confirmation: ConfirmationBody | None
    soft_bounces: SoftBouncesBody

    @classmethod
    def of(cls, contact: Contact, status: ContactStatus) -> "ContactBody":
        """From the entity."""
        return cls(**_told(contact, status))


class ConfirmationMailBody(Answer):
    """What became of the mail that asks, or why there was none."""

    outcome: Literal[
        "accepted",
        "not_sent",
        "refused",
        "unknown",
        "blocked",
        "not_needed",
        "suppressed",
        "asked_before",
    ]
    reason: str | None

    @classmethod
    def of(cls, mail: Outcome | NotAsked) -> "ConfirmationMailBody":
        """From the use case's answer."""
        match mail:
            case NotAsked():
                return cls(outcome=mail.value, reason=None)
            case Accepted():
                return cls(outcome="accepted", reason=None)
            case NotSent(reason):
                return cls(outcome="not_sent", reason=reason)
            case Refused(reason):
                return cls(outcome="refused", reason=reason)
            case Unknown(reason):
                return cls(outcome="unknown", reason=reason)
            case AccountBlocked(reason):
                return cls(outcome="blocked", reason=reason)


class PutContactBody(ContactBody):
    """A contact as it was put; with `confirm` what became of the mail that asks."""

    model_config = shown_by(
        {**example_of(ContactBody), "confirmation_mail": None},
    )

    confirmation_mail: ConfirmationMailBody | None = None

    @classmethod
    def of_signed_up(cls, signed_up: SignedUp) -> "PutContactBody":
        """From the use case's answer."""
        return cls(
            **_told(signed_up.contact, signed_up.status),
            confirmation_mail=ConfirmationMailBody.of(signed_up.mail),
        )


def _told(contact: Contact, status: ContactStatus) -> dict[str, Any]:
    consent = contact.consent
    return {
        "contact_id": contact.contact_id,
        "email": contact.address,
        "status": status,
        "fields": dict(contact.fields),
        "locale": contact.locale,
        "time_zone": contact.time_zone,
        "consent": None if consent is None else ConsentBody(source=consent.source, at=consent.at),
        "confirmation": ConfirmationBody.of(contact.confirmation),
        "soft_bounces": SoftBouncesBody.of(contact.soft_bounces),
    }


class ContactListBody(Answer):
    """A page of contacts, in an order of their own."""

    model_config = shown_by(
        {"items": [example_of(ContactBody)], "next_cursor": None},
    )

    items: list[ContactBody]
    next_cursor: str | None


class SegmentPreviewBody(Answer):
    """How many fit now, and some of them. Where it is not exact, there are `count` at the least.

    `looked_at` is how many contacts were gone through; `detail` says all that for people.
    """

    model_config = shown_by(
        {
            "count": 1,
            "is_exact": True,
            "looked_at": 120,
            "detail": "1 match.",
            "sample": [example_of(ContactBody)],
        },
    )

    count: int
    is_exact: bool
    looked_at: int
    detail: str
    sample: list[ContactBody]

    @classmethod
    def of(cls, preview: SegmentPreview) -> "SegmentPreviewBody":
        """From the use case's answer."""
        return cls(
            count=preview.count,
            is_exact=preview.is_exact,
            looked_at=preview.looked_at,
            detail=_detail(preview),
            sample=[ContactBody.of(*each) for each in preview.sample],
        )


def _detail(preview: SegmentPreview) -> str:
    if preview.is_exact:
        return f"{preview.count} match." if preview.count else "Nobody matches."
    first = f"of the first {preview.looked_at} contacts that were looked at; there are more."
    return f"At least {preview.count}, {first}" if preview.count else f"Nobody {first}"
