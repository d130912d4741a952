"""Rows that an import refused, as the objects that hold them do: JSON, a list in order of lines."""

import json
from collections.abc import Iterable

from domain.contact_import import RefusedRow


def refused_content(rows: Iterable[RefusedRow]) -> bytes:
    """What is kept of a batch."""
    told = [{"line": row.line, "reason": row.reason, "cells": row.cells} for row in rows]
    return json.dumps(told, ensure_ascii=False).encode()


def read_refused(content: bytes) -> tuple[RefusedRow, ...]:
    """The rows that `refused_content` was given."""
    return tuple(
        RefusedRow(each["line"], each["reason"], tuple(each["cells"]))
        for each in json.loads(content)
    )
