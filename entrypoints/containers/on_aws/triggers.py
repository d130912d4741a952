"""What sets a campaign going."""

from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import providers

from adapters.aws.invoker import LambdaInvoker
from adapters.aws.queue_event import QueueBatch
from adapters.aws.scheduler import EventBridgeScheduler
from adapters.aws.start_event import event_to_starts
from domain.ports.invoker import Invoker
from domain.ports.scheduler import Scheduler
from domain.ports.start_queue import StartDelivery
from domain.start import StartRequest
from entrypoints.containers.on_aws.store import Store

StartEventReader = Callable[[Mapping[str, Any]], StartRequest | QueueBatch[StartDelivery]]


class Triggers(Store):
    """Now, or at its time; and how start reads the events that it is invoked with."""

    invoker: providers.Provider[Invoker] = providers.ThreadSafeSingleton(
        LambdaInvoker, Store.clients, Store.settings.provided.start_campaign_lambda_arn
    )
    scheduler: providers.Provider[Scheduler] = providers.ThreadSafeSingleton(
        EventBridgeScheduler,
        Store.clients,
        group=Store.settings.provided.schedule_group,
        target_arn=Store.settings.provided.start_campaign_lambda_arn,
        role_arn=Store.settings.provided.eventbridge_role_arn,
        dead_letter_arn=Store.settings.provided.schedule_dead_letter_arn,
        max_lateness=Store.settings.provided.max_lateness,
    )
    read_start_event: providers.Provider[StartEventReader] = providers.Object(event_to_starts)
