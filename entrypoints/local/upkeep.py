"""Copy a database in use, or see whether it is sound: `make backup`, `make integrity-check`."""

import argparse
import os
import shlex
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
        if options.command == "backup":
            files = back_up(existing_database(path), options.target)
            _say(f"{options.target}: {options.target.stat().st_size:,} bytes, whole and checked.")
            if files:
                _say(f"{options.target}.files: {files:,} files of imports and exports.")
            return 0
        damage = find_damage(path)
    except InvalidInput as error:
        _say(f"TO: {error.detail}")
        return 2
    except InvalidSettingsError as error:
        _say(str(error))
        return 2
    except DependencyFault as fault:
        _say(str(fault))
        if options.command == "backup":
            _say("No copy was made. Whether the database is sound tells: make integrity-check")
        return 2
    if not damage:
        _say(f"{path} is sound.")
        return 0
    for line in damage:
        _say(line)
    _say(f"{path} is damaged. {_remedy(path)}")
    return _DAMAGED


def _remedy(path: Path) -> str:
    file = path.resolve()
    there = [
        file.name + suffix
        for suffix in ("", "-wal", "-shm", ".files")
        if file.with_name(file.name + suffix).exists()
    ]
    folder, name = shlex.quote(str(file.parent)), shlex.quote(file.name)
    return f"""If it is a backup, take an earlier one. If Sentinel runs on it, end that,
put it aside, and a backup in its place (docs/one-machine.md, "Backup and restore"):
  cd {folder} && mkdir damaged && mv {shlex.join(there)} damaged/
  cp <the backup> {name}   # and <the backup>.files, if there are any, as {name}.files
  chown -R --reference=. {name}*"""


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
