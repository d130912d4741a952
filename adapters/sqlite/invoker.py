"""Asynchronous invocations of start-campaign in SQLite."""

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.invocations import SqliteInvocations, invocations_of
from adapters.sqlite.records import decode
from domain.dead_letter import DeadLetterSource
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.start import StartRequest


def body_to_start(body: str) -> StartRequest:
    """What an invocation carries. Raises UNREADABLE."""
    return decode(body, StartRequest)


class SqliteInvoker(SqliteInvocations[StartRequest]):
    """Implements `domain.ports.invoker.Invoker`; pumps take what was accepted, and what fired."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        """Over a shared database."""
        super().__init__(database, clock, invocations_of(DeadLetterSource.START), body_to_start)

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted once it is written: what a loss of power takes back the reconciler starts."""
        self.put_unsynced([StartRequest(campaign_id)])
