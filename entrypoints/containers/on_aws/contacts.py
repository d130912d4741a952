"""Contacts."""

from dependency_injector import providers

from adapters.aws.contacts import DynamoDBContactRepository
from domain.ports.contacts import ContactRepository
from entrypoints.containers.on_aws.hash_key import HashKey
from entrypoints.containers.on_aws.store import Store


class Contacts(HashKey):
    """People."""

    contacts: providers.Provider[ContactRepository] = providers.ThreadSafeSingleton(
        DynamoDBContactRepository, Store.table, Store.ids, HashKey.address_hash_key
    )
