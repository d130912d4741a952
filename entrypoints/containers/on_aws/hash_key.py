"""The key under which addresses are hashed."""

from dependency_injector import providers

from adapters.aws.address_hash_key import AddressHashKey, SecretAddressHashKey
from adapters.aws.clients import AwsClients
from entrypoints.containers.on_aws.store import Store
from entrypoints.settings import Settings


def _address_hash_key(clients: AwsClients, settings: Settings) -> AddressHashKey:
    if settings.address_hash_key_secret_arn:
        return SecretAddressHashKey(clients, settings.address_hash_key_secret_arn)
    # Asked for where an address is hashed: not every function does that.
    return lambda: settings.hash_key


class HashKey(Store):
    """Asked for where an address is hashed."""

    address_hash_key: providers.Provider[AddressHashKey] = providers.ThreadSafeSingleton(
        _address_hash_key, Store.clients, Store.settings
    )
