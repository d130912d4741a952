"""Structured logging: a JSON object a line, with the id of the request under way."""

import json
import logging
import sys
from functools import partial

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from entrypoints.request_id import REQUEST_ID


def configure_logging(level: str) -> None:
    """Send every logger's lines to stderr; those of libraries from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        LambdaPowertoolsFormatter(
            # Operators filter on ⚡ and 📅: they must not be escaped.
            json_serializer=partial(json.dumps, ensure_ascii=False, default=str),
            utc=True,
        )
    )
    handler.addFilter(_with_request_id)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("domain", "adapters", "entrypoints"):
        logging.getLogger(name).setLevel(level)


def _with_request_id(record: logging.LogRecord) -> bool:
    request_id = REQUEST_ID.get()
    if request_id is not None:
        record.request_id = request_id
    return True
