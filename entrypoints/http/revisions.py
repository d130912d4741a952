"""Revisions as entity tags (RFC 9110, section 8.8.3): nobody changes what they have not seen."""

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Header

from domain.unicode_text import is_one_line

_TAG = re.compile(r'(?P<weak>W/)?"(?P<opaque>[^"]*)"')
_REVISION = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag as read: what was changed since is left as it is (412).",
    ),
]


_ETAG = {"description": "The revision of what people edit.", "schema": {"type": "string"}}


def tagged(responses: dict[int, Any]) -> dict[int, Any]:
    """The `responses` of a route, with ETag on those that carry it."""
    return {
        status: {**response, "headers": {"ETag": _ETAG}}
        if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.PRECONDITION_FAILED
        else response
        for status, response in responses.items()
    }


def revision_tag(revision: int) -> str:
    """The ETag of what people edit."""
    return f'"{revision}"'


def revisions_of(if_match: str | None) -> Collection[int] | None:
    """Those that may be changed; None where it says nothing, or any by `*`.

    Compared strongly (section 13.1.1): a weak tag, or what is no tag, names none.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    if not is_one_line(if_match):
        return frozenset()
    return frozenset(
        int(tag["opaque"])
        for tag in _TAG.finditer(if_match)
        if tag["weak"] is None and _REVISION.fullmatch(tag["opaque"])
    )
