"""Asynchronous Lambda invocations."""

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated


def invoke(clients: AwsClients, function_arn: str, event: str) -> None:
    """Return once it is accepted (InvocationType Event: 202). Raises DependencyFault."""
    with translated("Lambda Invoke"):
        answer = clients.lambda_.invoke(
            FunctionName=function_arn, InvocationType="Event", Payload=event.encode()
        )
        # Only what was read to its end gives its connection back.
        answer["Payload"].read()
