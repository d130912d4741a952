"""Take a deployment away: `make destroy CONFIRM=sentinel`."""

import os
import sys

from domain.errors import DependencyFault
from entrypoints.containers.deployment import deployment
from entrypoints.deployment.settings import StageSettings
from entrypoints.settings import InvalidSettingsError, read_environment


class DestroySettings(StageSettings):
    """Read from the environment, as in `make destroy STAGE=test CONFIRM=sentinel-test`."""

    confirm: str = ""
    """The name of the stack, typed by whoever means it."""
    delete_data: str = ""
    """Its name once more: then the table, the files and the key of the hashes go, too, for good."""


def main() -> int:
    """Delete the stack, and the data only where that was asked for; returns the exit status."""
    try:
        settings = _confirmed(read_environment(DestroySettings, os.environ))
        target = deployment(os.environ, settings.name)
        if not settings.delete_data and not target.stands():
            _say(f"There is no stack {settings.name} in {target.clients.region}.")
            return 2
        _say(f"Deleting the stack {settings.name} in {target.clients.region}…")
        target.destroy()
        if settings.delete_data:
            target.delete_data()
    except (InvalidSettingsError, DependencyFault) as error:
        _say(f"Not destroyed. {error}")
        return 2
    kept = (
        ""
        if settings.delete_data
        else " The table and the files stay, and the next deployment takes them over."
    )
    _say(f"The stack {settings.name} is gone.{kept}")
    return 0


def _confirmed(settings: DestroySettings) -> DestroySettings:
    """Raises InvalidSettingsError."""
    if settings.confirm != settings.name:
        raise InvalidSettingsError(
            f"CONFIRM: say CONFIRM={settings.name} to delete that stack. Campaigns under way stop "
            "where they are."
        )
    if settings.delete_data not in {"", settings.name}:
        raise InvalidSettingsError(
            f"DELETE_DATA: say DELETE_DATA={settings.name} to delete its data, or nothing."
        )
    return settings


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main())
