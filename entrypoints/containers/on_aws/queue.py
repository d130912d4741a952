"""The send queue."""

from dependency_injector import providers

from adapters.aws.queue import SqsSendQueue
from domain.ports.queue import SendQueue
from entrypoints.containers.on_aws.store import Store


class Queue(Store):
    """Of chunks."""

    queue: providers.Provider[SendQueue] = providers.ThreadSafeSingleton(
        SqsSendQueue, Store.clients, Store.settings.provided.send_queue_urls
    )
