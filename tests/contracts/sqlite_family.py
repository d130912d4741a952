"""The SQLite family."""

from dataclasses import replace
from pathlib import Path

from adapters.sqlite.analytics import SqliteAnalyticsRepository
from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.contacts import SqliteContactRepository
from adapters.sqlite.contents import SqliteContentRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out import SqliteFanOutRepository
from adapters.sqlite.idempotency import SqliteIdempotencyRepository
from adapters.sqlite.jobs import SqliteJobRepository
from adapters.sqlite.segments import SqliteSegmentRepository
from adapters.sqlite.series import SqliteSeriesRepository
from adapters.sqlite.suppression_rows import select_suppressions
from adapters.sqlite.suppressions import SqliteSuppressionRepository
from adapters.sqlite.templates import SqliteTemplateRepository
from adapters.sqlite.webhook_deliveries import SqliteWebhookDeliveryRepository
from adapters.sqlite.webhooks import SqliteWebhookRepository
from adapters.system.ids import SystemIds
from domain.suppression import Suppression
from tests.contracts.family import Family
from tests.contracts.memory_family import memory_family


def sqlite_family(path: Path) -> Family:
    """Over a database of its own."""
    database = SqliteDatabase(path)
    ids = SystemIds()

    def suppression_of(address: str) -> Suppression | None:
        with database.reading() as connection:
            found = select_suppressions(connection, database.hash_key, [address]).get(address)
        if found is None or found.address is None:
            return None
        return Suppression(found.address, found.reason, found.since, found.scope, found.note)

    return replace(
        memory_family(),
        name="sqlite",
        analytics=SqliteAnalyticsRepository(database),
        campaigns=SqliteCampaignRepository(database),
        chunks=SqliteChunkRepository(database),
        contacts=SqliteContactRepository(database, ids),
        contents=SqliteContentRepository(database),
        contents_elsewhere=SqliteContentRepository(SqliteDatabase(path)),
        fan_out=SqliteFanOutRepository(database),
        idempotency=SqliteIdempotencyRepository(database),
        jobs=SqliteJobRepository(database),
        segments=SqliteSegmentRepository(database),
        series=SqliteSeriesRepository(database),
        suppressions=SqliteSuppressionRepository(database),
        suppression_of=suppression_of,
        templates=SqliteTemplateRepository(database),
        webhooks=SqliteWebhookRepository(database),
        webhook_deliveries=SqliteWebhookDeliveryRepository(database),
    )
