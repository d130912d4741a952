"""What people see of an import."""

from collections.abc import Mapping

from entrypoints.cli.output import Cell, Item, counted, joined

_COUNTS = ("created", "updated", "unchanged", "repeated", "refused")


def progress_text(item: Item) -> str:
    """How far it is, in one line."""
    done, total = item["progress"]["bytes"], item["progress"]["bytes_total"]
    share = f" {100 * done // total} %" if total else ""
    return f"{item['state']}{share}: {counts_text(item)}"


def counts_text(item: Item) -> str:
    """What became of its rows."""
    counts = item["counts"]
    became = (f"{counts[name]} {name}" for name in _COUNTS if counts[name])
    return joined([counted(counts["rows"], "row"), *became])


def refused_columns() -> Mapping[str, Cell]:
    """Of a row that was refused."""
    return {"Line": "line", "Reason": "reason", "Cells": "cells"}


IN_LIST: Mapping[str, Cell] = {
    "Import": "import_id",
    "State": "state",
    "Dry run": "dry_run",
    "Rows": counts_text,
    "Segment": "segment_id",
    "Created": "created_at",
}
IMPORT: Mapping[str, Cell] = {
    **IN_LIST,
    "Columns": "columns",
    "File": lambda item: (
        item["layout"]
        and joined([item["layout"]["encoding"], f"separated by {item['layout']['delimiter']!r}"])
    ),
    "Headers": lambda item: item["layout"] and item["layout"]["columns"],
    "Started": "started_at",
    "Ended": "ended_at",
    "Failed for": "failure",
}
