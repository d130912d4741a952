"""Starts that are queued, and who may start the direct way."""

from dependency_injector import providers

from adapters.aws.admission import DynamoDBAdmissionControl
from adapters.aws.start_queue import SqsStartQueue
from domain.ports.admission import AdmissionControl
from domain.ports.start_queue import StartQueue
from entrypoints.containers.on_aws.store import Store


class QueuedStarts(Store):
    """The start queue."""

    start_queue: providers.Provider[StartQueue] = providers.ThreadSafeSingleton(
        SqsStartQueue, Store.clients, Store.settings.provided.start_queue_url
    )


class Starts(QueuedStarts):
    """Both."""

    admission: providers.Provider[AdmissionControl] = providers.ThreadSafeSingleton(
        DynamoDBAdmissionControl, Store.table, Store.settings.provided.start_limits
    )
