"""Codec of the records of series."""

import json

from adapters.aws.keys import SERIES_SHARD, series_key
from adapters.aws.table import SCHEMA, Item
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.campaign import CampaignCategory, UnknownPolicy
from domain.cron import Cron
from domain.identifiers import CampaignId, SegmentId, SeriesId, TemplateId
from domain.priority import Priority
from domain.series import CatchUp, Occurrence, Series, SeriesPlan, SeriesState

LISTING = "series"
"""What a series is found under in the index `listing`."""


def series_to_item(series: Series) -> Item:
    """A series's record, without the attributes that are None: indexes are sparse by that."""
    key = series_key(series.series_id)
    plan = series.plan
    item = {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": LISTING,
        "listing_id": series.series_id,
        "name": plan.name,
        "cron": plan.cron.text,
        "timezone": plan.timezone,
        "template_id": plan.template_id,
        "segment_id": plan.segment_id,
        "exclude_segment_ids": list(plan.exclude_segment_ids) or None,
        "unknown_policy": plan.unknown_policy.value,
        "category": plan.category.value,
        "priority": plan.priority.value,
        "catch_up": plan.catch_up.value,
        "ends_at": optional_time_to_text(plan.ends_at),
        "max_occurrences": plan.max_occurrences,
        "created_at": time_to_text(series.created_at),
        "revised_at": time_to_text(series.revised_at),
        # Not `state`: the index of campaigns by state would have it.
        "series_state": series.state.value,
        "next_at": optional_time_to_text(series.next_at),
        "last_at": optional_time_to_text(series.last_at),
        "problem": series.problem,
        "made_count": series.made_count,
        "missed_count": series.missed_count,
        "history": json.dumps([_occurrence_to_row(each) for each in series.history]),
        "version": series.version,
        "revision": series.revision,
        "open_shard": None if series.next_check_at is None else SERIES_SHARD,
        "next_check_at": optional_time_to_text(series.next_check_at),
    }
    return {name: value for name, value in item.items() if value is not None}


def item_to_series(item: Item) -> Series:
    """The inverse of `series_to_item`."""
    plan = SeriesPlan(
        name=item["name"],
        cron=Cron.of(item["cron"]),
        timezone=item["timezone"],
        template_id=TemplateId(item["template_id"]),
        segment_id=SegmentId(item["segment_id"]),
        exclude_segment_ids=tuple(map(SegmentId, item.get("exclude_segment_ids", ()))),
        unknown_policy=UnknownPolicy(item["unknown_policy"]),
        category=CampaignCategory(item["category"]),
        priority=Priority(item.get("priority", Priority.NORMAL)),
        catch_up=CatchUp(item["catch_up"]),
        ends_at=optional_text_to_time(item.get("ends_at")),
        max_occurrences=int(item["max_occurrences"]) if "max_occurrences" in item else None,
    )
    return Series(
        series_id=SeriesId(item["listing_id"]),
        plan=plan,
        created_at=text_to_time(item["created_at"]),
        revised_at=text_to_time(item["revised_at"]),
        state=SeriesState(item["series_state"]),
        next_at=optional_text_to_time(item.get("next_at")),
        last_at=optional_text_to_time(item.get("last_at")),
        next_check_at=optional_text_to_time(item.get("next_check_at")),
        problem=item.get("problem"),
        made_count=int(item["made_count"]),
        missed_count=int(item["missed_count"]),
        history=tuple(_row_to_occurrence(row) for row in json.loads(item["history"])),
        version=int(item["version"]),
        revision=int(item["revision"]),
    )


def _occurrence_to_row(occurrence: Occurrence) -> list[str | None]:
    return [time_to_text(occurrence.at), occurrence.campaign_id, occurrence.missed]


def _row_to_occurrence(row: list[str | None]) -> Occurrence:
    at, campaign_id, missed = row
    return Occurrence(
        at=text_to_time(at or ""),
        campaign_id=None if campaign_id is None else CampaignId(campaign_id),
        missed=missed,
    )
