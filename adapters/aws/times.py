"""Times as records hold them: text that sorts as the times do."""

from datetime import UTC, datetime


def time_to_text(moment: datetime) -> str:
    """Sorts as the times do."""
    # A year has four digits here, which strftime leaves to the system.
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{text}Z"


def text_to_time(text: str) -> datetime:
    """The inverse of `time_to_text`."""
    return datetime.fromisoformat(text)


def optional_time_to_text(moment: datetime | None) -> str | None:
    """None for None."""
    return None if moment is None else time_to_text(moment)


def optional_text_to_time(text: str | None) -> datetime | None:
    """None for None."""
    return None if text is None else text_to_time(text)
