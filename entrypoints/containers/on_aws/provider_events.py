"""What the provider tells, and who is not to be mailed again."""

from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import providers

from adapters.aws.provider_events import SqsProviderEvents, event_to_told
from adapters.aws.queue_event import QueueBatch
from domain.ports.provider_events import EventDelivery, ProviderEventQueue
from entrypoints.containers.on_aws.store import Store
from entrypoints.containers.on_aws.suppressions import Suppressions

ToldReader = Callable[[Mapping[str, Any]], QueueBatch[EventDelivery]]


class ProviderEvents(Suppressions):
    """From SES through SNS and a queue to the suppression list."""

    provider_events: providers.Provider[ProviderEventQueue] = providers.ThreadSafeSingleton(
        SqsProviderEvents, Store.clients, Store.settings.provided.provider_events_queue_url
    )
    read_told: providers.Provider[ToldReader] = providers.Object(event_to_told)
