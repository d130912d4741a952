"""A run as people read it: when, who, what was called, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.errors import VersionConflict
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.grants import Grant
from domain.message import Message
from domain.ports.chunks import SendPermission
from domain.recipient import RecipientState
from tests.simulation.ports import EPOCH, SECOND, Call
from tests.simulation.witness import Violation

_LETTERS = {
    RecipientState.PENDING: "p",
    RecipientState.SENDING: "S",
    RecipientState.SENT: "ok",
    RecipientState.FAILED: "failed",
    RecipientState.UNKNOWN: "?",
    RecipientState.SUPPRESSED: "suppressed",
    RecipientState.SKIPPED: "skipped",
}
_SILENT = frozenset({"clock", "ids", "renderer", "metrics"})
_AUDIENCE = frozenset({"contents", "templates", "segments", "contacts"})
_READS = frozenset(
    {"campaigns.get", "fan_out.progress", "open_work.due", "open_work.due_campaigns"}
)
"""Seldom worth a line of the few; all are in the whole trace."""
_LINES = 80


def lines(trace: Sequence[Call]) -> Iterator[str]:
    """All of it, but for what happens within a process and goes well."""
    for call in trace:
        if call.port not in _SILENT or call.fault is not None:
            yield _line(call)


def about(trace: Sequence[Call], violation: Violation) -> Sequence[str]:
    """The last lines that bear on `violation`, and every fault."""
    addresses = _addresses(trace, violation.chunk)
    found = [
        _line(call)
        for call in trace
        if call.fault is not None
        or (
            (call.name not in _READS and call.port not in _SILENT | _AUDIENCE)
            and _concerns(call, violation, addresses)
        )
    ]
    left_out = len(found) - _LINES
    return found if left_out <= 0 else [f"… {left_out} lines before …", *found[-_LINES:]]


def _addresses(trace: Sequence[Call], ref: ChunkRef | None) -> frozenset[str]:
    """Who is in a chunk."""
    for call in trace:
        for value in _flat(call.arguments):
            if isinstance(value, Chunk) and value.ref == ref:
                return frozenset(each.address for each in value.recipients)
    return frozenset()


def _concerns(call: Call, violation: Violation, addresses: frozenset[str]) -> bool:
    if call.result in ([], ()):
        return False
    if violation.chunk is not None and call.name == "chunks.permission":
        return not addresses.isdisjoint(call.arguments[1])
    if violation.chunk is not None and call.port in {"chunks", "mailer", "queue", "events"}:
        return violation.chunk in _names(call, ChunkRef)
    return violation.campaign_id is None or violation.campaign_id in _names(call, str)


def _names(call: Call, kind: type) -> set[object]:
    """Campaigns, or chunks, that a call is about."""
    found: set[object] = set()
    for value in _flat([*call.arguments, *call.keywords.values(), call.result]):
        ref = getattr(value, "ref", None) or getattr(value, "chunk", None) or value
        if isinstance(ref, ChunkRef):
            found.add(ref if kind is ChunkRef else ref.campaign_id)
        elif kind is str:
            found.add(getattr(value, "campaign_id", value if isinstance(value, str) else None))
    return found


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _line(call: Call) -> str:
    arguments = ", ".join(
        [
            *(shown(each) for each in call.arguments),
            *(f"{name}={shown(each)}" for name, each in call.keywords.items()),
        ]
    )
    answer = shown(call.result) if call.error is None else _error(call.error)
    fault = f"   !! {call.fault}" if call.fault else ""
    made = f"{call.name}({arguments}) → {answer}{fault}"
    return f"{call.at / SECOND:10.3f}  {call.process.name:14}  {made}"


def _error(error: Exception) -> str:
    return "lost the race" if isinstance(error, VersionConflict) else repr(error)


def shown(value: object) -> str:  # noqa: C901, PLR0911, PLR0912  one line a kind
    """Short enough to be one of many on a line."""
    match value:
        case Chunk():
            states = " ".join(_LETTERS[each.state] for each in value.progress)
            lease = f" held by {value.lease.attempt}" if value.lease is not None else ""
            return f"chunk {shown(value.ref)} v{value.version} [{states}]{lease}"
        case Campaign():
            return f"{value.campaign_id} v{value.version} {value.state}"
        case ChunkRef():
            return f"{value.campaign_id}/{value.range_number}/{value.number}"
        case FanOutRange():
            done = ", complete" if value.is_complete else ""
            return (
                f"range {value.number} v{value.version}: {value.enqueued_through} of"
                f" {value.chunk_count} enqueued{done}"
            )
        case DeliveryProgress():
            return f"({shown(value.ranges)}, {value.tally.finished_chunks} chunks finished)"
        case SendPermission():
            return f"({shown(value.campaign)}, suppressed: {sorted(value.suppressed)})"
        case Grant():
            return f"{value.messages} from {shown(value.at)}"
        case Message():
            return f"{shown(value.chunk)}/{value.position}"
        case datetime():
            near = abs(value - EPOCH) < timedelta(days=1)
            return f"{(value - EPOCH).total_seconds():.3f}" if near else f"{value:%d. %H:%M:%S}"
        case timedelta():
            return f"{value.total_seconds():.3f} s"
        case str():
            return value
        case Mapping():
            return f"{{{', '.join(map(shown, value))}}}"
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(map(shown, value))}]"
    return str(value)
