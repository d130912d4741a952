"""The keys of the API in AWS Secrets Manager."""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from adapters.aws.table import SCHEMA
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.access import ApiKey, Scope
from domain.errors import DependencyFault, DependencyRefused
from domain.ports.clock import Clock

logger = logging.getLogger(__name__)

_FRESH = timedelta(minutes=1)
_STALE = timedelta(minutes=11)


class SecretsManagerApiKeys:
    """Implements `domain.ports.api_keys.ApiKeys` by one secret (docs/data-model.md).

    A process reads it once a minute; where it cannot, it goes on with what it read for ten more.
    """

    def __init__(self, clients: AwsClients, secret_arn: str, clock: Clock) -> None:
        """Nothing is called yet."""
        self._clients = clients
        self._secret_arn = secret_arn
        self._clock = clock
        self._read: tuple[timedelta, Sequence[ApiKey]] | None = None

    def all(self) -> Sequence[ApiKey]:
        """GetSecretValue, unless it was read within the minute."""
        now = self._clock.monotonic()
        if self._read is not None and now - self._read[0] < _FRESH:
            return self._read[1]
        try:
            keys = self._get()
        except DependencyFault as fault:
            if self._read is None or now - self._read[0] >= _STALE:
                raise
            logger.warning("API keys are those of minutes ago: %s", fault)
            return self._read[1]
        self._read = now, keys
        return keys

    def save(self, keys: Sequence[ApiKey]) -> None:
        """PutSecretValue."""
        document = {"schema": SCHEMA, "keys": [_to_record(key) for key in keys]}
        with translated("Secrets Manager PutSecretValue"):
            self._clients.secretsmanager.put_secret_value(
                SecretId=self._secret_arn, SecretString=json.dumps(document)
            )
        self._read = self._clock.monotonic(), tuple(keys)

    def _get(self) -> Sequence[ApiKey]:
        with translated("Secrets Manager GetSecretValue"):
            answer = self._clients.secretsmanager.get_secret_value(SecretId=self._secret_arn)
        try:
            document = json.loads(answer["SecretString"])
            return tuple(_from_record(record) for record in document["keys"])
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


def _from_record(record: dict[str, Any]) -> ApiKey:
    return ApiKey(
        key_id=record["key_id"],
        digest=record["sha256"],
        scopes=frozenset(map(Scope, record["scopes"])),
        created_at=text_to_time(record["created_at"]),
        expires_at=optional_text_to_time(record["expires_at"]),
    )
