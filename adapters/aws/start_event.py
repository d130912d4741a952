"""The event that start-campaign is invoked with (docs/data-model.md)."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.aws.table import SCHEMA, campaign_id_of, check_schema
from domain.start import StartRequest, Trigger


def start_to_event(request: StartRequest) -> str:
    """As JSON."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "campaign_id": request.campaign_id,
            "trigger": request.trigger.value,
        }
    )


def event_to_start(event: Mapping[str, Any]) -> StartRequest:
    """The inverse of `start_to_event`, of an event already parsed.

    Raises ValueError or KeyError on anything else.
    """
    check_schema(event)
    return StartRequest(campaign_id_of(event), Trigger(event["trigger"]))
