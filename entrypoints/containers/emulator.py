"""AWS on an emulator, with invocations and schedule fires run in the process."""

from dependency_injector import providers

from adapters.aws.clients import AwsClients
from adapters.aws.dead_letters import SqsDeadLetters
from adapters.aws.stack import deploy_stack, verify_sender
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.metrics import MemoryMetrics
from adapters.memory.recording_mailer import RecordingMailer
from adapters.memory.schedule_ticker import ScheduleTicker
from domain.ports.api_keys import ApiKeys
from domain.ports.dead_letters import DeadLetters
from domain.ports.invoker import Invoker
from domain.ports.job_invoker import JobInvoker
from domain.ports.mailer import Mailer
from domain.ports.metrics import Metrics
from entrypoints.containers import aws
from entrypoints.settings import Settings

STACK_NAME = "sentinel"


class Adapters(aws.Adapters):
    """The aws family.

    `started`, `invoked_jobs`, `ticker` and `sent` are what the local runner looks after.
    """

    started: providers.Provider[MemoryInvoker] = providers.ThreadSafeSingleton(MemoryInvoker)
    invoker: providers.Provider[Invoker] = providers.Callable(started)
    invoked_jobs: providers.Provider[MemoryJobInvoker] = providers.ThreadSafeSingleton(
        MemoryJobInvoker
    )
    job_invoker: providers.Provider[JobInvoker] = providers.Callable(invoked_jobs)
    dead_letters: providers.Provider[DeadLetters] = providers.ThreadSafeSingleton(
        SqsDeadLetters,
        aws.Adapters.clients,
        STACK_NAME,
        queue=aws.Adapters.queue,
        invoker=started,
        job_invoker=invoked_jobs,
    )
    ticker: providers.Provider[ScheduleTicker] = providers.ThreadSafeSingleton(
        ScheduleTicker,
        open_work=aws.Adapters.open_work,
        campaigns=aws.Adapters.campaigns,
        scheduler=aws.Adapters.scheduler,
        invoker=started,
        clock=aws.Adapters.clock,
    )
    tick_seconds: providers.Provider[float] = providers.Object(0.25)
    """So that a due schedule starts within a second."""
    sent: providers.Provider[RecordingMailer] = providers.ThreadSafeSingleton(
        RecordingMailer, aws.Adapters.mailer, aws.Adapters.clock
    )
    mailer: providers.Provider[Mailer] = providers.Callable(sent)
    urgent_mailer: providers.Provider[Mailer] = providers.Callable(mailer)
    api_keys: providers.Provider[ApiKeys | None] = providers.Object(None)
    """None: open, to this machine only."""
    metrics: providers.Provider[Metrics] = providers.ThreadSafeSingleton(MemoryMetrics)
    exposition: providers.Provider[None] = providers.Object(None)
    """None: nobody is told of the metrics."""
    stored_files: providers.Provider[None] = providers.Object(None)
    """None: they are the emulator's."""
    upkeep: providers.Provider[None] = providers.Object(None)
    """None: the bucket's own lifecycle sees to it."""


def deploy(settings: Settings, template: str) -> Settings:
    """Deploy `template` (its text) on the emulator, once; returns the settings to run on it.

    Raises DependencyFault.
    """
    clients = AwsClients(
        settings.aws_region, settings.aws_endpoint_url, settings.emulator_access_key
    )
    outputs = deploy_stack(clients, STACK_NAME, template, {"Functions": "none"})
    for sender in settings.identities.headers:
        verify_sender(clients, sender)
    return settings.model_copy(
        update={
            "table_name": outputs["TableName"],
            "files_bucket": outputs["FilesBucketName"],
            "send_queue_url": outputs["SendQueueUrl"],
            "urgent_send_queue_url": outputs["UrgentSendQueueUrl"],
            "start_queue_url": outputs["StartQueueUrl"],
            "provider_events_queue_url": outputs["ProviderEventsQueueUrl"],
            "configuration_set": outputs["ConfigurationSetName"],
            "schedule_group": outputs["ScheduleGroupName"],
        }
    )
