"""Bodies of the routes of the suppression list."""

from typing import Annotated

from pydantic import Field

from domain.suppression import (
    MAX_NOTE_CHARACTERS,
    SuppressionEntry,
    SuppressionReason,
    SuppressionScope,
)
from entrypoints.http.models import Answer, Moment, Request, Utc, example_of, shown_by

Email = Annotated[str, Field(max_length=320)]


class SuppressionRequestBody(Request):
    """An address to suppress."""

    model_config = shown_by(
        {
            "email": "ann.bell@example.com",
            "scope": "marketing",
            "note": "Asked for it on the phone.",
        },
        {
            "email": "ben.cole@example.com",
            "reason": "unsubscribe",
            "scope": "marketing",
            "since": "2025-05-04T09:00:00Z",
        },
    )

    email: Email
    scope: Annotated[
        SuppressionScope,
        Field(
            # A name in JSON: strict mode would ask for the enum itself.
            strict=False,
            description="`marketing`: no marketing campaigns; `all`: no mail at all.",
        ),
    ] = SuppressionScope.ALL
    note: Annotated[
        str | None,
        Field(max_length=MAX_NOTE_CHARACTERS, description="Why, for those who come after."),
    ] = None
    reason: Annotated[
        SuppressionReason,
        Field(strict=False, description="What it was for, where it comes from elsewhere."),
    ] = SuppressionReason.OPERATOR
    since: Annotated[
        Moment | None, Field(description="When it was, where it comes from elsewhere; else now.")
    ] = None


class SuppressionLookupBody(Request):
    """An address to look for."""

    model_config = shown_by({"email": "ann.bell@example.com"})

    email: Email


class UnsubscribedBody(Answer):
    """What the reader asked for by the link."""

    model_config = shown_by(
        {"scope": "marketing", "since": "2026-11-19T09:00:00Z"},
    )

    scope: SuppressionScope
    since: Utc


class SuppressionBody(Answer):
    """A suppressed address; `email` is null once it was erased."""

    model_config = shown_by(
        {
            "suppression_id": "f3a75f53c45987b7ec645adcdc9c126498deee88402a185bfdb01d01cc2246bf",
            "email": "ann.bell@example.com",
            "reason": "bounce",
            "scope": "all",
            "since": "2026-11-26T08:00:09Z",
            "note": None,
            "unsubscribed": example_of(UnsubscribedBody),
        },
    )

    suppression_id: str
    email: str | None
    reason: SuppressionReason
    scope: SuppressionScope
    since: Utc
    note: str | None
    unsubscribed: Annotated[
        UnsubscribedBody | None,
        Field(description="Beside another reason, and it stays when that entry is deleted."),
    ]

    @classmethod
    def of(cls, entry: SuppressionEntry) -> "SuppressionBody":
        """From the entry."""
        return cls(
            suppression_id=entry.suppression_id,
            email=entry.address,
            reason=entry.reason,
            scope=entry.scope,
            since=entry.since,
            note=entry.note,
            unsubscribed=(
                None
                if entry.unsubscribed is None
                else UnsubscribedBody(
                    scope=entry.unsubscribed.scope, since=entry.unsubscribed.since
                )
            ),
        )


class SuppressionListBody(Answer):
    """A page of suppressed addresses, by id."""

    model_config = shown_by(
        {"items": [example_of(SuppressionBody)], "next_cursor": None},
    )

    items: list[SuppressionBody]
    next_cursor: str | None
