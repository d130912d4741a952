"""Chunks."""

from dependency_injector import providers

from adapters.aws.chunks import DynamoDBChunkRepository
from domain.ports.chunks import ChunkRepository
from entrypoints.containers.on_aws.hash_key import HashKey
from entrypoints.containers.on_aws.store import Store


class Chunks(HashKey):
    """Their recipients and leases."""

    chunks: providers.Provider[ChunkRepository] = providers.ThreadSafeSingleton(
        DynamoDBChunkRepository, Store.table, HashKey.address_hash_key
    )
