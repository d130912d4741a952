"""Time zones by their IANA names."""

import re
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_NOT_IANA = re.compile("localtime$|Factory$|posixrules$|posix/|right/")
"""What a machine's zone files hold besides: its own zone, and copies with leap seconds."""


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of that name, such as Europe/Berlin; None where there is none."""
    try:
        return None if _NOT_IANA.match(name) else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def all_zones() -> tuple[ZoneInfo, ...]:
    """Every zone that somebody can live in; read once, which takes a moment."""
    zones = (zone_named(name) for name in sorted(available_timezones()))
    return tuple(zone for zone in zones if zone is not None)
