"""AWS, as the Lambda functions run on it."""

from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import containers, providers

from adapters.aws.address_hash_key import AddressHashKey, SecretAddressHashKey
from adapters.aws.api_keys import SecretsManagerApiKeys
from adapters.aws.campaigns import DynamoDBCampaignRepository
from adapters.aws.chunks import DynamoDBChunkRepository
from adapters.aws.clients import AwsClients
from adapters.aws.contacts import DynamoDBContactRepository
from adapters.aws.contents import DynamoDBContentRepository
from adapters.aws.fan_out import DynamoDBFanOutRepository
from adapters.aws.invoker import LambdaInvoker
from adapters.aws.mailer import SesMailer
from adapters.aws.open_work import DynamoDBOpenWork
from adapters.aws.queue import SqsSendQueue
from adapters.aws.queue_event import QueueBatch, event_to_batch
from adapters.aws.rate_limiter import DynamoDBRateLimiter
from adapters.aws.scheduler import EventBridgeScheduler
from adapters.aws.segments import DynamoDBSegmentRepository
from adapters.aws.start_event import event_to_start
from adapters.aws.suppressions import DynamoDBSuppressionRepository
from adapters.aws.table import Table
from adapters.aws.templates import DynamoDBTemplateRepository
from adapters.emf.metrics import EmfMetrics
from adapters.minijinja.renderer import MinijinjaRenderer
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.ports.api_keys import ApiKeys
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.contents import ContentRepository
from domain.ports.fan_out import FanOutRepository
from domain.ports.ids import Ids
from domain.ports.invoker import Invoker
from domain.ports.mailer import Mailer
from domain.ports.metrics import Metrics
from domain.ports.open_work import OpenWork
from domain.ports.queue import SendQueue
from domain.ports.rate_limiter import RateLimiter
from domain.ports.renderer import Renderer
from domain.ports.scheduler import Scheduler
from domain.ports.segments import SegmentRepository
from domain.ports.suppressions import SuppressionRepository
from domain.ports.templates import TemplateRepository
from domain.start import StartRequest
from entrypoints.settings import Settings

StartEventReader = Callable[[Mapping[str, Any]], StartRequest]
QueueEventReader = Callable[[Mapping[str, Any]], QueueBatch]


def _address_hash_key(clients: AwsClients, settings: Settings) -> AddressHashKey:
    if settings.address_hash_key_secret_arn:
        return SecretAddressHashKey(clients, settings.address_hash_key_secret_arn)
    # Asked for where an address is hashed: not every function does that.
    return lambda: settings.hash_key


class Adapters(containers.DeclarativeContainer):
    """The aws family. Nothing is called, and no client made, before it is needed."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)

    clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
    ids: providers.Provider[Ids] = providers.ThreadSafeSingleton(SystemIds)
    renderer: providers.Provider[Renderer] = providers.ThreadSafeSingleton(MinijinjaRenderer)
    clients: providers.Provider[AwsClients] = providers.ThreadSafeSingleton(
        AwsClients,
        region=settings.provided.aws_region,
        endpoint_url=settings.provided.aws_endpoint_url,
        access_key=settings.provided.emulator_access_key,
    )
    address_hash_key: providers.Provider[AddressHashKey] = providers.ThreadSafeSingleton(
        _address_hash_key, clients, settings
    )
    table: providers.Provider[Table] = providers.ThreadSafeSingleton(
        Table, clients, settings.provided.table_name, clock, ids
    )
    campaigns: providers.Provider[CampaignRepository] = providers.ThreadSafeSingleton(
        DynamoDBCampaignRepository, table
    )
    chunks: providers.Provider[ChunkRepository] = providers.ThreadSafeSingleton(
        DynamoDBChunkRepository, table, address_hash_key
    )
    contacts: providers.Provider[ContactRepository] = providers.ThreadSafeSingleton(
        DynamoDBContactRepository, table, ids, address_hash_key
    )
    contents: providers.Provider[ContentRepository] = providers.ThreadSafeSingleton(
        DynamoDBContentRepository, table
    )
    fan_out: providers.Provider[FanOutRepository] = providers.ThreadSafeSingleton(
        DynamoDBFanOutRepository, table
    )
    open_work: providers.Provider[OpenWork] = providers.ThreadSafeSingleton(DynamoDBOpenWork, table)
    segments: providers.Provider[SegmentRepository] = providers.ThreadSafeSingleton(
        DynamoDBSegmentRepository, table
    )
    suppressions: providers.Provider[SuppressionRepository] = providers.ThreadSafeSingleton(
        DynamoDBSuppressionRepository, table, address_hash_key
    )
    templates: providers.Provider[TemplateRepository] = providers.ThreadSafeSingleton(
        DynamoDBTemplateRepository, table
    )
    limiter: providers.Provider[RateLimiter] = providers.ThreadSafeSingleton(
        DynamoDBRateLimiter, table, settings.provided.send_rate
    )
    queue: providers.Provider[SendQueue] = providers.ThreadSafeSingleton(
        SqsSendQueue, clients, settings.provided.send_queue_url
    )
    invoker: providers.Provider[Invoker] = providers.ThreadSafeSingleton(
        LambdaInvoker, clients, settings.provided.start_campaign_lambda_arn
    )
    scheduler: providers.Provider[Scheduler] = providers.ThreadSafeSingleton(
        EventBridgeScheduler,
        clients,
        group=settings.provided.schedule_group,
        target_arn=settings.provided.start_campaign_lambda_arn,
        role_arn=settings.provided.eventbridge_role_arn,
        dead_letter_arn=settings.provided.schedule_dead_letter_arn,
        max_lateness=settings.provided.max_lateness,
    )
    mailer: providers.Provider[Mailer] = providers.ThreadSafeSingleton(
        SesMailer,
        clients,
        sender=settings.provided.sender,
        bulk=settings.provided.ses_bulk,
        clock=clock,
    )
    metrics: providers.Provider[Metrics] = providers.ThreadSafeSingleton(
        EmfMetrics, settings.provided.stage
    )
    read_start_event: providers.Provider[StartEventReader] = providers.Object(event_to_start)
    read_queue_event: providers.Provider[QueueEventReader] = providers.Object(event_to_batch)
    api_keys: providers.Provider[ApiKeys | None] = providers.ThreadSafeSingleton(
        SecretsManagerApiKeys, clients, settings.provided.api_keys_secret_arn, clock
    )
