"""Sees every write and every call as they happen, and holds them to the invariants."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.memory.database import MemoryDatabase
from domain.campaign import TRANSITIONS, Campaign, CampaignState, UnknownPolicy
from domain.chunk import Chunk, ChunkRef
from domain.errors import DependencyFault, VersionConflict
from domain.grants import TOLERANCE, WINDOW, Grant
from domain.identifiers import CampaignId, ContactId
from domain.message import Message
from domain.outcome import Accepted, Outcome
from domain.recipient import (
    RECIPIENT_TRANSITIONS,
    RESENT_TRANSITIONS,
    RecipientFlag,
    RecipientState,
)
from domain.suppression import Suppression
from tests.simulation.branches import Branches
from tests.simulation.hub import Hub, Signal
from tests.simulation.local_times import first_moment
from tests.simulation.ports import Call
from tests.simulation.setting import Setting

_CAMPAIGN_MOVES = {
    (state, after) for state, events in TRANSITIONS.items() for after in events.values()
} | {(state, state) for state in CampaignState}
_RECIPIENT_MOVES = {
    (state, after)
    for table in (RECIPIENT_TRANSITIONS, RESENT_TRANSITIONS)
    for state, events in table.items()
    for after in events.values()
} | {(state, state) for state in RecipientState}
_SUPPRESSING = frozenset({RecipientFlag.BOUNCED, RecipientFlag.COMPLAINED})
_HALTED = frozenset({CampaignState.PAUSED, CampaignState.CANCELLED})

_LEFT = "Chunks left on the queue"

DEFECT = 0
"""Not an invariant of the protocol: something raised what nobody expects."""


@dataclass(frozen=True)
class Violation:
    """Which invariant of docs/delivery.md was broken, how, and by what of it a trace is found."""

    invariant: int
    what: str
    campaign_id: CampaignId | None = None
    chunk: ChunkRef | None = None

    def __str__(self) -> str:
        """One line."""
        name = f"invariant {self.invariant}" if self.invariant else "a defect"
        return f"{name}: {self.what}"


@dataclass
class Halt:
    """A campaign stood still from one moment to another."""

    campaign_id: CampaignId
    since: int
    until: int | None = None


class Witness:
    """`violations` in the order they were seen."""

    def __init__(self, hub: Hub, setting: Setting) -> None:
        """Nothing seen."""
        self.hub = hub
        self.setting = setting
        self.branches = Branches()
        self.violations: list[Violation] = []
        self.halts: list[Halt] = []
        self.unknown_came = Signal(hub)
        self.is_anybody_unknown = False
        self.suppressed_at: dict[str, int] = {}
        self.approved: set[tuple[CampaignId, datetime | None]] = set()
        """What somebody asked to approve: a campaign, as it was moved last."""
        self.resends: Counter[tuple[CampaignId, str]] = Counter()
        """How often somebody of unknown outcome was put back, by address."""
        self._homes: dict[tuple[str, ContactId], str | None] = {}
        """Where each process last read that somebody lives."""
        self._waves: dict[tuple[CampaignId, str], datetime] = {}
        """When whoever is fanned out in local time is to be mailed, by address."""
        self._answers: dict[str, tuple[Sequence[Message], Sequence[Outcome]]] = {}
        self._granted_to = datetime.min.replace(tzinfo=UTC)
        """The last moment that was granted to anybody."""
        self._database = MemoryDatabase()
        self._reactions: dict[str, Callable[[Call], None]] = {
            "contacts.get": self._read,
            "limiter.request": self._waited,
            "mailer.send": self._mailed,
            "metrics.sends": self._reported,
            "events.acknowledge": self._told,
        }

    def watch(self, database: MemoryDatabase) -> None:
        """What there is to look at."""
        self._database = database
        self.branches.watch(database)

    def violate(self, invariant: int, what: str, chunk: ChunkRef | None = None) -> None:
        """It is broken."""
        self.violations.append(
            Violation(invariant, what, None if chunk is None else chunk.campaign_id, chunk)
        )

    def defect(self, error: BaseException) -> None:
        """Something raised what nobody expects."""
        self.violations.append(Violation(DEFECT, f"{type(error).__name__}: {error}"))

    def campaign_written(self, before: Campaign | None, after: Campaign) -> None:
        """Invariant 7, and 2 for one that is called sent."""
        self.branches.campaign_written(self.hub.current, before, after)
        if before is None:
            return
        campaign_id = after.campaign_id
        if (before.state, after.state) not in _CAMPAIGN_MOVES:
            self._violate(7, f"campaign from {before.state} to {after.state}", campaign_id)
        if after.version != before.version + 1:
            self._violate(7, f"campaign version {before.version} to {after.version}", campaign_id)
        if before.state is after.state:
            return
        if before.state in _HALTED:
            for halt in self.halts:
                if halt.campaign_id == campaign_id and halt.until is None:
                    halt.until = self.hub.now
        if after.state in _HALTED:
            self.halts.append(Halt(campaign_id, self.hub.now))
        if after.state is CampaignState.SENT:
            self._called_sent(campaign_id)

    def _waited(self, call: Call) -> None:
        """Invariant 11: for what was granted before, and for nothing that another lane gets later.

        So no lane starves, and what is urgent waits for what each worker had.
        """
        if call.error is not None:
            return
        now: datetime = call.arguments[1]
        answer: Grant | timedelta = call.result
        at = answer.at if isinstance(answer, Grant) else now + answer
        if at > max(now, self._granted_to) + WINDOW + TOLERANCE:
            self.violations.append(
                Violation(11, f"a grant of {call.arguments[3]} waits until {at}")
            )
        if isinstance(answer, Grant):
            self._granted_to = max(self._granted_to, answer.at)

    def _called_sent(self, campaign_id: CampaignId) -> None:
        for chunk in self._database.chunks.values():
            if chunk.ref.campaign_id == campaign_id and not chunk.is_finished:
                self.violate(2, "sent, with a chunk that is not finished", chunk.ref)
        for each in self._database.ranges[campaign_id].values():
            if not each.is_complete:
                self._violate(2, "sent, with a range not fanned out", campaign_id)

    def chunk_written(self, before: Chunk | None, after: Chunk) -> None:
        """Invariant 7."""
        self.branches.chunk_written(self.hub.current, before, after)
        if before is None:
            state = self._database.campaigns[after.ref.campaign_id].state
            if state is not CampaignState.SENDING:
                self.violate(3, f"fanned out while {state}", after.ref)
            self._fanned_out(after)
            self._was_approved(after)
            return
        if after.version != before.version + 1:
            self.violate(7, f"chunk version {before.version} to {after.version}", after.ref)
        if len(before.recipients) != len(after.recipients):
            self.violate(2, "a chunk has other recipients than before", after.ref)
            return
        for position, (old, new) in enumerate(zip(before.progress, after.progress, strict=True)):
            if (old.state, new.state) not in _RECIPIENT_MOVES:
                self.violate(7, f"recipient {position} from {old.state} to {new.state}", after.ref)
            if new.state is RecipientState.UNKNOWN and old.state is not new.state:
                self.is_anybody_unknown = True
                self.unknown_came.notify()
            if old.state is RecipientState.UNKNOWN and new.state is RecipientState.PENDING:
                self._put_back(after, position)
            if (new.flags - old.flags) & _SUPPRESSING:
                self._flagged(after, position)

    def _fanned_out(self, chunk: Chunk) -> None:
        """Invariant 9: each is in the wave of the zone that the starter read; who is late, at once.

        By looking at every minute, not as the product reckons.
        """
        local_time = self._database.campaigns[chunk.ref.campaign_id].local_time
        if self.hub.current is None:
            return
        now = self.hub.moment(self.hub.now + self.hub.current.skew)
        for each in chunk.recipients:
            wave = None
            if local_time is not None:
                home = self._homes[self.hub.current.name, each.contact_id]
                wave = first_moment(local_time.at, home or local_time.time_zone)
                self._waves[chunk.ref.campaign_id, each.address] = wave
                self.branches.fanned_out(wave, now, home)
            is_past = wave is None or wave <= now
            if chunk.not_before != wave and not (chunk.not_before is None and is_past):
                self.violate(9, f"{each.address} is not before {chunk.not_before}", chunk.ref)

    def _was_approved(self, chunk: Chunk) -> None:
        """Invariant 10: somebody approved it for the time that it has."""
        campaign = self._database.campaigns[chunk.ref.campaign_id]
        key = (campaign.campaign_id, campaign.moved_at)
        if self._is_to_be_approved(campaign) and key not in self.approved:
            self.violate(10, "fanned out, and nobody approved it", chunk.ref)

    def _is_to_be_approved(self, campaign: Campaign) -> bool:
        """By who asked for it, not by what was stored of that."""
        number = int(campaign.segment_id.rpartition("-")[2])
        return self.setting.campaigns[number].needs_approval

    def _read(self, call: Call) -> None:
        for contact in call.result or ():
            self._homes[call.process.name, contact.contact_id] = contact.time_zone

    def _put_back(self, chunk: Chunk, position: int) -> None:
        """Invariants 1 and 7: once, by policy while it is sending, or by hand."""
        campaign = self._database.campaigns[chunk.ref.campaign_id]
        self.resends[campaign.campaign_id, chunk.recipients[position].address] += 1
        by_hand = self.hub.current is not None and self.hub.current.role == "operator"
        if not by_hand and campaign.unknown_policy is not UnknownPolicy.RESEND:
            self.violate(7, f"recipient {position} put back under hold", chunk.ref)

    def _flagged(self, chunk: Chunk, position: int) -> None:
        """Who reads the flag finds the address on the list."""
        if chunk.recipients[position].address not in self._database.suppressions:
            self.violate(4, f"recipient {position} is flagged, and not suppressed", chunk.ref)

    def suppression_written(self, before: Suppression | None, after: Suppression) -> None:
        """For invariant 4."""
        if before is None:
            self.suppressed_at[after.address] = self.hub.now

    def called(self, call: Call) -> None:
        """Every call, once it has had its effect."""
        self.branches.called(call)
        reaction = self._reactions.get(call.name)
        if reaction is not None:
            reaction(call)

    def logged(self, record: logging.LogRecord) -> None:
        """What the product says of itself: a traceback of anything but a fault is a defect."""
        self.branches.logged(self.hub.current, record)
        if record.msg == _LEFT and self.hub.current is not None:
            # Nothing of it was written down, and nothing will be reported.
            self._answers.pop(self.hub.current.name, None)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, DependencyFault | VersionConflict):
            self.defect(error)

    def _mailed(self, call: Call) -> None:
        """Invariant 9: nobody is mailed before their wave, by the clock of the worker."""
        now = self.hub.moment(call.began + call.process.skew)
        for message in call.arguments[0]:
            wave = self._waves.get((message.chunk.campaign_id, message.to))
            if wave is not None and now < wave:
                self.violate(9, f"{message.to} was mailed {wave - now} early", message.chunk)
        self._answers[call.process.name] = (call.arguments[0], call.result)

    def _reported(self, call: Call) -> None:
        """Invariant 2: once outcomes are written down, who was accepted is sent. Proof wins."""
        messages, outcomes = self._answers.pop(call.process.name, ((), ()))
        for message, outcome in zip(messages, outcomes, strict=True):
            chunk = self._database.chunks[message.chunk]
            state = chunk.progress[message.position].state
            if isinstance(outcome, Accepted) and state is not RecipientState.SENT:
                self.violate(2, f"recipient {message.position} was accepted, is {state}", chunk.ref)

    def _told(self, call: Call) -> None:
        """Invariant 2: what the provider's events prove is stored as sent."""
        for delivery in call.arguments[0]:
            for event in delivery.events:
                state = self._database.chunks[event.chunk].progress[event.position].state
                if state is not RecipientState.SENT:
                    self.violate(
                        2, f"recipient {event.position} was proved sent, is {state}", event.chunk
                    )

    def _violate(self, invariant: int, what: str, campaign_id: CampaignId) -> None:
        self.violations.append(Violation(invariant, what, campaign_id))
