"""What has to go, and nobody comes by for: it is looked after from time to time."""

from dataclasses import dataclass

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.object_store import SqliteObjectStore


@dataclass(frozen=True)
class SqliteUpkeep:
    """Of one process, beside whatever the others do."""

    database: SqliteDatabase
    files: SqliteObjectStore

    def __call__(self) -> None:
        """Files that have expired, and what of erased people is still in the log.

        Raises DependencyFault.
        """
        self.files.forget_old()
        self.database.empty_log()
