"""AWS whole: what the emulator family is made of, and the tests."""

from entrypoints.containers.on_aws.access import ApiAccess
from entrypoints.containers.on_aws.analytics import Analytics
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.contents import Contents
from entrypoints.containers.on_aws.dead_letters import DeadLetterQueues
from entrypoints.containers.on_aws.files import Files
from entrypoints.containers.on_aws.idempotency import Idempotency
from entrypoints.containers.on_aws.jobs import Jobs
from entrypoints.containers.on_aws.mail import Mail
from entrypoints.containers.on_aws.open_work import DueWork
from entrypoints.containers.on_aws.provider_events import ProviderEvents
from entrypoints.containers.on_aws.queue import Queue
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.sending_account import AccountQuota
from entrypoints.containers.on_aws.series import SeriesStore
from entrypoints.containers.on_aws.starts import Starts
from entrypoints.containers.on_aws.triggers import Triggers
from entrypoints.containers.on_aws.webhook_sending import WebhookSending


class Adapters(  # the name that every family has
    Audience,
    Rendering,
    Contents,
    Triggers,
    Starts,
    Queue,
    Chunks,
    Mail,
    DueWork,
    DeadLetterQueues,
    Jobs,
    SeriesStore,
    AccountQuota,
    Analytics,
    ProviderEvents,
    Reporting,
    ApiAccess,
    Idempotency,
    Files,
    WebhookSending,
):
    """The aws family: everything that the functions run on."""
