"""Times that come again: the five fields of crontab(5), by the clocks of a zone.

```
minute  hour  day of month  month  day of week
0-59    0-23  1-31          1-12   0-7, 0 and 7 are Sunday
```

Lists, ranges, steps (`*/15`, `8-18/2`), and the names `JAN`-`DEC` and `SUN`-`SAT`. Where both day
fields are restricted, that is where neither begins with `*`, a day fits that fits either.

When clocks change, the hours decide. With some hours only, every time that is named comes once: in
a gap at the first moment after it, and what clocks show twice at the first of both. With all hours
it comes whenever clocks show it: in no hour that there is not, and in one that comes twice, twice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput

MAX_CRON_CHARACTERS = 200

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LONGEST_MONTHS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
_TERM = re.compile(
    r"(?:(?P<star>\*)|(?P<low>[A-Z0-9]+)(?:-(?P<high>[A-Z0-9]+))?)(?:/(?P<step>[0-9]{1,4}))?",
    re.ASCII,
)
_HOURS_A_DAY = 24
_MINUTES_A_DAY = 24 * 60
_DAY = timedelta(days=1)
_LAST_DATE = date.max - 2 * _DAY
"""A time zone needs some room behind it."""
_ALL_CALENDARS = 28 * 366
"""Days after which dates and weekdays have met in every way, but for centuries without leap day."""


@dataclass(frozen=True)
class _Field:
    """One of the five: what it is called, its least and its greatest value, names of values."""

    name: str
    least: int
    greatest: int
    names: Mapping[str, int]

    def values(self, text: str) -> frozenset[int]:
        """Raises InvalidInput naming `cron`."""
        return frozenset(value for term in text.split(",") for value in self._term(term))

    def _term(self, text: str) -> range:
        match = _TERM.fullmatch(text)
        if match is None:
            raise self._refused(text, "write a number, a range such as 1-5, or * with a step")
        step = int(match["step"] or 1)
        if step == 0:
            raise self._refused(text, "the step is at least 1")
        if match["star"]:
            return range(self.least, self.greatest + 1, step)
        low = self._value(text, match["low"])
        if match["high"] is None:
            if match["step"] is not None:
                raise self._refused(text, f"a step needs a range: {low}-{self.greatest}/{step}")
            return range(low, low + 1)
        high = self._value(text, match["high"])
        if high < low:
            raise self._refused(text, "the range ends before it begins; write it as two")
        return range(low, high + 1, step)

    def _value(self, term: str, text: str) -> int:
        value = self.names.get(text)
        if value is None and text.isdigit():
            value = int(text)
        if value is None or not self.least <= value <= self.greatest:
            raise self._refused(term, f"it takes {self.least} to {self.greatest}")
        return value

    def _refused(self, term: str, detail: str) -> InvalidInput:
        return InvalidInput("cron", f"{self.name}, {term!r}: {detail}.")


_MINUTE = _Field("minute", 0, 59, {})
_HOUR = _Field("hour", 0, 23, {})
_DAY_OF_MONTH = _Field("day of month", 1, 31, {})
_MONTH = _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)})
_DAY_OF_WEEK = _Field("day of week", 0, 7, {name: day for day, name in enumerate(_WEEKDAYS)})
_FIELDS = (_MINUTE, _HOUR, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK)


@dataclass(frozen=True)
class Cron:
    """What the five fields say. `text` is as it was written, in single spaces.

    `days_of_week` are ISO weekdays modulo 7: 0 is Sunday. With `either_day` a day fits that fits
    one of its two fields, without it must fit both.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days_of_month: frozenset[int]
    months: frozenset[int]
    days_of_week: frozenset[int]
    either_day: bool

    @classmethod
    def of(cls, text: str) -> "Cron":
        """Raises InvalidInput naming `cron`, also for what would never come."""
        parts = text.upper().split()
        if len(text) > MAX_CRON_CHARACTERS:
            raise InvalidInput("cron", f"At most {MAX_CRON_CHARACTERS} characters.")
        if len(parts) != len(_FIELDS):
            raise InvalidInput(
                "cron",
                "Five fields: minute, hour, day of month, month, day of week; 0 9 * * MON is every"
                " Monday at 09:00.",
            )
        minutes, hours, days_of_month, months, days_of_week = (
            field.values(part) for field, part in zip(_FIELDS, parts, strict=True)
        )
        cron = cls(
            text=" ".join(text.split()),
            minutes=tuple(sorted(minutes)),
            hours=tuple(sorted(hours)),
            days_of_month=days_of_month,
            months=months,
            days_of_week=frozenset(day % 7 for day in days_of_week),
            either_day=not (parts[2].startswith("*") or parts[4].startswith("*")),
        )
        longest = max(_LONGEST_MONTHS[month] for month in months)
        if not cron.either_day and min(days_of_month) > longest:
            raise InvalidInput("cron", "It never comes: none of its months has such a day.")
        return cron

    @property
    def is_every_hour(self) -> bool:
        """Whether it comes in all hours: then as clocks show it, whatever they do."""
        return len(self.hours) == _HOURS_A_DAY

    @property
    def times_of_day(self) -> tuple[time, ...]:
        """At which of a day that fits, earliest first."""
        return tuple(time(hour, minute) for hour in self.hours for minute in self.minutes)

    def fits(self, day: date) -> bool:
        """Whether it comes on that day."""
        if day.month not in self.months:
            return False
        of_month = day.day in self.days_of_month
        of_week = day.isoweekday() % 7 in self.days_of_week
        return of_month or of_week if self.either_day else of_month and of_week

    def shortest_interval(self) -> timedelta:
        """Between two times by the clock, up to a day, leaving changes of the clocks out."""
        times = [hour * 60 + minute for hour in self.hours for minute in self.minutes]
        within = [later - earlier for earlier, later in pairwise(times)]
        shortest = min(within, default=_MINUTES_A_DAY)
        overnight = times[0] + _MINUTES_A_DAY - times[-1]
        if overnight < shortest and self._comes_on_days_in_a_row():
            shortest = overnight
        return timedelta(minutes=shortest)

    def _comes_on_days_in_a_row(self) -> bool:
        days = [date(2000, 1, 1) + number * _DAY for number in range(_ALL_CALENDARS)]
        return any(self.fits(day) and self.fits(day + _DAY) for day in days)


def occurrences(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments after `after`, in UTC, each once, the earliest first; until the calendar ends."""
    # A day more, for what a gap moves into the next.
    day = after.astimezone(zone).date() - _DAY
    waiting: set[datetime] = set()
    while day < _LAST_DATE:
        if cron.fits(day):
            waiting.update(_moments_of(cron, zone, day))
        day += _DAY
        if waiting:
            # Where clocks go back over midnight, moments of one day come after some of the next.
            settled = _first_moment(datetime.combine(day, time()), zone)
            ready = sorted(moment for moment in waiting if moment < settled)
            waiting.difference_update(ready)
            yield from (moment for moment in ready if moment > after)


def _moments_of(cron: Cron, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    for clock_time in cron.times_of_day:
        local = datetime.combine(day, clock_time)
        if cron.is_every_hour:
            yield from _moments_shown(local, zone)
        else:
            yield _first_moment(local, zone)


def _moments_shown(local: datetime, zone: ZoneInfo) -> set[datetime]:
    """All moments at which clocks show `local`: none, one or two."""
    moments = {_utc(local, zone, fold) for fold in (0, 1)}
    return {each for each in moments if each.astimezone(zone).replace(tzinfo=None) == local}


def _first_moment(local: datetime, zone: ZoneInfo) -> datetime:
    """The first at which clocks show `local`; in a gap, the first after it."""
    shown = _moments_shown(local, zone)
    if shown:
        return min(shown)
    # PEP 495: read by the offset before the gap it lies behind it, by the one after it before it.
    later, earlier = (_utc(local, zone, fold) for fold in (0, 1))
    offset = earlier.astimezone(zone).utcoffset()
    while later - earlier > timedelta(seconds=1):
        middle = earlier + timedelta(seconds=(later - earlier) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            earlier = middle
        else:
            later = middle
    return later


def _utc(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
