"""What `make bench-growth` found, and how it is kept: docs/growth.md is computed from it alone."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.capacity import Ledger
from benchmarks.growth_run import Measurement
from benchmarks.port_calls import Operation
from benchmarks.requests_by_scale import Count
from entrypoints.local.emulator import ROOT

_STORED = ROOT / "benchmarks" / "growth_counts.json"


@dataclass(frozen=True, kw_only=True)
class Process:
    """One campaign in one process: the processor's seconds, and bytes."""

    family: str
    recipients: int
    seconds: float
    audience_bytes: int
    sending_bytes: int
    stored_bytes: int

    @classmethod
    def of(cls, result: Measurement) -> "Process":
        """Without its calls."""
        return cls(**{name: getattr(result, name) for name in cls.__dataclass_fields__})

    @property
    def seconds_a_recipient(self) -> float:
        """Of the processor."""
        return self.seconds / self.recipients

    @property
    def memory_a_recipient(self) -> float:
        """Bytes: of the audience, where it is in the process, and of sending."""
        return (self.audience_bytes + self.sending_bytes) / self.recipients


@dataclass(frozen=True, kw_only=True)
class Due:
    """So many small campaigns that were due at the same moment."""

    campaigns: int
    counted: Count
    seconds: float
    sending_bytes: int

    @classmethod
    def of(cls, result: Measurement, counted: Count) -> "Due":
        """With what its calls take of AWS."""
        return cls(
            campaigns=result.campaigns,
            counted=counted,
            seconds=result.seconds,
            sending_bytes=result.sending_bytes,
        )

    @property
    def requests_a_campaign(self) -> float:
        """From its creation until it is sent."""
        return sum(self.counted.requests.values()) / self.campaigns

    @property
    def seconds_a_campaign(self) -> float:
        """Of the processor."""
        return self.seconds / self.campaigns


@dataclass(frozen=True, kw_only=True)
class Hot:
    """The busiest partition key of a kind, and all of the kind: units for 1,000 recipients."""

    kind: str
    writes: float
    reads: float
    all_writes: float
    all_reads: float

    @classmethod
    def of(cls, ledgers: Iterable[Ledger], recipients: int) -> "tuple[Hot, ...]":
        """Of each kind of key, by all ledgers together."""
        writes: Counter[str] = Counter()
        reads: Counter[str] = Counter()
        for ledger in ledgers:
            writes.update(ledger.writes_by)
            reads.update(ledger.reads_by)

        def of_kind(kind: str, units_by: Counter[str]) -> list[float]:
            return [
                units * 1_000 / recipients for key, units in units_by.items() if _kind(key) == kind
            ]

        return tuple(
            cls(
                kind=kind,
                writes=round(max(of_kind(kind, writes), default=0), 3),
                reads=round(max(of_kind(kind, reads), default=0), 3),
                all_writes=round(sum(of_kind(kind, writes)), 3),
                all_reads=round(sum(of_kind(kind, reads)), 3),
            )
            for kind in sorted({*map(_kind, writes), *map(_kind, reads)})
        )


def _kind(key: str) -> str:
    """Its prefix; of the index of open work the numbered shards are one, each other is its own."""
    prefix, _, rest = key.partition("#")
    return key if prefix == "open_shard" and not rest.isdigit() else prefix


@dataclass(frozen=True, kw_only=True)
class Growth:
    """All of it; `emulated` was counted on the emulator, `foretold` by calls of ports.

    `hot` is of the largest that was emulated; `small`, by phase, of a scheduled one of 1,000.
    `grants` is how many times the rate limit was asked for 1,000 recipients.
    """

    emulated: tuple[Count, ...]
    foretold: tuple[Count, ...]
    waiting: Count
    processes: tuple[Process, ...]
    due: tuple[Due, ...]
    hot: tuple[Hot, ...]
    small: Mapping[str, tuple[Hot, ...]]
    grants: float

    @property
    def counts(self) -> tuple[Count, ...]:
        """Of each scale one, by the emulator where it counted."""
        by_emulator = {each.recipients for each in self.emulated}
        others = [each for each in self.foretold if each.recipients not in by_emulator]
        return tuple(sorted((*self.emulated, *others), key=lambda each: each.recipients))

    def of_family(self, family: str) -> tuple[Process, ...]:
        """Smallest first."""
        return tuple(each for each in self.processes if each.family == family)

    def busiest(self, kind: str) -> Hot:
        """Of no units where no key of the kind was used."""
        return _of_kind(kind, self.hot)

    def busiest_of_small(self, phase: str, kind: str) -> Hot:
        """The same of a small campaign in one phase."""
        return _of_kind(kind, self.small[phase])


def _of_kind(kind: str, hot: Iterable[Hot]) -> Hot:
    none = Hot(kind=kind, writes=0, reads=0, all_writes=0, all_reads=0)
    return next((each for each in hot if each.kind == kind), none)


def write(growth: Growth) -> None:
    """Keep it."""
    kept = {
        "emulated": [_from_count(each) for each in growth.emulated],
        "foretold": [_from_count(each) for each in growth.foretold],
        "waiting": _from_count(growth.waiting),
        "processes": [asdict(each) for each in growth.processes],
        "due": [
            {
                "campaigns": each.campaigns,
                "counted": _from_count(each.counted),
                "seconds": each.seconds,
                "sending_bytes": each.sending_bytes,
            }
            for each in growth.due
        ],
        "hot": [asdict(each) for each in growth.hot],
        "small": {phase: [asdict(each) for each in hot] for phase, hot in growth.small.items()},
        "grants": round(growth.grants, 3),
    }
    _STORED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def stored() -> Growth:
    """The last one that was kept."""
    kept = json.loads(_STORED.read_text(encoding="utf-8"))
    return Growth(
        emulated=tuple(map(_to_count, kept["emulated"])),
        foretold=tuple(map(_to_count, kept["foretold"])),
        waiting=_to_count(kept["waiting"]),
        processes=tuple(Process(**each) for each in kept["processes"]),
        due=tuple(Due(**{**each, "counted": _to_count(each["counted"])}) for each in kept["due"]),
        hot=tuple(Hot(**each) for each in kept["hot"]),
        small={phase: tuple(Hot(**each) for each in hot) for phase, hot in kept["small"].items()},
        grants=kept["grants"],
    )


def _from_count(count: Count) -> dict[str, Any]:  # Any: JSON
    return {
        "recipients": count.recipients,
        "requests": [
            [phase, *operation, round(requests, 3)]
            for (phase, operation), requests in sorted(count.requests.items())
        ],
        "writes": round(count.writes, 3),
        "reads": round(count.reads, 3),
    }


def _to_count(kept: Mapping[str, Any]) -> Count:
    requests: dict[tuple[str, Operation], float] = {
        (phase, (service, operation)): count
        for phase, service, operation, count in kept["requests"]
    }
    return Count(kept["recipients"], requests, kept["writes"], kept["reads"])
