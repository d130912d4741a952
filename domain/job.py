"""Jobs: work of minutes or hours that is done in steps, by one holder at a time.

After each step what was reached is written, under the job's version: whoever takes over after a
kill goes on from there, and what a step does twice it does once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.errors import IllegalTransition
from domain.identifiers import JobId, LeaseToken

LEASE = timedelta(seconds=60)
"""A holder that writes nothing for so long has lost the job; a step takes a fraction of it."""
KEPT = timedelta(days=7)
"""How long what it read and wrote is kept in object storage."""


class JobState(StrEnum):
    """Where a job is."""

    AWAITING_UPLOAD = "awaiting_upload"
    """An import whose file nobody has said is there."""
    RUNNING = "running"
    CHECKED = "checked"
    """A dry run is over: the import can be started for real."""
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobEvent(StrEnum):
    """What happens to it."""

    START = "start"
    CHECK = "check"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"


TRANSITIONS: dict[tuple[JobState, JobEvent], JobState] = {
    (JobState.AWAITING_UPLOAD, JobEvent.START): JobState.RUNNING,
    (JobState.AWAITING_UPLOAD, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.RUNNING, JobEvent.CHECK): JobState.CHECKED,
    (JobState.RUNNING, JobEvent.FINISH): JobState.FINISHED,
    (JobState.RUNNING, JobEvent.FAIL): JobState.FAILED,
    (JobState.RUNNING, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.CHECKED, JobEvent.START): JobState.RUNNING,
    (JobState.CHECKED, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.FAILED, JobEvent.START): JobState.RUNNING,
}
"""Anything else is refused and changes nothing. A failed import starts anew, if it may."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What imports and exports share. `next_check_at` is when the reconciler looks at it.

    `failure` says why it failed, and what to do, in words for people.
    """

    job_id: JobId
    created_at: datetime
    state: JobState
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failure: str | None = None
    lease_token: LeaseToken | None = None
    lease_until: datetime | None = None
    next_check_at: datetime | None = None
    version: int = 0

    @property
    def is_final(self) -> bool:
        """Whether nothing can become of it any more."""
        return not any(state is self.state for state, _ in TRANSITIONS)

    def is_held(self, now: datetime) -> bool:
        """Whether somebody's lease on it is live."""
        return self.lease_until is not None and now < self.lease_until

    def start(self, now: datetime) -> Self:
        """To be worked on. Raises IllegalTransition."""
        return replace(
            self._after(JobEvent.START),
            started_at=now,
            ended_at=None,
            failure=None,
            next_check_at=now + LEASE,
        )

    def claim(self, token: LeaseToken, now: datetime) -> Self:
        """Held by `token`. The caller has seen that it runs, and no live lease of another."""
        until = now + LEASE
        return replace(self, lease_token=token, lease_until=until, next_check_at=until)

    def release(self, now: datetime) -> Self:
        """Held by nobody, for whoever is invoked for it; the reconciler looks a lease later."""
        return replace(self, lease_token=None, lease_until=None, next_check_at=now + LEASE)

    def check_again(self, at: datetime | None) -> Self:
        """To be looked at again then; at no time where it is None."""
        return replace(self, next_check_at=at)

    def end(self, event: JobEvent, now: datetime, failure: str | None = None) -> Self:
        """Checked, finished, failed or cancelled. Raises IllegalTransition."""
        return replace(
            self._after(event),
            ended_at=now,
            failure=failure,
            lease_token=None,
            lease_until=None,
            next_check_at=None,
        )

    def _after(self, event: JobEvent) -> Self:
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            raise IllegalTransition("job", self.state, event)
        return replace(self, state=state)
