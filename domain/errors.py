"""Every error the domain raises, split by what the caller can do about it.

SentinelError
├── InvalidInput            the request is wrong: mend `field`, nothing was changed
│   └── UnknownReference    it names something that does not exist
├── NotFound                the thing asked for does not exist
├── AlreadyExists           an id is taken; nothing was changed
├── IllegalTransition       the state does not allow it; state unchanged
├── VersionConflict         somebody else wrote first: read again, decide again
│   └── IdempotencyKeyInUse    another request has begun under the same key
├── StaleRevision           people changed it since the caller looked; nothing was changed
├── Overloaded              too much at once: try again in `wait`; nothing was changed
└── DependencyFault         something outside failed
    ├── DependencyRefused      it certainly did nothing: retry later
    └── DependencyUnavailable  it may have done it: only repeat what is idempotent
"""

from datetime import timedelta


class SentinelError(Exception):
    """Root of the tree; never raised itself."""


class InvalidInput(SentinelError):
    """A value is wrong. `field` names it, `detail` says what is wrong and how to mend it.

    `field` is a path such as `schedule_at` or `contact_ids/3`: a JSON pointer without its first
    slash (RFC 6901).
    """

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


def escaped(name: str) -> str:
    """One step of a field's path (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


class UnknownReference(InvalidInput):
    """A field names a template, segment or contact that does not exist."""


class NotFound(SentinelError):
    """No `kind` with this `identifier`."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"No {kind} {identifier!r}.")
        self.kind = kind
        self.identifier = identifier


class AlreadyExists(SentinelError):
    """A `kind` with this `identifier` exists already."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"A {kind} {identifier!r} exists already.")
        self.kind = kind
        self.identifier = identifier


class IllegalTransition(SentinelError):
    """The table of transitions has no row for this event in this state."""

    def __init__(self, kind: str, state: str, event: str, remedy: str = "") -> None:
        super().__init__(f"A {kind} that is {state} does not allow: {event}. {remedy}".rstrip())
        self.kind = kind
        self.state = state
        self.event = event


class VersionConflict(SentinelError):
    """A conditional write found another version than the one that was read."""


class IdempotencyKeyInUse(VersionConflict):
    """Another request under the same key has begun, or is tried again, at the same time."""


class StaleRevision(SentinelError):
    """The caller would change another revision of a `kind` than the present `revision`."""

    def __init__(self, kind: str, revision: int) -> None:
        super().__init__(f"The {kind} is at revision {revision} by now.")
        self.kind = kind
        self.revision = revision


class Overloaded(SentinelError):
    """More was asked for at once than is allowed; there is room for one in `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"Too many at once: try again in {wait.total_seconds():.1f} s.")
        self.wait = wait


class DependencyFault(SentinelError):
    """Something Sentinel depends on failed. The text holds no personal data."""


class DependencyRefused(DependencyFault):
    """The dependency certainly did nothing (throttled, denied, bad request). May be retried."""


class DependencyUnavailable(DependencyFault):
    """No answer came (timeout, reset): it may or may not have happened.

    Repeat only what is idempotent.
    """
