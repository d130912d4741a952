"""Fan-out ranges in SQLite."""

from collections.abc import Sequence

from adapters.sqlite.campaign_rows import select_campaign, update_campaign
from adapters.sqlite.chunk_rows import insert_chunks
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out_rows import insert_new_range, update_range
from adapters.sqlite.records import decode
from adapters.sqlite.tally_rows import select_tally
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk
from domain.errors import VersionConflict
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.identifiers import CampaignId


class SqliteFanOutRepository:
    """Implements `domain.ports.fan_out.FanOutRepository`.

    Nothing waits for the disk: what a loss of power takes back it takes back as a whole, to where
    a start goes on from. Before a mail leaves all that led to it is on the disk, by its claim.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """Ranges and tally at one instant."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT record FROM fan_out_ranges WHERE campaign_id = ? ORDER BY number",
                (campaign_id,),
            ).fetchall()
            tally, last_finished_at = select_tally(connection, campaign_id)
        ranges = tuple(decode(record, FanOutRange) for (record,) in rows)
        return DeliveryProgress(ranges, tally, last_finished_at)

    def claim(self, fan_out_range: FanOutRange, campaign: Campaign) -> tuple[FanOutRange, Campaign]:
        """Both versions, or neither write."""
        with self._database.writing_unsynced() as connection:
            return update_range(connection, fan_out_range), update_campaign(connection, campaign)

    def append(self, fan_out_range: FanOutRange, chunks: Sequence[Chunk]) -> FanOutRange:
        """Fenced by the range's version and the campaign's state."""
        with self._database.writing_unsynced() as connection:
            campaign = select_campaign(connection, fan_out_range.campaign_id)
            if campaign is None or campaign.state is not CampaignState.SENDING:
                raise VersionConflict(f"campaign {fan_out_range.campaign_id} is not sending")
            advanced = update_range(connection, fan_out_range)
            insert_chunks(connection, chunks)
            return advanced

    def split(self, fan_out_range: FanOutRange, others: Sequence[FanOutRange]) -> FanOutRange:
        """By version; the others are new."""
        with self._database.writing_unsynced() as connection:
            stored = update_range(connection, fan_out_range)
            for each in others:
                insert_new_range(connection, each)
            return stored

    def save(self, fan_out_range: FanOutRange) -> FanOutRange:
        """By version."""
        with self._database.writing_unsynced() as connection:
            return update_range(connection, fan_out_range)
