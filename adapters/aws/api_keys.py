"""The keys of the API in AWS Secrets Manager."""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from adapters.aws.table import SCHEMA
from adapters.aws.times import optional_time_to_text, text_to_time, time_to_text
from domain.access import ApiKey, Scope
from domain.errors import DependencyFault, DependencyRefused
from domain.ports.clock import Clock

logger = logging.getLogger(__name__)

_FRESH = timedelta(minutes=1)
_STALE = timedelta(minutes=11)
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class _Read:
    """What was read, when, and when it was last asked for."""

    keys: Sequence[ApiKey]
    at: timedelta
    asked_at: timedelta


NO_API_KEYS = json.dumps({"schema": SCHEMA, "keys": []})
"""The secret as it begins."""


class SecretsManagerApiKeys:
    """Implements `domain.ports.api_keys.ApiKeys` by one secret (docs/data-model.md).

    A process reads it once a minute; where it cannot, it goes on with what it read for ten more.
    """

    def __init__(self, clients: AwsClients, secret_arn: str, clock: Clock) -> None:
        """Nothing is called yet."""
        self._clients = clients
        self._secret_arn = secret_arn
        self._clock = clock
        self._read: _Read | None = None

    def all(self) -> Sequence[ApiKey]:
        """GetSecretValue, unless it was asked for within the minute."""
        now, read = self._clock.monotonic(), self._read
        if read is not None and now - read.at >= _STALE:
            read = None
        if read is not None and now - read.asked_at < _FRESH:
            return read.keys
        try:
            keys = self._get()
        except DependencyFault as fault:
            if read is None:
                raise
            logger.warning("API keys are those of minutes ago: %s", fault)
            # A call may take seconds to fail: not every request is to wait for one.
            self._read = replace(read, asked_at=now)
            return read.keys
        self._read = _Read(keys, now, now)
        return keys

    def save(self, keys: Sequence[ApiKey]) -> None:
        """PutSecretValue."""
        document = {"schema": SCHEMA, "keys": [_to_record(key) for key in keys]}
        with translated("Secrets Manager PutSecretValue"):
            self._clients.secretsmanager.put_secret_value(
                SecretId=self._secret_arn, SecretString=json.dumps(document)
            )
        now = self._clock.monotonic()
        self._read = _Read(tuple(keys), now, now)

    def _get(self) -> Sequence[ApiKey]:
        with translated("Secrets Manager GetSecretValue"):
            answer = self._clients.secretsmanager.get_secret_value(SecretId=self._secret_arn)
        try:
            return _from_document(json.loads(answer["SecretString"]))
        except (KeyError, TypeError, ValueError):
            # Without the cause, whose text may hold what is in there.
            raise DependencyRefused("The secret of the API keys holds none of Sentinel.") from None


def _to_record(key: ApiKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "sha256": key.digest,
        "scopes": sorted(key.scopes),
        "created_at": time_to_text(key.created_at),
        "expires_at": optional_time_to_text(key.expires_at),
    }


def _from_document(document: dict[str, Any]) -> Sequence[ApiKey]:
    """Raises KeyError, TypeError or ValueError where it is none of ours."""
    if document["schema"] != SCHEMA:
        raise ValueError("another layout")
    return tuple(_from_record(record) for record in document["keys"])


def _from_record(record: dict[str, Any]) -> ApiKey:
    if not _SHA256.fullmatch(record["sha256"]):
        raise ValueError("no SHA-256")
    expires_at = record["expires_at"]
    return ApiKey(
        key_id=record["key_id"],
        digest=record["sha256"],
        scopes=frozenset(map(Scope, record["scopes"])),
        created_at=_moment(record["created_at"]),
        expires_at=None if expires_at is None else _moment(expires_at),
    )


def _moment(text: str) -> datetime:
    moment = text_to_time(text)
    if moment.tzinfo is None:
        # It could not be compared with now.
        raise ValueError("a time without its zone")
    return moment
