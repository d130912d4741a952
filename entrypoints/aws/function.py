"""What the Lambda functions share: settings, container and logging, once an instance."""

import gc
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.containers.on_aws.store import Store
from entrypoints.containers.use_cases import UseCases
from entrypoints.logs import configure_logging
from entrypoints.request_id import REQUEST_ID
from entrypoints.settings import Settings

Event = Mapping[str, Any]
Handler = Callable[[Event, LambdaContext], Any]
Container = TypeVar("Container", bound=UseCases)

_RESERVE = timedelta(seconds=3)
"""Of an invocation's time, for what follows the last step."""


def container_on_aws(
    use_cases: type[Container], adapters: type[Store], *required: str
) -> Container:
    """The container of this instance, with logging configured.

    `use_cases` and `adapters` are what the function runs, and no more: what it imports is a good
    part of a cold start. `required` are the settings that it cannot do without: it fails as it is
    loaded, and not at its first campaign. Raises InvalidSettingsError.
    """
    # The SDK reads AWS_ENDPOINT_URL itself, and with it those of single services.
    environment = {**os.environ, "AWS_ENDPOINT_URL": ""}
    settings = Settings.from_environment(environment).require("table_name", *required)
    configure_logging(settings.log_level)
    container = use_cases(settings=settings, family=adapters(settings=settings))
    # What is loaded stays: no collection needs to go through it.
    gc.freeze()
    gc.enable()
    return container


def logged(handler: Handler) -> Handler:
    """`handler`, whose log lines carry the id of the invocation."""

    @wraps(handler)
    def with_request_id(event: Event, context: LambdaContext) -> object:
        token = REQUEST_ID.set(context.aws_request_id)
        try:
            return handler(event, context)
        finally:
            REQUEST_ID.reset(token)

    return with_request_id


def time_left(context: LambdaContext) -> timedelta:
    """How much of the invocation's time may be used."""
    return timedelta(milliseconds=context.get_remaining_time_in_millis()) - _RESERVE
