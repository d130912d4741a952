"""The id of the request under way."""

from contextvars import ContextVar

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Set while an answer is made; the log carries it."""
