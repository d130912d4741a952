"""Codecs of the records that delivery moves: campaigns, ranges, chunks, tallies."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from adapters.aws.keys import (
    campaign_key,
    manifest_key,
    progress_key,
)
from adapters.aws.table import SCHEMA, Item, Key
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.campaign import (
    Approval,
    Campaign,
    CampaignCategory,
    CampaignState,
    PauseReason,
    UnknownPolicy,
)
from domain.campaign_history import ChangeKind, StateChange
from domain.chunk import Chunk, ChunkRef, Lease
from domain.fan_out import FanOutRange, Wave
from domain.identifiers import (
    AttemptToken,
    CampaignId,
    ContactId,
    LeaseToken,
    SegmentId,
    SeriesId,
    TemplateId,
)
from domain.local_time import LocalTime
from domain.merge_fields import FieldValue
from domain.path_policy import ExecutionPath
from domain.priority import Priority
from domain.recipient import Recipient, RecipientFlag, RecipientProgress, RecipientState, Resend
from domain.tally import Tally

CAMPAIGN_SHARD = "campaigns"
CHUNK_SHARDS = 8

_LETTERS = {
    RecipientState.PENDING: "P",
    RecipientState.SENDING: "C",
    RecipientState.SENT: "S",
    RecipientState.FAILED: "F",
    RecipientState.UNKNOWN: "U",
    RecipientState.SUPPRESSED: "X",
    RecipientState.SKIPPED: "K",
}
_STATES = {letter: state for state, letter in _LETTERS.items()}
_RESEND_LETTERS = {Resend.NONE: "-", Resend.AHEAD: "A", Resend.DONE: "D"}
_RESENDS = {letter: resend for resend, letter in _RESEND_LETTERS.items()}
_FLAG_LETTERS = {
    RecipientFlag.DELIVERED: "D",
    RecipientFlag.BOUNCED: "B",
    RecipientFlag.SOFT_BOUNCED: "T",
    RecipientFlag.COMPLAINED: "C",
    RecipientFlag.REJECTED: "R",
}
_FLAGS = {letter: flag for flag, letter in _FLAG_LETTERS.items()}


def _present(item: Mapping[str, object]) -> Item:
    """Without the attributes that are None: an index is sparse by their absence."""
    return {name: value for name, value in item.items() if value is not None}


def _open_work(shard: str, next_check_at: datetime | None) -> Item:
    if next_check_at is None:
        return {}
    return {"open_shard": shard, "next_check_at": time_to_text(next_check_at)}


def _chunk_shard(key: Key) -> str:
    return str(zlib.crc32(key[0].encode()) % CHUNK_SHARDS)


def campaign_to_item(campaign: Campaign) -> Item:
    """A campaign's record."""
    key = campaign_key(campaign.campaign_id)
    approved = campaign.approved
    return _present(
        {
            "pk": key[0],
            "sk": key[1],
            "schema": SCHEMA,
            "listing": "campaigns",
            "listing_id": campaign.campaign_id,
            "name": campaign.name,
            "template_id": campaign.template_id,
            "segment_id": campaign.segment_id,
            "state": campaign.state.value,
            "execution_path": campaign.execution_path.value,
            "schedule_at": time_to_text(campaign.schedule_at),
            "created_at": time_to_text(campaign.created_at),
            "version": campaign.version,
            "revision": campaign.revision,
            "schedule_version": campaign.schedule_version,
            "started_at": optional_time_to_text(campaign.started_at),
            "ended_at": optional_time_to_text(campaign.ended_at),
            "pause_reason": campaign.pause_reason and campaign.pause_reason.value,
            "pause_detail": campaign.pause_detail,
            "resume_at": optional_time_to_text(campaign.resume_at),
            "resumed_at": optional_time_to_text(campaign.resumed_at),
            "moved_at": optional_time_to_text(campaign.moved_at),
            "failure_reason": campaign.failure_reason,
            "unknown_policy": campaign.unknown_policy.value,
            "category": campaign.category.value,
            "priority": campaign.priority.value,
            "exclude_segment_ids": list(campaign.exclude_segment_ids) or None,
            "series_id": campaign.series_id,
            "occurrence_at": optional_time_to_text(campaign.occurrence_at),
            "could_start_at": optional_time_to_text(campaign.could_start_at),
            "history": _history_to_text(campaign.history),
            "local_at": campaign.local_time and campaign.local_time.at.isoformat(),
            "local_time_zone": campaign.local_time and campaign.local_time.time_zone,
            "needs_approval": campaign.needs_approval or None,
            "approved_at": approved and time_to_text(approved.at),
            "approved_by": approved and approved.key_id,
            "approved_template_version": approved and approved.template_version,
            **_open_work(CAMPAIGN_SHARD, campaign.next_check_at),
        }
    )


def item_to_campaign(item: Item) -> Campaign:
    """The inverse of `campaign_to_item`."""
    pause_reason = item.get("pause_reason")
    return Campaign(
        campaign_id=CampaignId(item["listing_id"]),
        name=item["name"],
        template_id=TemplateId(item["template_id"]),
        segment_id=SegmentId(item["segment_id"]),
        state=CampaignState(item["state"]),
        execution_path=ExecutionPath(item["execution_path"]),
        schedule_at=text_to_time(item["schedule_at"]),
        created_at=text_to_time(item["created_at"]),
        version=int(item["version"]),
        revision=int(item["revision"]),
        schedule_version=int(item["schedule_version"]),
        next_check_at=optional_text_to_time(item.get("next_check_at")),
        started_at=optional_text_to_time(item.get("started_at")),
        ended_at=optional_text_to_time(item.get("ended_at")),
        pause_reason=None if pause_reason is None else PauseReason(pause_reason),
        pause_detail=item.get("pause_detail"),
        resume_at=optional_text_to_time(item.get("resume_at")),
        resumed_at=optional_text_to_time(item.get("resumed_at")),
        moved_at=optional_text_to_time(item.get("moved_at")),
        failure_reason=item.get("failure_reason"),
        unknown_policy=UnknownPolicy(item.get("unknown_policy", UnknownPolicy.HOLD)),
        category=CampaignCategory(item.get("category", CampaignCategory.MARKETING)),
        priority=Priority(item.get("priority", Priority.NORMAL)),
        exclude_segment_ids=tuple(map(SegmentId, item.get("exclude_segment_ids", ()))),
        series_id=SeriesId(item["series_id"]) if "series_id" in item else None,
        occurrence_at=optional_text_to_time(item.get("occurrence_at")),
        could_start_at=optional_text_to_time(item.get("could_start_at")),
        history=tuple(map(row_to_change, json.loads(item.get("history", "[]")))),
        local_time=_local_time(item),
        needs_approval=item.get("needs_approval", False),
        approved=_approval(item),
    )


def _approval(item: Item) -> Approval | None:
    if "approved_at" not in item:
        return None
    return Approval(
        text_to_time(item["approved_at"]),
        item.get("approved_by"),
        int(item["approved_template_version"]),
    )


def change_to_row(change: StateChange) -> Sequence[int | str | None]:
    """A change as JSON."""
    return [
        change.number,
        change.kind.value,
        change.state.value,
        time_to_text(change.at),
        change.reason,
        change.written_with,
    ]


def row_to_change(row: Sequence[Any]) -> StateChange:
    """The inverse of `change_to_row`."""
    number, kind, state, at, reason, written_with = row
    return StateChange(
        number=number,
        kind=ChangeKind(kind),
        state=CampaignState(state),
        at=text_to_time(at),
        reason=reason,
        written_with=written_with,
    )


def _history_to_text(history: Sequence[StateChange]) -> str | None:
    return json.dumps([change_to_row(each) for each in history]) if history else None


def _local_time(item: Item) -> LocalTime | None:
    if "local_at" not in item:
        return None
    return LocalTime(datetime.fromisoformat(item["local_at"]), item["local_time_zone"])


def range_to_item(fan_out_range: FanOutRange) -> Item:
    """A fan-out range's record."""
    return _present(
        {
            "pk": f"CAMPAIGN#{fan_out_range.campaign_id}",
            "sk": f"RANGE#{fan_out_range.number:04d}",
            "schema": SCHEMA,
            "campaign_id": fan_out_range.campaign_id,
            "number": fan_out_range.number,
            "lower": fan_out_range.lower,
            "upper": fan_out_range.upper,
            "cursor": fan_out_range.cursor,
            "chunk_count": fan_out_range.chunk_count,
            "recipient_count": fan_out_range.recipient_count,
            "enqueued_through": fan_out_range.enqueued_through,
            "is_complete": fan_out_range.is_complete,
            "lease_token": fan_out_range.lease_token,
            "lease_until": optional_time_to_text(fan_out_range.lease_until),
            "version": fan_out_range.version,
            "waves": {time_to_text(each.at): each.recipients for each in fan_out_range.waves}
            or None,
        }
    )


def item_to_range(item: Item) -> FanOutRange:
    """The inverse of `range_to_item`."""
    lease_token = item.get("lease_token")
    return FanOutRange(
        campaign_id=CampaignId(item["campaign_id"]),
        number=int(item["number"]),
        lower=item["lower"],
        upper=item["upper"],
        cursor=item.get("cursor"),
        chunk_count=int(item["chunk_count"]),
        recipient_count=int(item["recipient_count"]),
        enqueued_through=int(item["enqueued_through"]),
        is_complete=item["is_complete"],
        lease_token=None if lease_token is None else LeaseToken(lease_token),
        lease_until=optional_text_to_time(item.get("lease_until")),
        version=int(item["version"]),
        waves=tuple(
            Wave(text_to_time(at), int(recipients))
            for at, recipients in sorted(item.get("waves", {}).items())
        ),
    )


def manifest_to_item(chunk: Chunk, expires_at: int) -> Item:
    """A chunk's manifest."""
    key = manifest_key(chunk.ref)
    rows = [[each.contact_id, each.address, dict(each.fields)] for each in chunk.recipients]
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "recipients": _compressed(rows),
        "expires_at": expires_at,
    }


def progress_to_item(chunk: Chunk, expires_at: int) -> Item:
    """A chunk's progress."""
    key = progress_key(chunk.ref)
    lease = chunk.lease
    return _present(
        {
            "pk": key[0],
            "sk": key[1],
            "schema": SCHEMA,
            "version": chunk.version,
            "states": "".join(_LETTERS[each.state] for each in chunk.progress),
            "details": _details(chunk.progress),
            "resends": _resends(chunk.progress),
            "lease_attempt": lease and lease.attempt,
            "lease_until": lease and time_to_text(lease.until),
            "checks": chunk.checks,
            "made_at": optional_time_to_text(chunk.made_at),
            "finished_at": optional_time_to_text(chunk.finished_at),
            "unknown_since": optional_time_to_text(chunk.unknown_since),
            "put_backs": chunk.put_backs or None,
            "not_before": optional_time_to_text(chunk.not_before),
            "expires_at": expires_at,
            **_open_work(_chunk_shard(key), chunk.next_check_at),
        }
    )


def items_to_chunk(ref: ChunkRef, manifest: Item, progress: Item) -> Chunk:
    """The inverse of `manifest_to_item` and `progress_to_item`."""
    rows: list[tuple[str, str, dict[str, FieldValue]]] = _decompressed(manifest["recipients"].value)
    states = [_STATES[letter] for letter in progress["states"]]
    details: list[list[str | None]] = (
        _decompressed(progress["details"].value) if "details" in progress else [[]] * len(states)
    )
    resends = progress.get("resends") or _RESEND_LETTERS[Resend.NONE] * len(states)
    lease_attempt = progress.get("lease_attempt")
    return Chunk(
        ref=ref,
        recipients=tuple(
            Recipient(ContactId(contact_id), address, fields)
            for contact_id, address, fields in rows
        ),
        progress=tuple(map(_progress, states, resends, details)),
        next_check_at=optional_text_to_time(progress.get("next_check_at")),
        version=int(progress["version"]),
        lease=None
        if lease_attempt is None
        else Lease(AttemptToken(lease_attempt), text_to_time(progress["lease_until"])),
        checks=int(progress["checks"]),
        made_at=optional_text_to_time(progress.get("made_at")),
        finished_at=optional_text_to_time(progress.get("finished_at")),
        unknown_since=optional_text_to_time(progress.get("unknown_since")),
        put_backs=int(progress.get("put_backs", 0)),
        not_before=optional_text_to_time(progress.get("not_before")),
    )


def _details(progress: Sequence[RecipientProgress]) -> bytes | None:
    rows = [
        [
            each.attempt,
            each.message_id,
            each.reason,
            "".join(sorted(_FLAG_LETTERS[flag] for flag in each.flags)) or None,
        ]
        for each in progress
    ]
    return _compressed(rows) if any(any(row) for row in rows) else None


def _resends(progress: Sequence[RecipientProgress]) -> str | None:
    if all(each.resend is Resend.NONE for each in progress):
        return None
    return "".join(_RESEND_LETTERS[each.resend] for each in progress)


def _progress(
    state: RecipientState, resend: str, details: Sequence[str | None]
) -> RecipientProgress:
    # Rows from before flags were kept are shorter; where nothing was ever told there is none.
    attempt, message_id, reason, flags = (*details, None, None, None, None)[:4]
    return RecipientProgress(
        state,
        None if attempt is None else AttemptToken(attempt),
        message_id,
        reason,
        _RESENDS[resend],
        frozenset(_FLAGS[letter] for letter in flags or ""),
    )


def tally_to_counters(tally: Tally) -> dict[str, int]:
    """What a tally, or a difference of two, adds to a shard."""
    return {name: amount for name, amount in asdict(tally).items() if amount}


def finish_to_attributes(finished_at: datetime | None) -> dict[str, str]:
    """What the write that finishes a chunk sets in its shard, beside the counters."""
    return {} if finished_at is None else {"last_finished_at": time_to_text(finished_at)}


def item_to_tally(item: Item) -> tuple[Tally, datetime | None]:
    """One shard, and when a chunk of it was last finished; what was never written is absent."""
    tally = Tally(**{each.name: int(item.get(each.name, 0)) for each in fields(Tally)})
    return tally, optional_text_to_time(item.get("last_finished_at"))


def _compressed(rows: object) -> bytes:
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def _decompressed(data: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202  the callers name the rows' types
    return json.loads(zlib.decompress(data))
