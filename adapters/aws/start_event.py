"""The events that start-campaign is invoked with (docs/data-model.md)."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.aws.queue_event import QueueBatch, batch_of
from adapters.aws.table import SCHEMA, campaign_id_of, check_schema
from domain.ports.start_queue import StartDelivery
from domain.start import StartRequest, Trigger


def start_to_event(request: StartRequest) -> str:
    """As JSON: what an invocation carries, and a message of the start queue."""
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


def body_to_start(body: str) -> StartRequest:
    """The same of its text. Raises ValueError, KeyError or TypeError on anything else."""
    try:
        return event_to_start(json.loads(body))
    except (OverflowError, RecursionError) as error:
        # Of Infinity, and of lists in lists in lists; the batch must not fail with it.
        raise ValueError("nothing that Sentinel writes") from error


def event_to_starts(event: Mapping[str, Any]) -> StartRequest | QueueBatch[StartDelivery]:
    """One start, or those of one batch of the start queue. Raises as `event_to_start`."""
    if "Records" not in event:
        return event_to_start(event)
    return batch_of(event, lambda body, receipt: StartDelivery(body_to_start(body), receipt))
