"""One time of day where each recipient lives: what clocks show there, and when they show it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from domain.time_zone import all_zones, zone_named

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class LocalTime:
    """`at` is what clocks show, without a zone; `time_zone` is that of whoever has none."""

    at: datetime
    time_zone: str

    def instant(self, time_zone: str | None = None) -> datetime:
        """When it is `at` in `time_zone`, an IANA name, in UTC.

        A zone that is not known here counts as none. Raises OverflowError outside the calendar.
        """
        return _instant(self, time_zone)

    @property
    def earliest(self) -> datetime:
        """When it is `at` in the first of all zones: nobody is to be mailed before."""
        return min(first_instant(self.at, zone) for zone in all_zones())


@lru_cache(maxsize=2_048)
def _instant(local_time: LocalTime, time_zone: str | None) -> datetime:
    """Remembered: a segment of a million asks for some dozens."""
    zone = None if time_zone is None else zone_named(time_zone)
    return first_instant(local_time.at, zone or zone_named(local_time.time_zone) or UTC)


def first_instant(at: datetime, zone: tzinfo) -> datetime:
    """The first moment, in UTC, at which clocks in `zone` show `at` or a later time.

    Where they go forward over `at`, that is when they do; where they go back over it, the first
    of the two moments. Raises OverflowError outside the calendar.
    """
    before, after = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if before <= after:
        return before
    # A gap. Read by the offset before it `at` is behind the change, by the one after it before it
    # (PEP 495); zones change at whole seconds.
    early = after.replace(microsecond=0)
    low, high = 0, (before - early) // _SECOND + 1
    while low < high:
        middle = (low + high) // 2
        if (early + middle * _SECOND).astimezone(zone).replace(tzinfo=None) < at:
            low = middle + 1
        else:
            high = middle
    return early + low * _SECOND
