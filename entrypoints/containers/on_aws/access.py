"""Who is let in, to the functions behind the API."""

from dependency_injector import providers

from adapters.aws.api_keys import SecretsManagerApiKeys
from domain.ports.api_keys import ApiKeys
from entrypoints.containers.on_aws.store import Store


class ApiAccess(Store):
    """The API's keys."""

    api_keys: providers.Provider[ApiKeys | None] = providers.ThreadSafeSingleton(
        SecretsManagerApiKeys,
        Store.clients,
        Store.settings.provided.api_keys_secret_arn,
        Store.clock,
    )
