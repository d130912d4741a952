"""Query parameters of every list."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from domain.identifiers import NAMED_ID

MAX_PAGE = 100
NAMED = f"^{NAMED_ID.pattern}$"
"""What an id can be; what cannot is refused, not looked for."""

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=512, description="The next_cursor of the page before.")
]
