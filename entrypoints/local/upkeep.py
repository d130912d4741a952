"""Copy a database in use, or see whether it is sound: `make backup`, `make integrity-check`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from domain.errors import DependencyFault, InvalidInput
from entrypoints.containers.one_file import back_up, existing_database, find_damage
from entrypoints.settings import InvalidSettingsError, Settings

_DAMAGED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 where the database is damaged, 2 where nothing could be done."""
    options = _parser().parse_args(arguments)
    try:
        path = Settings.from_environment(os.environ).database
        database = existing_database(path)
        if options.command == "backup":
            back_up(database, options.target)
            _say(f"{options.target}: {options.target.stat().st_size:,} bytes, whole and checked.")
            return 0
        damage = find_damage(database)
    except InvalidInput as error:
        _say(f"TO: {error.detail}")
        return 2
    except (InvalidSettingsError, DependencyFault) as error:
        _say(str(error))
        return 2
    for line in damage:
        _say(line)
    _say(f"{path} is damaged: keep it, and restore a backup." if damage else f"{path} is sound.")
    return _DAMAGED if damage else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upkeep", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="copy the database, whoever is using it")
    backup.add_argument("target", type=Path, help="a file that is not there yet")
    commands.add_parser("check", help="look for damage; changes nothing")
    return parser


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main())
