"""How a campaign is written: with the changes of its state, or not at all."""

import json
from collections.abc import Sequence

from adapters.aws.delivery_records import campaign_to_item, change_to_row
from adapters.aws.keys import CHANGE_SHARD, change_key
from adapters.aws.table import SCHEMA, Item, Put, put_new, put_version
from adapters.aws.times import time_to_text
from domain.campaign import Campaign
from domain.campaign_history import ChangeRef, StateChange
from domain.identifiers import CampaignId


def added(campaign: Campaign) -> Sequence[Put]:
    """The puts of a new campaign; one transaction."""
    return [put_new(campaign_to_item(campaign)), *_changes(campaign)]


def saved(stored: Campaign) -> Sequence[Put]:
    """The puts of one that is `stored` in place of the version before; one transaction.

    Mostly there is one alone.
    """
    return [put_version(campaign_to_item(stored), stored.version - 1), *_changes(stored)]


def _changes(campaign: Campaign) -> Sequence[Put]:
    # Without a condition: there is one writer of each version of a campaign.
    return [Put(_change_to_item(campaign.campaign_id, each)) for each in campaign.new_changes]


def _change_to_item(campaign_id: CampaignId, change: StateChange) -> Item:
    pk, sk = change_key(ChangeRef(campaign_id, change.number))
    return {
        "pk": pk,
        "sk": sk,
        "schema": SCHEMA,
        "change": json.dumps(change_to_row(change)),
        "open_shard": CHANGE_SHARD,
        "next_check_at": time_to_text(change.at),
    }
