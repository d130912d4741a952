"""What boto3 raises, told in the domain's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from domain.errors import DependencyFault, DependencyRefused, DependencyUnavailable

NEVER_LEFT = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
"""Raised before the request was sent: it certainly had no effect."""

SERVER_ERROR = 500
"""From this HTTP status on nobody knows whether the request had its effect."""


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Raise DependencyRefused or DependencyUnavailable in place of what boto3 raises.

    The texts name the operation and the error code; what was sent is not in them.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise fault_of(operation, error) from error


def fault_of(operation: str, error: ClientError | BotoCoreError) -> DependencyFault:
    """The domain's error for one of boto3's."""
    if isinstance(error, ClientError):
        text = f"{operation}: {code_of(error)}"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return DependencyUnavailable(text) if status >= SERVER_ERROR else DependencyRefused(text)
    text = f"{operation}: {type(error).__name__}"
    if isinstance(error, NEVER_LEFT):
        return DependencyRefused(text)
    return DependencyUnavailable(text)


def code_of(error: ClientError) -> str:
    """The error code of the service, such as `ThrottlingException`."""
    return error.response.get("Error", {}).get("Code", "Unknown")
