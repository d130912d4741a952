"""Sentinel without one of its guards, one at a time: the simulation has to miss each."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from greenlet import getcurrent, greenlet

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.fan_out import MemoryFanOutRepository
from domain import chunk as chunk_module
from domain import path_line as path_line_module
from domain import recipient as recipient_module
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.grants import TOLERANCE, WINDOW, Grant, GrantLog
from domain.identifiers import AttemptToken, CampaignId
from domain.outcome import Accepted, Outcome
from domain.ports.chunks import SendPermission
from domain.priority import Priority
from domain.provider_event import ProviderEvent
from domain.recipient import RecipientEvent, RecipientProgress, RecipientState, Resend
from domain.tally import Tally
from domain.use_cases import reconcile_chunks, resume_campaign, start_campaign
from domain.use_cases.reconcile import Reconcile
from domain.use_cases.record_provider_events import RecordProviderEvents
from domain.use_cases.render_mails import Part
from domain.use_cases.send_chunks import SendChunks, Step


@dataclass(frozen=True)
class Mutation:
    """A guard, how to do without it, and the invariants of which one is then broken.

    `seed` is one that noticed when it was last looked for: it is tried first.
    """

    guard: str
    without: Callable[[], AbstractContextManager[Any]]
    breaks: frozenset[int]
    seed: int


@contextmanager
def _no_version_check() -> Iterator[None]:
    original = MemoryChunkRepository.save

    def save(self: MemoryChunkRepository, chunk: Chunk, before: Chunk) -> Chunk:
        current = self._database.chunks[chunk.ref]
        return original(self, chunk, replace(before, version=current.version))

    with patch.object(MemoryChunkRepository, "save", save):
        yield


@contextmanager
def _no_fence_of_the_cursor() -> Iterator[None]:
    def check_range(self: MemoryDatabase, fan_out_range: FanOutRange) -> None:
        del self, fan_out_range

    with patch.object(MemoryDatabase, "check_range", check_range):
        yield


@contextmanager
def _no_fence_of_the_state() -> Iterator[None]:
    def append(
        self: MemoryFanOutRepository, fan_out_range: FanOutRange, chunks: Sequence[Chunk]
    ) -> FanOutRange:
        advanced = self.save(fan_out_range)
        self._database.chunks.update({chunk.ref: chunk for chunk in chunks})
        return advanced

    with patch.object(MemoryFanOutRepository, "append", append):
        yield


@contextmanager
def _split_without_less_before_it() -> Iterator[None]:
    original = FanOutRange.split

    def split(self: FanOutRange) -> tuple[FanOutRange, Sequence[FanOutRange]]:
        _, others = original(self)
        return self, others

    with (
        patch.object(FanOutRange, "split", split),
        # Or this one sees it, and nothing is ever called sent.
        patch.object(DeliveryProgress, "is_seen_whole", True),
    ):
        yield


@contextmanager
def _finished_without_new_ranges() -> Iterator[None]:
    """As one sees it who read the first range after it was split, and the others before."""
    original = DeliveryProgress.is_finished
    assert isinstance(original, property)

    def is_finished(self: DeliveryProgress) -> bool:
        begun = tuple(each for each in self.ranges if each.number == 0 or each.version)
        return bool(original.__get__(replace(self, ranges=begun)))

    with (
        patch.object(DeliveryProgress, "is_finished", property(is_finished)),
        patch.object(DeliveryProgress, "is_seen_whole", True),
    ):
        yield


@contextmanager
def _dead_attempts_are_sent_again() -> Iterator[None]:
    def without_dead_attempts(
        progress: tuple[RecipientProgress, ...],
    ) -> tuple[RecipientProgress, ...]:
        return tuple(
            replace(each, state=RecipientState.PENDING)
            if each.state is RecipientState.SENDING
            else each
            for each in progress
        )

    with patch.object(chunk_module, "_without_dead_attempts", without_dead_attempts):
        yield


@contextmanager
def _campaign_read_once() -> Iterator[None]:
    """A worker goes by the campaign that it read when its message came."""
    load, permission = MemoryChunkRepository.load_all, MemoryChunkRepository.permission
    call = SendChunks.__call__
    read: WeakKeyDictionary[greenlet, dict[CampaignId, Campaign]] = WeakKeyDictionary()

    def first(campaign: Campaign) -> Campaign:
        return read.setdefault(getcurrent(), {}).setdefault(campaign.campaign_id, campaign)

    def load_once(
        self: MemoryChunkRepository, refs: Sequence[ChunkRef]
    ) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        return {
            ref: (first(campaign), chunk) for ref, (campaign, chunk) in load(self, refs).items()
        }

    def permission_once(
        self: MemoryChunkRepository, campaign_id: CampaignId, addresses: Collection[str]
    ) -> SendPermission:
        found = permission(self, campaign_id, addresses)
        return replace(found, campaign=found.campaign and first(found.campaign))

    def forgetting(
        self: SendChunks,
        refs: Sequence[ChunkRef],
        deadline: timedelta | None = None,
        lane: Priority | None = None,
    ) -> frozenset[ChunkRef]:
        read.pop(getcurrent(), None)
        return call(self, refs, deadline, lane)

    with (
        patch.object(MemoryChunkRepository, "load_all", load_once),
        patch.object(MemoryChunkRepository, "permission", permission_once),
        patch.object(SendChunks, "__call__", forgetting),
    ):
        yield


@contextmanager
def _proof_does_not_win() -> Iterator[None]:
    original = chunk_module._after_outcome

    def after_outcome(
        each: RecipientProgress, attempt: AttemptToken, outcome: Outcome
    ) -> RecipientProgress:
        late = each.state is not RecipientState.SENDING or each.attempt != attempt
        return each if late and isinstance(outcome, Accepted) else original(each, attempt, outcome)

    with patch.object(chunk_module, "_after_outcome", after_outcome):
        yield


@contextmanager
def _proof_by_events_does_not_win() -> Iterator[None]:
    original = chunk_module._after_event

    def after_event(each: RecipientProgress, event: ProviderEvent) -> RecipientProgress:
        return each if each.state is RecipientState.UNKNOWN else original(each, event)

    with patch.object(chunk_module, "_after_event", after_event):
        yield


@contextmanager
def _resend_leaves_its_chunk_finished() -> Iterator[None]:
    def is_finished(self: RecipientProgress) -> bool:
        return self.state not in {RecipientState.PENDING, RecipientState.SENDING}

    with patch.object(RecipientProgress, "is_finished", property(is_finished)):
        yield


@contextmanager
def _resend_does_not_fall_back() -> Iterator[None]:
    with patch.object(recipient_module, "RESENT_TRANSITIONS", {}):
        yield


@contextmanager
def _resend_again_and_again() -> Iterator[None]:
    original = RecipientProgress.after

    def after(self: RecipientProgress, event: RecipientEvent, **told: Any) -> RecipientProgress:  # noqa: ANN401
        moved = original(self, event, **told)
        again = event is RecipientEvent.RESEND and self.resend is Resend.AHEAD
        return replace(moved, resend=Resend.AHEAD) if again else moved

    with patch.object(RecipientProgress, "after", after):
        yield


@contextmanager
def _cancelling_leaves_resends_ahead() -> Iterator[None]:
    with patch.object(RecipientProgress, "without_resend_ahead", lambda self: self):
        yield


@contextmanager
def _flagged_before_suppressed() -> Iterator[None]:
    def suppress(
        self: RecordProviderEvents,
        ref: ChunkRef,
        events: Sequence[ProviderEvent],
        chunk: Chunk | None,
    ) -> None:
        del self, ref, events, chunk

    with patch.object(RecordProviderEvents, "_suppress", suppress):
        yield


@contextmanager
def _dead_attempts_of_the_cancelled_stay() -> Iterator[None]:
    original = SendChunks._without_sending

    def without_sending(self: SendChunks, campaign: Campaign, chunk: Chunk) -> Step | None:
        if campaign.state is not CampaignState.CANCELLED or chunk.is_held(self.clock.now()):
            return original(self, campaign, chunk)
        if chunk.pending:
            self._write(campaign, chunk.skip_pending(), chunk)
        return Step.LEFT

    with patch.object(SendChunks, "_without_sending", without_sending):
        yield


@contextmanager
def _reconciler_leaves_the_cancelled() -> Iterator[None]:
    with patch.object(reconcile_chunks, "_SENT_TO_WORKERS", frozenset({CampaignState.SENDING})):
        yield


@contextmanager
def _reconciler_leaves_incomplete_fan_outs() -> Iterator[None]:
    original = Reconcile._get_on

    def get_on(
        self: Reconcile,
        campaign: Campaign,
        progress: DeliveryProgress,
        *rest: Any,  # noqa: ANN401
    ) -> None:
        if all(each.is_complete for each in progress.ranges):
            original(self, campaign, progress, *rest)

    with patch.object(Reconcile, "_get_on", get_on):
        yield


@contextmanager
def _suppression_read_before_the_grant() -> Iterator[None]:
    grant, permission = SendChunks._grant, MemoryChunkRepository.permission
    read: WeakKeyDictionary[greenlet, frozenset[str]] = WeakKeyDictionary()

    def grant_later(
        self: SendChunks,
        campaign: Campaign,
        parts: Sequence[Part],
        *rest: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        addresses = [each.address for part in parts for each in part.chunk.recipients]
        found = self.chunks.permission(campaign.campaign_id, addresses)
        read[getcurrent()] = found.suppressed
        return grant(self, campaign, parts, *rest)

    def permission_as_read(
        self: MemoryChunkRepository, campaign_id: CampaignId, addresses: Collection[str]
    ) -> SendPermission:
        found = permission(self, campaign_id, addresses)
        return replace(found, suppressed=read.pop(getcurrent(), found.suppressed))

    with (
        patch.object(SendChunks, "_grant", grant_later),
        patch.object(MemoryChunkRepository, "permission", permission_as_read),
    ):
        yield


@contextmanager
def _tally_moved_by_the_whole() -> Iterator[None]:
    def tally_change(self: Chunk, before: Chunk) -> Tally | None:
        del before
        return Tally.of(self.progress) if self.is_finished else None

    with patch.object(Chunk, "tally_change", tally_change):
        yield


@contextmanager
def _no_limit_between_grants() -> Iterator[None]:
    def next_grant(
        self: GrantLog, messages: int, now: datetime, limit: int, priority: Priority
    ) -> Grant:
        del self, limit
        return Grant(now, messages, priority)

    with patch.object(GrantLog, "next_grant", next_grant):
        yield


@contextmanager
def _what_is_urgent_goes_first() -> Iterator[None]:
    """The others wait for as long as there is any of it, and longer."""
    original = GrantLog.next_grant

    def next_grant(
        self: GrantLog, messages: int, now: datetime, limit: int, priority: Priority
    ) -> Grant:
        grant = original(self, messages, now, limit, priority)
        urgent = [each.at for each in self.grants if each.priority is Priority.URGENT]
        if priority is Priority.URGENT or not urgent:
            return grant
        return replace(grant, at=max(grant.at, urgent[-1] + 2 * (WINDOW + TOLERANCE)))

    with patch.object(GrantLog, "next_grant", next_grant):
        yield


@contextmanager
def _grants_hold_for_ever() -> Iterator[None]:
    with (
        patch.object(Grant, "is_usable", lambda *_: True),
        patch.object(Grant, "left", lambda *_: timedelta(hours=1)),
    ):
        yield


@contextmanager
def _nobody_looks_back() -> Iterator[None]:
    original = Campaign._end

    def end(self: Campaign, *rest: Any) -> Campaign:  # noqa: ANN401
        return original(self, *rest).check_again(None)

    with patch.object(Campaign, "_end", end):
        yield


@contextmanager
def _looked_back_on_once() -> Iterator[None]:
    with patch.object(path_line_module, "LOOKS", ()):
        yield


@contextmanager
def _waves_are_not_waited_for() -> Iterator[None]:
    with patch.object(Chunk, "early_by", lambda *_: timedelta()):
        yield


@contextmanager
def _waves_by_where_they_live_now() -> Iterator[None]:
    """A worker goes by the zone that the first of a chunk has by now."""
    original = SendChunks._before_its_wave

    def before_its_wave(self: SendChunks, campaign: Campaign, chunk: Chunk) -> Step | None:
        if campaign.local_time is not None:
            contacts: Any = self.chunks
            home = contacts._target._database.contacts[chunk.recipients[0].contact_id].time_zone
            chunk = replace(chunk, not_before=campaign.local_time.instant(home))
        return original(self, campaign, chunk)

    with patch.object(SendChunks, "_before_its_wave", before_its_wave):
        yield


@contextmanager
def _whoever_does_not_fit_is_passed_over() -> Iterator[None]:
    with patch.object(start_campaign, "_key", lambda _: "~"):
        yield


@contextmanager
def _resumed_without_approval() -> Iterator[None]:
    with patch.object(Campaign, "_check_approved", lambda _: None):
        yield


@contextmanager
def _approved_once_for_any_time() -> Iterator[None]:
    with patch.object(Campaign, "_awaiting_approval", lambda self, _: self):
        yield


@contextmanager
def _approved_whatever_it_is_by_now() -> Iterator[None]:
    with patch.object(resume_campaign, "check_revision", lambda *_: None):
        yield


MUTATIONS = tuple(
    Mutation(guard, without, frozenset(breaks), seed)
    for guard, without, breaks, seed in (
        ("the version check", _no_version_check, {1, 2, 5, 7}, 2),
        ("the fence: the cursor", _no_fence_of_the_cursor, {2, 5, 7}, 8),
        ("the fence: the campaign is sending", _no_fence_of_the_state, {3}, 130),
        ("less is before a range that is split", _split_without_less_before_it, {1, 2}, 2),
        ("the end is told by all ranges", _finished_without_new_ranges, {2}, 22),
        ("dead attempts are not sent again", _dead_attempts_are_sent_again, {1, 2, 7}, 7),
        ("the campaign is read between micro-batches", _campaign_read_once, {3}, 274),
        ("proof wins", _proof_does_not_win, {2}, 57),
        ("proof by events wins", _proof_by_events_does_not_win, {2}, 103),
        ("a re-send ahead keeps its chunk open", _resend_leaves_its_chunk_finished, {5}, 2),
        ("a re-send falls back to unknown", _resend_does_not_fall_back, {2}, 113),
        ("a re-send comes once", _resend_again_and_again, {1, 2}, 33),
        ("a cancellation spends the re-send", _cancelling_leaves_resends_ahead, {5}, 51),
        ("suppressed before flagged", _flagged_before_suppressed, {4}, 7),
        ("dead attempts of the cancelled", _dead_attempts_of_the_cancelled_stay, {5}, 7),
        ("the reconciler on cancelled campaigns", _reconciler_leaves_the_cancelled, {5}, 7),
        ("the reconciler on incomplete fan-outs", _reconciler_leaves_incomplete_fan_outs, {5}, 19),
        ("suppression is read after the grant", _suppression_read_before_the_grant, {4}, 253),
        ("the tally moves by differences", _tally_moved_by_the_whole, {2}, 2),
        ("the sliding log", _no_limit_between_grants, {6}, 7),
        ("a grant's tolerance", _grants_hold_for_ever, {6}, 120),
        ("no lane goes first", _what_is_urgent_goes_first, {11}, 77),
        ("nobody before their wave", _waves_are_not_waited_for, {9}, 33),
        ("waves are fixed at fan-out", _waves_by_where_they_live_now, {9}, 762),
        ("a step ends where its chunks do", _whoever_does_not_fit_is_passed_over, {2}, 19),
        ("nothing is resumed before it is approved", _resumed_without_approval, {10}, 7),
        ("another time takes the approval back", _approved_once_for_any_time, {10}, 363),
        ("an approval is of one revision", _approved_whatever_it_is_by_now, {10}, 109),
        ("an end is looked back on", _nobody_looks_back, {8}, 1),
        ("a line is looked at again", _looked_back_on_once, {8}, 7),
    )
)
