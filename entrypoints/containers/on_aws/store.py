"""What every function runs on."""

from dependency_injector import containers, providers

from adapters.aws.campaigns import DynamoDBCampaignRepository
from adapters.aws.clients import AwsClients
from adapters.aws.fan_out import DynamoDBFanOutRepository
from adapters.aws.table import Table
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository
from domain.ports.ids import Ids
from entrypoints.settings import Settings


class Store(containers.DeclarativeContainer):
    """The table, and campaigns in it.

    Nothing is called, and no client made, before it is needed.
    """

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
    ids: providers.Provider[Ids] = providers.ThreadSafeSingleton(SystemIds)
    clients: providers.Provider[AwsClients] = providers.ThreadSafeSingleton(
        AwsClients,
        region=settings.provided.aws_region,
        endpoint_url=settings.provided.aws_endpoint_url,
        access_key=settings.provided.emulator_access_key,
        send_timeout=settings.provided.ses_timeout,
    )
    table: providers.Provider[Table] = providers.ThreadSafeSingleton(
        Table, clients, settings.provided.table_name, clock, ids
    )
    campaigns: providers.Provider[CampaignRepository] = providers.ThreadSafeSingleton(
        DynamoDBCampaignRepository, table
    )
    fan_out: providers.Provider[FanOutRepository] = providers.ThreadSafeSingleton(
        DynamoDBFanOutRepository, table
    )
