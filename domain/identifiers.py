"""Identifiers: opaque prefixed ULIDs, and names chosen by people where that is allowed."""

import re
from typing import NewType

from domain.errors import InvalidInput

CampaignId = NewType("CampaignId", str)
TemplateId = NewType("TemplateId", str)
SegmentId = NewType("SegmentId", str)
ContactId = NewType("ContactId", str)
SuppressionId = NewType("SuppressionId", str)
"""The keyed hash of an address: it may be in a URL, and the address may not."""
JobId = NewType("JobId", str)
"""Of an import or an export."""
WebhookId = NewType("WebhookId", str)
"""Of an endpoint that is told of events."""
WebhookEventId = NewType("WebhookEventId", str)
"""Of an event: what receivers know it by, however often it comes."""
SeriesId = NewType("SeriesId", str)
AttemptToken = NewType("AttemptToken", str)
"""Unique to one claim of one chunk; an outcome is believed by it."""
LeaseToken = NewType("LeaseToken", str)
"""Unique to one holder of a fan-out range or a job."""
WriteToken = NewType("WriteToken", str)
"""Unique to one write of a store: by it a writer knows its own, where the answer was lost."""

NAMED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a template or segment may be called when a person chooses its id."""


def chosen_id(field: str, text: str) -> str:
    """An id that a person chose for a template or a segment. Raises InvalidInput naming `field`."""
    if not NAMED_ID.fullmatch(text):
        raise InvalidInput(field, "Letters, digits, - and _, at most 64, a letter or digit first.")
    return text


def shown(identifier: str) -> str:
    """`identifier` as an error may repeat it: what cannot be an id may be somebody's address."""
    return repr(identifier) if NAMED_ID.fullmatch(identifier) else "of that id"
