"""Campaigns in local time, around moments at which clocks change, and when each zone has its."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_FURTHEST = timedelta(hours=15)
"""No zone is so far ahead of UTC."""


@dataclass(frozen=True)
class Scene:
    """Clocks in `zones` change near `begins`; `at` is what they are to show."""

    begins: datetime
    at: datetime
    zones: Sequence[str]


SCENES = (
    # Forward at 01:00 UTC: Berlin has no 02:10, Helsinki has had it.
    Scene(
        datetime(2026, 3, 29, 0, 45, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 10),  # noqa: DTZ001  it is of each zone
        ("Europe/London", "Europe/Berlin", "Europe/Helsinki"),
    ),
    # Back at 01:00 UTC: Berlin has 02:30 twice.
    Scene(
        datetime(2026, 10, 25, 0, 15, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30),  # noqa: DTZ001
        ("Europe/Berlin", "Europe/Paris", "Asia/Kathmandu"),
    ),
    # Forward, each at its 02:00, by half an hour on Lord Howe; Brisbane's stay.
    Scene(
        datetime(2026, 10, 3, 15, 50, tzinfo=UTC),
        datetime(2026, 10, 4, 2, 15),  # noqa: DTZ001
        ("Australia/Brisbane", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe"),
    ),
    # Back, each at its 02:00: all have 01:30 twice.
    Scene(
        datetime(2026, 11, 1, 3, 50, tzinfo=UTC),
        datetime(2026, 11, 1, 1, 30),  # noqa: DTZ001
        ("America/Halifax", "America/St_Johns"),
    ),
)


@dataclass(frozen=True)
class LocalPlan:
    """What is asked for, where each member lives, and who moves where, when."""

    scene: Scene
    homes: Sequence[str | None]
    moves: Sequence[tuple[timedelta, int, str]]

    @property
    def last(self) -> timedelta:
        """When the last wave comes, from the beginning."""
        return (
            max(first_moment(self.scene.at, zone) for zone in self.scene.zones) - self.scene.begins
        )


def plan_of(seed: int, members: int, scene: Scene) -> LocalPlan:
    """Members live in the zones of the scene, or nobody knows where; some move meanwhile."""
    chance = Random(f"homes {seed}")  # noqa: S311  it decides about a test
    moves = [
        (timedelta(seconds=chance.randrange(50 * 60)), who, chance.choice(scene.zones))
        for who in range(members)
        if chance.random() < 0.5
    ]
    homes = [chance.choice((None, *scene.zones, *scene.zones)) for _ in range(members)]
    return LocalPlan(scene, homes, moves)


@cache
def first_moment(at: datetime, zone: str) -> datetime:
    """The first minute at which clocks in `zone` show `at` or later: by looking at each."""
    moment = at.replace(tzinfo=UTC) - _FURTHEST
    while moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < at:
        moment += _MINUTE
    return moment
