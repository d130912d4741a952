"""What is done around a database: its keys, copies of it, a look at whether it is sound."""

from pathlib import Path

from adapters.sqlite.api_keys import SqliteApiKeys
from adapters.sqlite.backup import back_up
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.integrity import find_damage
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from entrypoints.containers.administration import ApiKeyAdministration
from entrypoints.settings import InvalidSettingsError

__all__ = ["api_keys_of", "back_up", "existing_database", "find_damage"]


def existing_database(path: Path) -> SqliteDatabase:
    """None is made by a slip of the pen. Raises InvalidSettingsError, DependencyRefused."""
    if not path.exists():
        raise InvalidSettingsError(
            f"DATABASE: there is no {path}; name one, or have it made by a first run."
        )
    return SqliteDatabase(path)


def api_keys_of(path: Path) -> ApiKeyAdministration:
    """Raises InvalidSettingsError, DependencyRefused."""
    return ApiKeyAdministration(SqliteApiKeys(existing_database(path)), SystemClock(), SystemIds())
