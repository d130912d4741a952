"""What is done around a database: its keys, copies of it, a look at whether it is sound."""

from collections.abc import Sequence
from pathlib import Path

from adapters.sqlite import integrity
from adapters.sqlite.api_keys import SqliteApiKeys
from adapters.sqlite.backup import back_up
from adapters.sqlite.database import SqliteDatabase, is_of_this_release
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from entrypoints.containers.administration import ApiKeyAdministration
from entrypoints.settings import InvalidSettingsError

__all__ = ["api_keys_of", "back_up", "existing_database", "find_damage"]


def existing_database(path: Path) -> SqliteDatabase:
    """None is made by a slip of the pen, and none brought forward under who runs on it.

    Raises InvalidSettingsError, DependencyRefused.
    """
    _check_there(path)
    if not is_of_this_release(path):
        raise InvalidSettingsError(
            f"DATABASE: {path} has the schema of an earlier release: do this with that release, or "
            "after a first run of this one."
        )
    return SqliteDatabase(path)


def find_damage(path: Path) -> Sequence[str]:
    """What is not as it should be, a line each; also of a backup, where nobody can write.

    Raises InvalidSettingsError, DependencyRefused.
    """
    _check_there(path)
    return integrity.find_damage(path)


def _check_there(path: Path) -> None:
    if not path.exists():
        raise InvalidSettingsError(
            f"DATABASE: there is no {path}; name one, or have it made by a first run."
        )


def api_keys_of(path: Path) -> ApiKeyAdministration:
    """Raises InvalidSettingsError, DependencyRefused."""
    return ApiKeyAdministration(SqliteApiKeys(existing_database(path)), SystemClock(), SystemIds())
