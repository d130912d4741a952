"""Valid values to begin with; tests name only what they are about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef, Lease
from domain.fan_out import FanOutRange, new_ranges
from domain.identifiers import AttemptToken, CampaignId, ContactId, SegmentId, TemplateId
from domain.merge_fields import MergeFields
from domain.path_policy import ExecutionPath
from domain.recipient import Recipient
from domain.segment import Segment
from tests.contracts.family import Family
from tests.contracts.settable_clock import START

LATER = START + timedelta(hours=1)
CAMPAIGN_ID = CampaignId("cmp_01K9ZZZZZZZZZZZZZZZZZZZZZZ")
MADE_UP_CURSORS = (
    "",
    "made-up",
    "ö☃",
    "e30",
    "WyJ0ZW1wbGF0ZXMiXQ",
    "cmp_01K9ZZZZZZZZZZZZZZZZZZZZZY",
    "WyJ" * 400,
    "Wzs7",
)
"""Nonsense, and what looks like an id, or like JSON in base64."""


def a_campaign(
    campaign_id: CampaignId = CAMPAIGN_ID, state: CampaignState = CampaignState.SENDING
) -> Campaign:
    """Immediate, just created."""
    return Campaign(
        campaign_id=campaign_id,
        name="Autumn",
        template_id=TemplateId("promo-template"),
        segment_id=SegmentId("vip-customers"),
        state=state,
        execution_path=ExecutionPath.IMMEDIATE,
        schedule_at=START,
        created_at=START,
        next_check_at=LATER,
    )


def recipients(count: int, fields: MergeFields | None = None) -> tuple[Recipient, ...]:
    """So many, all different."""
    return tuple(
        Recipient(
            ContactId(f"con_{number:026d}"),
            f"person{number}@example.com",
            {"name": f"Person {number}"} if fields is None else fields,
        )
        for number in range(count)
    )


def a_chunk(
    number: int = 0, count: int = 2, campaign_id: CampaignId = CAMPAIGN_ID, range_number: int = 0
) -> Chunk:
    """All pending."""
    return Chunk.new(ChunkRef(campaign_id, range_number, number), recipients(count), LATER)


def stored_campaign(
    family: Family, campaign: Campaign | None = None, ranges: int = 1
) -> tuple[Campaign, tuple[FanOutRange, ...]]:
    """A campaign and its ranges, as they were added."""
    campaign = campaign or a_campaign()
    added = new_ranges(campaign.campaign_id, ranges)
    family.campaigns.add(campaign, added)
    return campaign, added


def stored_chunks(
    family: Family, chunks: Sequence[Chunk], fan_out_range: FanOutRange | None = None
) -> FanOutRange:
    """Append chunks to a campaign's range (its first); returns the range as stored."""
    if fan_out_range is None:
        (fan_out_range, *_) = family.fan_out.progress(chunks[0].ref.campaign_id).ranges
    advanced = fan_out_range.advance(
        cursor="80",
        chunks=len(chunks),
        recipients=sum(len(chunk.recipients) for chunk in chunks),
        lease_until=LATER,
    )
    return family.fan_out.append(advanced, chunks)


def claimed(chunk: Chunk, attempt: str = "attempt-1") -> Chunk:
    """Everybody pending is sending."""
    lease = Lease(AttemptToken(attempt), LATER)
    return chunk.claim(chunk.pending, suppressed=(), lease=lease)


def named(campaign: Campaign, name: str) -> Campaign:
    """Under another name."""
    return replace(campaign, name=name)


def a_segment(segment_id: str = "vip-customers") -> Segment:
    """Without members."""
    return Segment(segment_id=SegmentId(segment_id), name="VIPs ☃", created_at=START)
