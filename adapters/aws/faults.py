"""What boto3 raises, told in the domain's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

from domain.errors import DependencyFault, DependencyRefused, DependencyUnavailable

BOTO3_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
"""Everything that a call of a client raises; a parser error is no BotoCoreError."""

_BEFORE_ANY_ATTEMPT = (CredentialRetrievalError, NoCredentialsError, ParamValidationError)

NEVER_LEFT = (*_BEFORE_ANY_ATTEMPT, ConnectTimeoutError, EndpointConnectionError)
"""Raised before the request was sent: of a client that makes one attempt, it had no effect."""

SERVER_ERROR = 500
"""From this HTTP status on nobody knows whether the request had its effect."""


@contextmanager
def translated(operation: str, *, told: bool = False) -> Iterator[None]:
    """Raise DependencyRefused or DependencyUnavailable in place of what boto3 raises.

    The texts name the operation and the error code. What was sent is not in them, unless the
    service's own words are to be `told`: to an operator, of what is nobody's data.
    """
    try:
        yield
    except BOTO3_ERRORS as error:
        raise fault_of(operation, error, told=told) from error
    except (KeyError, ValueError) as error:
        # An answer without what it should hold: a cut or foreign one.
        raise DependencyUnavailable(f"{operation}: an answer that cannot be read") from error


def fault_of(operation: str, error: Exception, *, told: bool = False) -> DependencyFault:
    """The domain's error for one of boto3's."""
    if isinstance(error, ClientError):
        text = f"{operation}: {code_of(error)}"
        if told:
            text += f": {error.response.get('Error', {}).get('Message', '')}"
        metadata = error.response.get("ResponseMetadata", {})
        # Of an earlier attempt the answer may have been lost: only the last one was turned away.
        repeated = metadata.get("RetryAttempts", 0) > 0
        if repeated or metadata.get("HTTPStatusCode", 0) >= SERVER_ERROR:
            return DependencyUnavailable(text)
        return DependencyRefused(text)
    text = f"{operation}: {type(error).__name__}"
    if isinstance(error, _BEFORE_ANY_ATTEMPT):
        return DependencyRefused(text)
    return DependencyUnavailable(text)


def code_of(error: ClientError) -> str:
    """The error code of the service, such as `ThrottlingException`."""
    return error.response.get("Error", {}).get("Code", "Unknown")
