"""Imports and exports: where they are kept, and what sets them going."""

from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import providers

from adapters.aws.job_event import event_to_run
from adapters.aws.job_invoker import LambdaJobInvoker
from adapters.aws.jobs import DynamoDBJobRepository
from domain.job_run import Run
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from entrypoints.containers.on_aws.store import Store

JobEventReader = Callable[[Mapping[str, Any]], Run]


class Jobs(Store):
    """Their records; and how run-job reads the event that it is invoked with."""

    jobs: providers.Provider[JobRepository] = providers.ThreadSafeSingleton(
        DynamoDBJobRepository, Store.table
    )
    job_invoker: providers.Provider[JobInvoker] = providers.ThreadSafeSingleton(
        LambdaJobInvoker, Store.clients, Store.settings.provided.run_job_lambda_arn
    )
    read_job_event: providers.Provider[JobEventReader] = providers.Object(event_to_run)
