"""What the Lambda functions share: settings, container and logging, once an instance."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.logs import configure_logging
from entrypoints.request_id import REQUEST_ID
from entrypoints.settings import Settings

Event = Mapping[str, Any]
Handler = Callable[[Event, LambdaContext], Any]

_RESERVE = timedelta(seconds=3)
"""Of an invocation's time, for what follows the last step."""


def container_on_aws(*required: str) -> Core:
    """The container of this instance, with logging configured.

    `required` are the settings that the function cannot do without: it fails as it is loaded, and
    not at its first campaign. Raises InvalidSettingsError.
    """
    # The SDK reads AWS_ENDPOINT_URL itself, and with it those of single services.
    environment = {**os.environ, "AWS_ENDPOINT_URL": ""}
    settings = Settings.from_environment(environment).require("table_name", *required)
    configure_logging(settings.log_level)
    return build(Family.AWS, settings)


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
