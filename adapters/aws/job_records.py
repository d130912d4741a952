"""Codecs of the records of imports and exports."""

import json
from typing import Any

from adapters.aws.keys import JOB_SHARD, job_key
from adapters.aws.table import SCHEMA, Item
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.contact import Consent
from domain.contact_export import ContactExport
from domain.contact_import import (
    ContactImport,
    CsvLayout,
    CsvPosition,
    ImportCounts,
    ImportPlan,
)
from domain.identifiers import JobId, LeaseToken, SegmentId
from domain.job import JobState
from domain.ports.jobs import AnyJob, JobKind

LISTINGS = {JobKind.IMPORT: "imports", JobKind.EXPORT: "exports"}
"""What a job is found under in the index `listing`, by which its kind is told, too."""

_COUNTS = ("created", "updated", "unchanged", "repeated", "refused")


def job_to_item(job: AnyJob) -> Item:
    """A job's record, without the attributes that are None: indexes are sparse by their absence."""
    key = job_key(job.job_id)
    kind = JobKind.IMPORT if isinstance(job, ContactImport) else JobKind.EXPORT
    own = _import_to_item(job) if isinstance(job, ContactImport) else _export_to_item(job)
    item = {
        "pk": key[0],
        "sk": key[1],
        "schema": SCHEMA,
        "listing": LISTINGS[kind],
        "listing_id": job.job_id,
        "created_at": time_to_text(job.created_at),
        # Not `state`: the index of campaigns by state would have it.
        "job_state": job.state.value,
        "started_at": optional_time_to_text(job.started_at),
        "ended_at": optional_time_to_text(job.ended_at),
        "failure": job.failure,
        "lease_token": job.lease_token,
        "lease_until": optional_time_to_text(job.lease_until),
        "open_shard": None if job.next_check_at is None else JOB_SHARD,
        "next_check_at": optional_time_to_text(job.next_check_at),
        "version": job.version,
        **own,
    }
    return {name: value for name, value in item.items() if value is not None}


def item_to_job(item: Item) -> AnyJob:
    """The inverse of `job_to_item`."""
    shared: dict[str, Any] = {
        "job_id": JobId(item["listing_id"]),
        "created_at": text_to_time(item["created_at"]),
        "state": JobState(item["job_state"]),
        "started_at": optional_text_to_time(item.get("started_at")),
        "ended_at": optional_text_to_time(item.get("ended_at")),
        "failure": item.get("failure"),
        "lease_token": LeaseToken(item["lease_token"]) if "lease_token" in item else None,
        "lease_until": optional_text_to_time(item.get("lease_until")),
        "next_check_at": optional_text_to_time(item.get("next_check_at")),
        "version": int(item["version"]),
    }
    if item["listing"] == LISTINGS[JobKind.IMPORT]:
        return ContactImport(
            **shared,
            plan=_text_to_plan(item["plan"]),
            dry_run=item.get("dry_run", False),
            size=int(item["size"]) if "size" in item else None,
            layout=_text_to_layout(item["layout"]) if "layout" in item else None,
            position=_data_to_position(item["position"]) if "position" in item else None,
            counts=ImportCounts(
                **{name: int(item.get("counts", {}).get(name, 0)) for name in _COUNTS}
            ),
            refused_batches=int(item.get("refused_batches", 0)),
        )
    return ContactExport(
        **shared,
        segment_id=SegmentId(item["segment_id"]) if "segment_id" in item else None,
        fields=tuple(item.get("fields", ())),
        has_fields=item.get("has_fields", False),
        spreadsheet_safe=item.get("spreadsheet_safe", True),
        cursor=item.get("cursor"),
        rows=int(item.get("rows", 0)),
        writing_id=item.get("writing_id"),
        part_tags=tuple(item.get("part_tags", ())),
        remainder_name=item.get("remainder_name"),
        is_written=item.get("is_written", False),
    )


def _import_to_item(job: ContactImport) -> Item:
    return {
        "plan": _plan_to_text(job.plan),
        "dry_run": job.dry_run,
        "size": job.size,
        "layout": None if job.layout is None else _layout_to_text(job.layout),
        "position": (
            None
            if job.position is None
            else {
                "offset": job.position.offset,
                "line": job.position.line,
                "is_within_line": job.position.is_within_line,
            }
        ),
        "counts": {name: getattr(job.counts, name) for name in _COUNTS},
        "refused_batches": job.refused_batches,
    }


def _export_to_item(job: ContactExport) -> Item:
    return {
        "segment_id": job.segment_id,
        "fields": list(job.fields),
        "has_fields": job.has_fields,
        "spreadsheet_safe": job.spreadsheet_safe,
        "cursor": job.cursor,
        "rows": job.rows,
        "writing_id": job.writing_id,
        "part_tags": list(job.part_tags),
        "remainder_name": job.remainder_name,
        "is_written": job.is_written,
    }


def _plan_to_text(plan: ImportPlan) -> str:
    consent = plan.consent
    data = {
        "columns": dict(plan.columns),
        "segment_id": plan.segment_id,
        "consent": None if consent is None else [consent.source, time_to_text(consent.at)],
        "delimiter": plan.delimiter,
        "encoding": plan.encoding,
    }
    return json.dumps(
        {name: value for name, value in data.items() if value is not None}, ensure_ascii=False
    )


def _text_to_plan(text: str) -> ImportPlan:
    data = json.loads(text)
    return ImportPlan(
        columns=data.get("columns", {}),
        segment_id=SegmentId(data["segment_id"]) if "segment_id" in data else None,
        consent=(
            Consent(data["consent"][0], text_to_time(data["consent"][1]))
            if "consent" in data
            else None
        ),
        delimiter=data.get("delimiter"),
        encoding=data.get("encoding"),
    )


def _layout_to_text(layout: CsvLayout) -> str:
    return json.dumps([layout.encoding, layout.delimiter, *layout.header], ensure_ascii=False)


def _text_to_layout(text: str) -> CsvLayout:
    encoding, delimiter, *header = json.loads(text)
    return CsvLayout(encoding, delimiter, tuple(header))


def _data_to_position(data: Item) -> CsvPosition:
    return CsvPosition(int(data["offset"]), int(data["line"]), data.get("is_within_line", False))
