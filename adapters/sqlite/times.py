"""Instants as columns hold them: whole microseconds since 1970, so that they sort and compare."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_column(at: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return (at - _EPOCH) // _MICROSECOND


def optional_to_column(at: datetime | None) -> int | None:
    """As `to_column`, or NULL."""
    return None if at is None else to_column(at)


def from_column(microseconds: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + microseconds * _MICROSECOND
