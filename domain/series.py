"""A series: a campaign that comes again, one for each occurrence of its cron (docs/series.md)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from domain.campaign import CampaignCategory, UnknownPolicy
from domain.cron import Cron, occurrences
from domain.errors import IllegalTransition, InvalidInput
from domain.identifiers import CampaignId, SegmentId, SeriesId, TemplateId
from domain.names import checked_name
from domain.priority import Priority
from domain.time_zone import zone_named

MAX_HISTORY = 50
"""So many occurrences, the latest, stay with a series: what was made of them, or why nothing."""
MAX_OCCURRENCES = 100_000
RETRY = timedelta(minutes=15)
"""How long after one that could not be made it is tried again, as long as its time is to come."""
NOT_IN_TIME = "Nobody made it in time."

_DATE, _TIME = "{date}", "{time}"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class SeriesState(StrEnum):
    """Where a series is. `ended` is final."""

    ACTIVE = "active"
    PAUSED = "paused"
    """What would come meanwhile does not, and is not made up for."""
    ENDED = "ended"


class CatchUp(StrEnum):
    """What becomes of occurrences whose time passed before anything was made of them."""

    NONE = "none"
    """All are missed."""
    LATEST = "latest"
    """The latest is sent at once, unless it is too late by now; those before it are missed."""


@dataclass(frozen=True, kw_only=True)
class SeriesPlan:
    """What people write: when it comes, and of what its campaigns are.

    `name` is that of the campaigns, too, with their date: at `{date}` and `{time}`, or behind it.
    Nothing comes after `ends_at`, nor once `max_occurrences` campaigns were made.
    """

    name: str
    cron: Cron
    timezone: str
    template_id: TemplateId
    segment_id: SegmentId
    exclude_segment_ids: tuple[SegmentId, ...] = ()
    unknown_policy: UnknownPolicy = UnknownPolicy.HOLD
    category: CampaignCategory = CampaignCategory.MARKETING
    priority: Priority = Priority.NORMAL
    catch_up: CatchUp = CatchUp.LATEST
    ends_at: datetime | None = None
    max_occurrences: int | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Of its clocks. Raises InvalidInput naming `timezone`."""
        zone = zone_named(self.timezone)
        if zone is None:
            raise InvalidInput(
                "timezone", "No such time zone; use an IANA name such as Europe/Berlin."
            )
        return zone

    def checked(self, now: datetime, min_interval: timedelta) -> "SeriesPlan":
        """It can come, and not too often. Raises InvalidInput naming the field."""
        shortest = self.cron.shortest_interval()
        if shortest < min_interval:
            raise InvalidInput(
                "cron",
                f"It comes {shortest // timedelta(minutes=1)} minutes after itself; leave"
                f" {min_interval // timedelta(minutes=1)} at least.",
            )
        if self.max_occurrences is not None and not 1 <= self.max_occurrences <= MAX_OCCURRENCES:
            raise InvalidInput("max_occurrences", f"1 to {MAX_OCCURRENCES}.")
        first = next(self.coming(now), None)
        if first is None:
            raise InvalidInput(
                "ends_at", "It never comes before that; choose a later time, or leave it out."
            )
        named = replace(self, name=checked_name(self.name))
        named.campaign_name(first)
        return named

    def coming(self, after: datetime) -> Iterator[datetime]:
        """The moments after `after`, in UTC, earliest first."""
        ends_at = self.ends_at
        found = occurrences(self.cron, self.zone, after)
        return found if ends_at is None else takewhile(lambda moment: moment <= ends_at, found)

    def campaign_name(self, occurrence_at: datetime) -> str:
        """Of the campaign of one occurrence. Raises InvalidInput naming `name`."""
        local = occurrence_at.astimezone(self.zone)
        name = self.name
        if _DATE not in name and _TIME not in name:
            name += f" {_DATE}" if len(self.cron.times_of_day) == 1 else f" {_DATE} {_TIME}"
        return checked_name(
            name.replace(_DATE, local.strftime("%Y-%m-%d")).replace(_TIME, local.strftime("%H:%M"))
        )


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """What became of one: its campaign, or `missed`, which says why there is none."""

    at: datetime
    campaign_id: CampaignId | None = None
    missed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    """One campaign for each occurrence, the next of which is always there beforehand.

    `next_at` is the next occurrence of which nothing became yet, None where none comes any more;
    `last_at` the latest of which something did. `history` are the latest of these, oldest first;
    `made_count` and `missed_count` count all. `problem` says why the next could not be made yet.
    `version` counts writes of the record, `revision` what people change; `revised_at` is when they
    last did. `next_check_at` is when the reconciler looks at it.
    """

    series_id: SeriesId
    plan: SeriesPlan
    created_at: datetime
    revised_at: datetime
    state: SeriesState = SeriesState.ACTIVE
    next_at: datetime | None = None
    last_at: datetime | None = None
    next_check_at: datetime | None = None
    problem: str | None = None
    made_count: int = 0
    missed_count: int = 0
    history: tuple[Occurrence, ...] = ()
    version: int = 0
    revision: int = 1

    @classmethod
    def begin(cls, series_id: SeriesId, plan: SeriesPlan, now: datetime) -> "Series":
        """Its first occurrence is the next from now on."""
        return cls(
            series_id=series_id,
            plan=plan,
            created_at=now,
            revised_at=now,
            next_at=next(plan.coming(now), None),
            next_check_at=now,
        )

    def coming(self, after: datetime) -> Iterator[datetime]:
        """Occurrences after `after` of which nothing became yet, as many as it may have."""
        taken = {each.at for each in self.history}
        return (moment for moment in self.plan.coming(after) if moment not in taken)

    @property
    def left(self) -> int | None:
        """How many campaigns may still be made; None: any number."""
        most = self.plan.max_occurrences
        return None if most is None else max(0, most - self.made_count)

    @property
    def campaign_id_of_next(self) -> CampaignId:
        """The same whoever makes it, and however often that is tried: a ULID.

        Of the time at which it could be made, so that campaigns are listed in that order.
        """
        assert self.next_at is not None  # noqa: S101  whoever asks has seen it
        makeable_at = max(self.last_at or self.revised_at, self.revised_at)
        key = f"{self.series_id} {self.revision} {self.next_at.isoformat()}"
        chance = int.from_bytes(hashlib.sha256(key.encode()).digest()[:10])
        number = int(makeable_at.timestamp() * 1_000) << 80 | chance
        digits = (_CROCKFORD[number >> 5 * place & 31] for place in reversed(range(26)))
        return CampaignId(f"cmp_{''.join(digits)}")

    def look_at(self, now: datetime, horizon: timedelta) -> datetime | None:
        """When the next is to be made: once the last has come, at most `horizon` ahead.

        None where there is no next, and the last has come.
        """
        waits_for_last = self.last_at is not None and self.last_at > now
        if waits_for_last or self.next_at is None:
            return self.last_at if waits_for_last else None
        return self.next_at - horizon

    def pass_over(self, now: datetime, max_lateness: timedelta | None) -> "Series":
        """Misses what has passed, but for what is to be caught up; itself where nothing has.

        Without `max_lateness` nothing is.
        """
        if self.next_at is None or self.next_at > now:
            return self
        passed = [self.next_at, *takewhile(lambda at: at <= now, self.coming(self.next_at))]
        keeps = (
            self.plan.catch_up is CatchUp.LATEST
            and max_lateness is not None
            and now - passed[-1] <= max_lateness
        )
        missed = passed[:-1] if keeps else passed
        if not missed:
            return self
        reasons = [self.problem or NOT_IN_TIME, *([NOT_IN_TIME] * (len(missed) - 1))]
        gone = tuple(
            Occurrence(at=at, missed=reason) for at, reason in zip(missed, reasons, strict=True)
        )
        return replace(
            self._settled(gone),
            next_at=passed[-1] if keeps else next(self.coming(passed[-1]), None),
            missed_count=self.missed_count + len(gone),
        )

    def made(self, campaign_id: CampaignId) -> "Series":
        """The next has its campaign."""
        assert self.next_at is not None  # noqa: S101  whoever made it has seen it
        settled = self._settled((Occurrence(at=self.next_at, campaign_id=campaign_id),))
        settled = replace(settled, made_count=self.made_count + 1)
        if settled.left == 0:
            return replace(settled, next_at=None)
        return replace(settled, next_at=next(self.coming(self.next_at), None))

    def missed(self, reason: str) -> "Series":
        """Nothing comes of the next."""
        assert self.next_at is not None  # noqa: S101  whoever missed it has seen it
        settled = self._settled((Occurrence(at=self.next_at, missed=reason),))
        return replace(
            settled,
            next_at=next(self.coming(self.next_at), None),
            missed_count=self.missed_count + 1,
        )

    def troubled(self, problem: str, now: datetime) -> "Series":
        """The next cannot be made as things are: tried again later, and at its time at the latest.

        The caller has seen that its time is to come.
        """
        assert self.next_at is not None  # noqa: S101  as it says
        return replace(self, problem=problem, next_check_at=min(now + RETRY, self.next_at))

    def check_again(self, at: datetime | None) -> "Series":
        """The reconciler looks again at `at`."""
        return replace(self, next_check_at=at)

    @property
    def made_ahead(self) -> tuple[Occurrence, ...]:
        """Occurrences that have a campaign, latest last."""
        return tuple(each for each in self.history if each.campaign_id is not None)

    def edit(self, plan: SeriesPlan, now: datetime) -> "Series":
        """Another plan, for what is not made yet. Raises IllegalTransition once it has ended."""
        return self._changed(
            "edit", (SeriesState.ACTIVE, SeriesState.PAUSED), self.state, now, plan
        )

    def pause(self, now: datetime) -> "Series":
        """Nothing comes until it is resumed. Raises IllegalTransition."""
        return self._changed("pause", (SeriesState.ACTIVE,), SeriesState.PAUSED, now)

    def resume(self, now: datetime) -> "Series":
        """The next from now on comes. Raises IllegalTransition."""
        return self._changed("resume", (SeriesState.PAUSED,), SeriesState.ACTIVE, now)

    def end(self, now: datetime) -> "Series":
        """Nothing comes any more. Raises IllegalTransition."""
        before = (SeriesState.ACTIVE, SeriesState.PAUSED)
        return self._changed("end", before, SeriesState.ENDED, now)

    def over(self) -> "Series":
        """The last has come: it has ended by itself, and no person changed it."""
        return replace(self, state=SeriesState.ENDED, next_check_at=None)

    def without(self, withdrawn: tuple[CampaignId, ...], now: datetime) -> "Series":
        """As if these campaigns had not been made: their occurrences may come again."""
        kept = tuple(each for each in self.history if each.campaign_id not in withdrawn)
        series = replace(
            self, history=kept, made_count=self.made_count - len(self.history) + len(kept)
        )
        return series._from(now)  # noqa: SLF001  its own kind

    def _from(self, now: datetime) -> "Series":
        """Goes on with the first occurrence after `now`; looked at at once if it is active."""
        settled = [each.at for each in self.history if each.at <= now]
        is_active = self.state is SeriesState.ACTIVE
        goes_on = is_active and self.left != 0
        return replace(
            self,
            last_at=max(settled, default=None),
            next_at=next(self.coming(now), None) if goes_on else None,
            next_check_at=now if is_active else None,
            problem=None,
        )

    def _settled(self, occurred: tuple[Occurrence, ...]) -> "Series":
        return replace(
            self,
            last_at=occurred[-1].at,
            history=(*self.history, *occurred)[-MAX_HISTORY:],
            problem=None,
        )

    def _changed(
        self,
        event: str,
        before: tuple[SeriesState, ...],
        after: SeriesState,
        now: datetime,
        plan: SeriesPlan | None = None,
    ) -> "Series":
        if self.state not in before:
            raise IllegalTransition("series", self.state, event)
        changed = replace(
            self.pass_over(now, None),
            state=after,
            plan=plan or self.plan,
            revised_at=now,
            revision=self.revision + 1,
        )
        return changed._from(now)  # noqa: SLF001  its own kind
