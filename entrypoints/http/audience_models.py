"""Bodies of the routes of contacts and segments."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from domain.contact import Contact
from domain.segment import Segment
from domain.unicode_text import is_unicode_text
from domain.use_cases.add_members import MAX_MEMBERS
from entrypoints.http.models import Answer, Name, Reference, Request, Utc


class SegmentRequestBody(Request):
    """A static segment to create; without an id it is given one."""

    segment_id: Reference | None = None
    name: Name


class SegmentBody(Answer):
    """A segment."""

    segment_id: str
    name: str
    created_at: Utc

    @classmethod
    def of(cls, segment: Segment) -> "SegmentBody":
        """From the entity."""
        return cls.model_validate(segment, from_attributes=True)


class SegmentListBody(Answer):
    """A page of segments by id."""

    items: list[SegmentBody]
    next_cursor: str | None


class MembersRequestBody(Request):
    """Contacts to put into a segment."""

    contact_ids: Annotated[list[Reference], Field(min_length=1, max_length=MAX_MEMBERS)]


def _field_value(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise PydanticCustomError("field_value", "It must be text, a number, true or false")
    if isinstance(value, str) and not is_unicode_text(value):
        raise PydanticCustomError("string_unicode", "It is no text")
    return value


def _field_names(fields: object) -> object:
    if isinstance(fields, dict) and not all(is_unicode_text(str(name)) for name in fields):
        raise PydanticCustomError("string_unicode", "A name is no text")
    return fields


FieldValueBody = Annotated[str | int | float | bool, BeforeValidator(_field_value)]


class ContactRequestBody(Request):
    """A contact to create, or to give new fields if the address is known."""

    email: Annotated[str, Field(max_length=320)]
    fields: Annotated[dict[str, FieldValueBody], BeforeValidator(_field_names)] = {}  # noqa: RUF012  pydantic copies it


class ContactBody(Answer):
    """A contact."""

    contact_id: str
    email: str
    fields: dict[str, str | int | float | bool]

    @classmethod
    def of(cls, contact: Contact) -> "ContactBody":
        """From the entity."""
        return cls(
            contact_id=contact.contact_id, email=contact.address, fields=dict(contact.fields)
        )
