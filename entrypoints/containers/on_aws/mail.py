"""What sends mail: the send worker, and the API for test mails."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dependency_injector import providers

from adapters.aws.mailer import SesMailer
from adapters.aws.queue_event import QueueBatch, event_to_batch
from adapters.aws.rate_limiter import DynamoDBRateLimiter
from domain.allowed_rate import AllowedRate
from domain.ports.mailer import Mailer
from domain.ports.queue import Delivery
from domain.ports.rate_limiter import RateLimiter
from entrypoints.containers.on_aws.sending_account import AccountQuota
from entrypoints.containers.on_aws.store import Store

QueueEventReader = Callable[[Mapping[str, Any]], QueueBatch[Delivery]]


class Mail(AccountQuota):
    """From an event of the queue to SES, at its rate."""

    allowed_rate: providers.Provider[AllowedRate] = providers.ThreadSafeSingleton(
        AllowedRate,
        quota=AccountQuota.sending_account.provided.quota,
        now=Store.clock.provided.now,
        fixed=Store.settings.provided.send_rate,
    )
    limiter: providers.Provider[RateLimiter] = providers.ThreadSafeSingleton(
        DynamoDBRateLimiter, Store.table, allowed_rate
    )
    mailer: providers.Provider[Mailer] = providers.ThreadSafeSingleton(
        SesMailer,
        Store.clients,
        sender=Store.settings.provided.sender,
        bulk=Store.settings.provided.ses_bulk,
        configuration_set=Store.settings.provided.configuration_set,
        clock=Store.clock,
    )
    # An instance of a function is at one batch, of one priority.
    urgent_mailer: providers.Provider[Mailer] = providers.Callable(mailer)
    read_queue_event: providers.Provider[QueueEventReader] = providers.Callable(
        partial, event_to_batch, queue_urls=Store.settings.provided.send_queue_urls
    )
