"""What was given up."""

from dependency_injector import providers

from adapters.aws.dead_letters import SqsDeadLetters
from adapters.aws.invoker import LambdaInvoker
from adapters.aws.queue import SqsSendQueue
from domain.ports.dead_letters import DeadLetters
from entrypoints.containers.on_aws.jobs import Jobs
from entrypoints.containers.on_aws.store import Store


class DeadLetterQueues(Jobs):
    """All of them, with what a replay asks for: nothing else here sends or starts."""

    dead_letters: providers.Provider[DeadLetters] = providers.ThreadSafeSingleton(
        SqsDeadLetters,
        Store.clients,
        Store.settings.provided.deployment_name,
        queue=providers.ThreadSafeSingleton(
            SqsSendQueue, Store.clients, Store.settings.provided.send_queue_urls
        ),
        invoker=providers.ThreadSafeSingleton(
            LambdaInvoker, Store.clients, Store.settings.provided.start_campaign_lambda_arn
        ),
        job_invoker=Jobs.job_invoker,
    )
