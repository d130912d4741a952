"""Content snapshots in SQLite."""

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode, encode
from domain.identifiers import CampaignId
from domain.template import Content


class SqliteContentRepository:
    """Implements `domain.ports.contents.ContentRepository`.

    Fixed with the fan-out, which is forgotten with it or not at all (`SqliteFanOutRepository`).
    """

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add_if_absent(self, campaign_id: CampaignId, content: Content) -> Content:
        """The first one stays."""
        with self._database.writing_unsynced() as connection:
            connection.execute(
                "INSERT INTO contents (campaign_id, record) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (campaign_id, encode(content)),
            )
            (record,) = connection.execute(
                "SELECT record FROM contents WHERE campaign_id = ?", (campaign_id,)
            ).fetchone()
        return decode(record, Content)

    def get(self, campaign_id: CampaignId) -> Content | None:
        """The snapshot."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM contents WHERE campaign_id = ?", (campaign_id,)
            ).fetchone()
        return None if row is None else decode(row[0], Content)
