"""The secret that addresses are hashed under, fetched when the first one is."""

from collections.abc import Callable
from functools import cached_property

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated

AddressHashKey = Callable[[], bytes]
"""Gives the key. Raises DependencyFault where it cannot be had."""


class SecretAddressHashKey:
    """An AddressHashKey out of AWS Secrets Manager, kept for the process: it never changes."""

    def __init__(self, clients: AwsClients, secret_arn: str) -> None:
        """Nothing is called yet."""
        self._clients = clients
        self._secret_arn = secret_arn

    def __call__(self) -> bytes:
        """The secret's text."""
        return self._key

    @cached_property
    def _key(self) -> bytes:
        with translated("Secrets Manager GetSecretValue"):
            answer = self._clients.secretsmanager.get_secret_value(SecretId=self._secret_arn)
            return answer["SecretString"].encode()
