"""Codecs of the records of segments and their members."""

import json

from adapters.aws.keys import member_sort_key, segment_key
from adapters.aws.table import SCHEMA, Item
from adapters.aws.times import text_to_time, time_to_text
from domain.identifiers import ContactId, SegmentId
from domain.key_space import member_key
from domain.rule import read_rule, rule_to_data
from domain.segment import Segment


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
        **({} if segment.rule is None else {"rule": json.dumps(rule_to_data(segment.rule))}),
    }


def item_to_segment(item: Item) -> Segment:
    """The inverse of `segment_to_item`."""
    return Segment(
        segment_id=SegmentId(item["listing_id"]),
        name=item["name"],
        created_at=text_to_time(item["created_at"]),
        rule=read_rule(json.loads(item["rule"])) if "rule" in item else None,
    )


def member_to_item(segment_id: SegmentId, contact_id: ContactId) -> Item:
    """A segment member's record."""
    return {
        "pk": segment_key(segment_id)[0],
        "sk": member_sort_key(member_key(contact_id)),
        "schema": SCHEMA,
        "contact_id": contact_id,
    }
