"""The event that run-job is invoked with (docs/data-model.md)."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.aws.table import SCHEMA, check_schema
from domain.identifiers import NAMED_ID, ContactId, JobId
from domain.job_run import ErasureRun, JobRun, Run

_JOB = "job_id"
_ERASURE = "erase_contact_id"


def run_to_event(run: Run) -> str:
    """As JSON."""
    match run:
        case JobRun(job_id=job_id):
            return json.dumps({"schema": SCHEMA, _JOB: job_id})
        case ErasureRun(contact_id=contact_id):
            return json.dumps({"schema": SCHEMA, _ERASURE: contact_id})


def event_to_run(event: Mapping[str, Any]) -> Run:
    """The inverse of `run_to_event`, of an event already parsed.

    Raises ValueError or KeyError on anything else.
    """
    check_schema(event)
    if _ERASURE in event:
        return ErasureRun(ContactId(_id_of(event, _ERASURE)))
    return JobRun(JobId(_id_of(event, _JOB)))


def _id_of(event: Mapping[str, Any], name: str) -> str:
    text = event[name]
    if not isinstance(text, str) or not NAMED_ID.fullmatch(text):
        raise ValueError(f"{name}: not an id")
    return text
