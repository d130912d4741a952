"""AWS requests and capacity units of one campaign, by recipients: `make bench-requests`.

Counted on the emulator, each request as botocore makes it. The last line is of the largest
campaign. The exit status says whether every one meets the goals that is large enough for them; of
smaller ones alone, whether the largest does.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import scale_run
from benchmarks.aws_requests import CREATE, SEND, START
from benchmarks.markdown import number, table
from benchmarks.port_calls import Cost, Operation, PortCall, taken_by, units_by
from entrypoints.local.emulator import running_ministack

GOAL_REQUESTS = 70
"""For 1,000 recipients, events apart."""
GOAL_WRITES = 1.0
"""Units for a recipient."""
GOALS_FROM = 10_000
"""Recipients: of a smaller campaign, what it takes once is a large part of all."""
SCALES = (1_000, 10_000)
PHASES = (CREATE, START, SEND, scale_run.RECONCILE)

_THOUSAND = 1_000


@dataclass(frozen=True)
class Count:
    """What one campaign took."""

    recipients: int
    requests: Mapping[tuple[str, Operation], float]
    writes: float
    reads: float

    @classmethod
    def of(
        cls, recipients: int, calls: Mapping[PortCall, int], costs: Mapping[PortCall, Cost]
    ) -> "Count":
        """By the calls of ports that were made, and what such calls took. Raises PortError."""
        writes, reads = units_by(calls, costs)
        return cls(recipients, taken_by(calls, costs), writes, reads)

    @property
    def requests_a_thousand(self) -> float:
        """Of all phases, for 1,000 recipients."""
        return sum(self.requests.values()) * _THOUSAND / self.recipients

    @property
    def writes_a_recipient(self) -> float:
        """Of table and indexes."""
        return self.writes / self.recipients

    @property
    def reads_a_recipient(self) -> float:
        """Of table and indexes."""
        return self.reads / self.recipients

    @property
    def meets_goals(self) -> bool:
        """Both."""
        return self.requests_a_thousand <= GOAL_REQUESTS and self.writes_a_recipient <= GOAL_WRITES


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench-requests", description=__doc__)
    parser.add_argument(
        "--recipients",
        type=int,
        nargs="+",
        default=SCALES,
        help="of each campaign; 100000 takes a quarter of an hour and 2 GB",
    )
    parser.add_argument(
        "--rate", type=int, default=scale_run.SEND_RATE, help="mails a second that are allowed"
    )
    options = parser.parse_args(arguments)
    counts = []
    for index, recipients in enumerate(sorted(options.recipients), 1):
        sys.stderr.write(f"{number(recipients)} recipients\n")
        # An emulator of its own: it keeps what it was asked for ten minutes.
        with running_ministack() as endpoint:
            functions = scale_run.on_emulator(
                endpoint, f"20000000{index:04}", recipients, options.rate
            )
            scale_run.run(functions)
        log = functions.log
        counts.append(Count.of(recipients, log.calls, log.costs))
    sys.stdout.write(report(counts))
    return 0 if meet_goals(counts) else 1


def meet_goals(counts: Sequence[Count]) -> bool:
    """Each that is large enough for the goals; of smaller ones alone, the largest."""
    judged = [each for each in counts if each.recipients >= GOALS_FROM] or counts[-1:]
    return all(each.meets_goals for each in judged)


def report(counts: Sequence[Count]) -> str:
    """Of the largest campaign by operation; all by scale; and the line that says it."""
    largest = counts[-1]
    return f"""\
{number(largest.recipients)} recipients, bulk sends of 50, by operation:

{by_operation(largest)}

By scale, create, start and send together:

{by_scale(counts)}

Included: all that the campaign takes from the create call until it is sent. The receives and
deletes of the send queue, which Lambda makes on AWS, and the invocation of start-campaign. Apart:
the provider's events, receives that find nothing, and what loads the audience.

{last_line(largest)}
"""


def by_operation(count: Count) -> str:
    """A table."""
    rows = [
        (phase, *operation, number(requests), f"{requests * _THOUSAND / count.recipients:.1f}")
        for (phase, operation), requests in sorted(
            count.requests.items(), key=lambda each: (PHASES.index(each[0][0]), each[0][1])
        )
    ]
    return table(["phase:", "service:", "operation:", "requests", "for 1,000 recipients"], rows)


def by_scale(counts: Sequence[Count]) -> str:
    """A table."""
    return table(
        [
            "recipients",
            "requests",
            "requests for 1,000",
            "write units a recipient",
            "read units a recipient",
        ],
        [
            (
                number(each.recipients),
                number(sum(each.requests.values())),
                f"{each.requests_a_thousand:.1f}",
                f"{each.writes_a_recipient:.2f}",
                f"{each.reads_a_recipient:.2f}",
            )
            for each in counts
        ],
    )


def last_line(count: Count) -> str:
    """The goals, and what was counted."""
    few = count.recipients < GOALS_FROM
    for_whom = f"; the goals are for {number(GOALS_FROM)} and more" if few else ""
    return (
        f"{count.requests_a_thousand:.1f} AWS requests per 1,000 recipients "
        f"(goal: at most {GOAL_REQUESTS}), "
        f"{count.writes_a_recipient:.2f} write units per recipient "
        f"(goal: at most {GOAL_WRITES:g}), at {number(count.recipients)} recipients{for_whom}"
    )


if __name__ == "__main__":
    sys.exit(main())
