"""What a campaign is made of, as the API and start read it."""

from dependency_injector import providers

from adapters.aws.segments import DynamoDBSegmentRepository
from adapters.aws.templates import DynamoDBTemplateRepository
from domain.ports.segments import SegmentRepository
from domain.ports.templates import TemplateRepository
from entrypoints.containers.on_aws.contacts import Contacts
from entrypoints.containers.on_aws.store import Store


class Audience(Contacts):
    """Templates, segments and contacts."""

    templates: providers.Provider[TemplateRepository] = providers.ThreadSafeSingleton(
        DynamoDBTemplateRepository, Store.table
    )
    segments: providers.Provider[SegmentRepository] = providers.ThreadSafeSingleton(
        DynamoDBSegmentRepository, Store.table
    )
