"""Changes to be announced, in SQLite."""

from collections.abc import Sequence

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode
from domain.campaign_history import ChangeRef, StateChange
from domain.identifiers import CampaignId


class SqliteCampaignChanges:
    """Implements `domain.ports.campaign_changes.CampaignChanges`; `campaign_rows` writes them."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def due(self, limit: int) -> Sequence[ChangeRef]:
        """The oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT campaign_id, number FROM campaign_changes"
                " ORDER BY at, campaign_id, number LIMIT ?",
                (limit,),
            ).fetchall()
        return [ChangeRef(CampaignId(campaign_id), number) for campaign_id, number in rows]

    def get(self, ref: ChangeRef) -> StateChange | None:
        """As it was written."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM campaign_changes WHERE campaign_id = ? AND number = ?",
                (ref.campaign_id, ref.number),
            ).fetchone()
        return None if row is None else decode(row[0], StateChange)

    def remove(self, ref: ChangeRef) -> None:
        """Once, or not at all."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM campaign_changes WHERE campaign_id = ? AND number = ?",
                (ref.campaign_id, ref.number),
            )
