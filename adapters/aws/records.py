"""Codecs between domain values and the records of docs/data-model.md."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime

from adapters.aws.table import SCHEMA, Item, Key
from domain.campaign import Campaign, CampaignState, PauseReason
from domain.chunk import Chunk, ChunkRef, Lease
from domain.contact import Contact, FieldValue
from domain.fan_out import FanOutRange
from domain.grants import Grant, GrantLog
from domain.identifiers import (
    AttemptToken,
    CampaignId,
    ContactId,
    LeaseToken,
    SegmentId,
    TemplateId,
)
from domain.path_policy import ExecutionPath
from domain.recipient import Recipient, RecipientProgress, RecipientState
from domain.segment import Segment, member_key
from domain.suppression import Suppression, address_hash
from domain.tally import Tally
from domain.template import Content, Template

OPEN_SHARDS = 8
GRANTS_KEY: Key = ("GRANTS#account", "GRANTS")

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


def time_to_text(moment: datetime) -> str:
    """Sorts as the times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text_to_time(text: str) -> datetime:
    """The inverse of `time_to_text`."""
    return datetime.fromisoformat(text)


def _optional_time(moment: datetime | None) -> str | None:
    return None if moment is None else time_to_text(moment)


def _optional_datetime(text: str | None) -> datetime | None:
    return None if text is None else text_to_time(text)


def _present(item: Mapping[str, object]) -> Item:
    """Without the attributes that are None: an index is sparse by their absence."""
    return {name: value for name, value in item.items() if value is not None}


def _open_work(key: Key, next_check_at: datetime | None) -> Item:
    if next_check_at is None:
        return {}
    shard = zlib.crc32(key[0].encode()) % OPEN_SHARDS
    return {"open_shard": str(shard), "next_check_at": time_to_text(next_check_at)}


def campaign_key(campaign_id: CampaignId) -> Key:
    """Key of a campaign."""
    return f"CAMPAIGN#{campaign_id}", "CAMPAIGN"


def content_key(campaign_id: CampaignId) -> Key:
    """Key of a content snapshot."""
    return f"CAMPAIGN#{campaign_id}", "CONTENT"


def tally_key(ref: ChunkRef) -> Key:
    """Key of the tally shard that counts a chunk."""
    return f"CAMPAIGN#{ref.campaign_id}", f"TALLY#{ref.tally_shard:02d}"


def suppression_key(address_hash_key: bytes, address: str) -> Key:
    """Key of a suppression."""
    return f"SUPPRESSION#{address_hash(address_hash_key, address)}", "SUPPRESSION"


def address_key(address_hash_key: bytes, address: str) -> Key:
    """Key of the record that makes an address unique."""
    return f"ADDRESS#{address_hash(address_hash_key, address)}", "ADDRESS"


def contact_key(contact_id: ContactId) -> Key:
    """Key of a contact."""
    return f"CONTACT#{contact_id}", "CONTACT"


def template_key(template_id: TemplateId) -> Key:
    """Key of a template."""
    return f"TEMPLATE#{template_id}", "TEMPLATE"


def segment_key(segment_id: SegmentId) -> Key:
    """Key of a segment; its members stand beside it."""
    return f"SEGMENT#{segment_id}", "SEGMENT"


def member_sort_key(key: str) -> str:
    """Where a member key stands among a segment's records."""
    return f"MEMBER#{key}"


def manifest_key(ref: ChunkRef) -> Key:
    """Key of a chunk's manifest."""
    return _chunk_partition(ref), "MANIFEST"


def progress_key(ref: ChunkRef) -> Key:
    """Key of a chunk's progress."""
    return _chunk_partition(ref), "PROGRESS"


def open_work_of(item: Item) -> CampaignId | ChunkRef:
    """What an entry of the open-work index names."""
    kind, *names = item["pk"].split("#")
    if kind == "CAMPAIGN":
        return CampaignId(names[0])
    return ChunkRef(CampaignId(names[0]), int(names[1]), int(names[2]))


def campaign_to_item(campaign: Campaign) -> Item:
    """A campaign's record."""
    key = campaign_key(campaign.campaign_id)
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
            "started_at": _optional_time(campaign.started_at),
            "ended_at": _optional_time(campaign.ended_at),
            "pause_reason": campaign.pause_reason and campaign.pause_reason.value,
            "resume_at": _optional_time(campaign.resume_at),
            "failure_reason": campaign.failure_reason,
            **_open_work(key, campaign.next_check_at),
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
        next_check_at=_optional_datetime(item.get("next_check_at")),
        started_at=_optional_datetime(item.get("started_at")),
        ended_at=_optional_datetime(item.get("ended_at")),
        pause_reason=None if pause_reason is None else PauseReason(pause_reason),
        resume_at=_optional_datetime(item.get("resume_at")),
        failure_reason=item.get("failure_reason"),
    )


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
            "lease_until": _optional_time(fan_out_range.lease_until),
            "version": fan_out_range.version,
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
        lease_until=_optional_datetime(item.get("lease_until")),
        version=int(item["version"]),
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
            "lease_attempt": lease and lease.attempt,
            "lease_until": lease and time_to_text(lease.until),
            "checks": chunk.checks,
            "expires_at": expires_at,
            **_open_work(key, chunk.next_check_at),
        }
    )


def items_to_chunk(ref: ChunkRef, manifest: Item, progress: Item) -> Chunk:
    """The inverse of `manifest_to_item` and `progress_to_item`."""
    rows: list[tuple[str, str, dict[str, FieldValue]]] = _decompressed(manifest["recipients"].value)
    states = [_STATES[letter] for letter in progress["states"]]
    details: list[tuple[str | None, str | None, str | None]] = (
        _decompressed(progress["details"].value)
        if "details" in progress
        else [(None, None, None)] * len(states)
    )
    lease_attempt = progress.get("lease_attempt")
    return Chunk(
        ref=ref,
        recipients=tuple(
            Recipient(ContactId(contact_id), address, fields)
            for contact_id, address, fields in rows
        ),
        progress=tuple(
            RecipientProgress(
                state, None if attempt is None else AttemptToken(attempt), message_id, reason
            )
            for state, (attempt, message_id, reason) in zip(states, details, strict=True)
        ),
        next_check_at=_optional_datetime(progress.get("next_check_at")),
        version=int(progress["version"]),
        lease=None
        if lease_attempt is None
        else Lease(AttemptToken(lease_attempt), text_to_time(progress["lease_until"])),
        checks=int(progress["checks"]),
    )


def template_to_item(template: Template) -> Item:
    """A template's record."""
    key = template_key(template.template_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": "templates",
        "listing_id": template.template_id,
        "name": template.name,
        "created_at": time_to_text(template.created_at),
        **content_attributes(template.content),
    }


def item_to_template(item: Item) -> Template:
    """The inverse of `template_to_item`."""
    return Template(
        template_id=TemplateId(item["listing_id"]),
        name=item["name"],
        content=item_to_content(item),
        created_at=text_to_time(item["created_at"]),
    )


def content_to_item(campaign_id: CampaignId, content: Content) -> Item:
    """A content snapshot's record."""
    key = content_key(campaign_id)
    return {"pk": key[0], "sk": key[1], "schema": SCHEMA, **content_attributes(content)}


def content_attributes(content: Content) -> Item:
    """The attributes that templates and snapshots share."""
    return {"subject": content.subject, "html": content.html, "text": content.text}


def item_to_content(item: Item) -> Content:
    """The inverse of `content_attributes`."""
    return Content(item["subject"], item["html"], item["text"])


def segment_to_item(segment: Segment) -> Item:
    """A segment's record."""
    key = segment_key(segment.segment_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": "segments",
        "listing_id": segment.segment_id,
        "name": segment.name,
        "created_at": time_to_text(segment.created_at),
    }


def item_to_segment(item: Item) -> Segment:
    """The inverse of `segment_to_item`."""
    return Segment(
        segment_id=SegmentId(item["listing_id"]),
        name=item["name"],
        created_at=text_to_time(item["created_at"]),
    )


def member_to_item(segment_id: SegmentId, contact_id: ContactId) -> Item:
    """A segment member's record."""
    return {
        "pk": segment_key(segment_id)[0],
        "sk": member_sort_key(member_key(contact_id)),
        "schema": SCHEMA,
        "contact_id": contact_id,
    }


def contact_to_item(contact: Contact) -> Item:
    """A contact's record; the fields as JSON, which keeps their types apart."""
    key = contact_key(contact.contact_id)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "contact_id": contact.contact_id,
        "address": contact.address,
        "fields": json.dumps(dict(contact.fields), ensure_ascii=False),
    }


def item_to_contact(item: Item) -> Contact:
    """The inverse of `contact_to_item`."""
    return Contact(ContactId(item["contact_id"]), item["address"], json.loads(item["fields"]))


def address_to_item(address_hash_key: bytes, contact: Contact) -> Item:
    """The record that makes a contact's address unique."""
    key = address_key(address_hash_key, contact.address)
    return {"pk": key[0], "sk": key[1], "schema": SCHEMA, "contact_id": contact.contact_id}


def suppression_to_item(address_hash_key: bytes, suppression: Suppression) -> Item:
    """A suppression's record."""
    key = suppression_key(address_hash_key, suppression.address)
    return {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "address": suppression.address,
        "reason": suppression.reason.value,
        "since": time_to_text(suppression.since),
    }


def tally_to_counters(tally: Tally) -> dict[str, int]:
    """What a tally, or a difference of two, adds to a shard."""
    return {name: amount for name, amount in asdict(tally).items() if amount}


def item_to_tally(item: Item) -> Tally:
    """One shard; a counter that was never added to is absent."""
    return Tally(**{each.name: int(item.get(each.name, 0)) for each in fields(Tally)})


def grants_to_item(log: GrantLog, version: int) -> Item:
    """The grants' record."""
    return {
        "pk": GRANTS_KEY[0],
        "sk": GRANTS_KEY[1],
        "schema": SCHEMA,
        "version": version,
        "grants": [[time_to_text(grant.at), grant.messages] for grant in log.grants],
    }


def item_to_grants(item: Item | None) -> tuple[GrantLog, int]:
    """The log and its version; an empty log of version 0 where there is no record."""
    if item is None:
        return GrantLog(), 0
    grants = tuple(Grant(text_to_time(at), int(messages)) for at, messages in item["grants"])
    return GrantLog(grants), int(item["version"])


def _chunk_partition(ref: ChunkRef) -> str:
    return f"CHUNK#{ref.campaign_id}#{ref.range_number:04d}#{ref.number:06d}"


def _details(progress: Sequence[RecipientProgress]) -> bytes | None:
    rows = [[each.attempt, each.message_id, each.reason] for each in progress]
    return _compressed(rows) if any(any(row) for row in rows) else None


def _compressed(rows: object) -> bytes:
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def _decompressed(data: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202  the callers name the rows' types
    return json.loads(zlib.decompress(data))
