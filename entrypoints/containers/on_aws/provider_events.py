"""What the provider tells, and who is not to be mailed again."""

from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import providers

from adapters.aws.provider_events import SqsProviderEvents, event_to_told
from adapters.aws.queue_event import QueueBatch
from adapters.aws.suppressions import DynamoDBSuppressionRepository
from domain.ports.provider_events import EventDelivery, ProviderEventQueue
from domain.ports.suppressions import SuppressionRepository
from entrypoints.containers.on_aws.hash_key import HashKey
from entrypoints.containers.on_aws.store import Store

ToldReader = Callable[[Mapping[str, Any]], QueueBatch[EventDelivery]]


class ProviderEvents(HashKey):
    """From SES through SNS and a queue to the suppression list."""

    suppressions: providers.Provider[SuppressionRepository] = providers.ThreadSafeSingleton(
        DynamoDBSuppressionRepository, Store.table, HashKey.address_hash_key
    )
    provider_events: providers.Provider[ProviderEventQueue] = providers.ThreadSafeSingleton(
        SqsProviderEvents, Store.clients, Store.settings.provided.provider_events_queue_url
    )
    read_told: providers.Provider[ToldReader] = providers.Object(event_to_told)
