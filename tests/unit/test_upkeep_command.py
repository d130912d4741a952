"""`make backup` and `make integrity-check`, as whoever runs them is told."""

from pathlib import Path

import pytest

from adapters.sqlite.database import SqliteDatabase
from entrypoints.local import upkeep


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a database that nobody uses."""
    database = tmp_path / "a folder" / "sentinel.db"
    database.parent.mkdir()
    SqliteDatabase(database).close()
    database.with_name("sentinel.db-gate").unlink()
    monkeypatch.setenv("DATABASE", str(database))
    return database


def test_a_database_that_is_sound(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0, a line, and nothing left beside it."""
    assert upkeep.main(["check"]) == 0

    assert list(path.parent.iterdir()) == [path]
    assert capsys.readouterr().out == f"{path} is sound.\n"


def test_of_one_that_is_not_it_says_what_to_do(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, also where it cannot even be read; commands to paste, of what there is."""
    path.write_bytes(b"\0" * 4_096)
    path.with_name("sentinel.db.files").mkdir()

    assert upkeep.main(["check"]) == 1

    told = capsys.readouterr().out
    assert "SQLITE_NOTADB" in told
    assert f"{path} is damaged. If it is a backup, take an earlier one." in told
    moved = "mkdir damaged && mv sentinel.db sentinel.db.files damaged/"
    assert f"cd '{path.parent}' && {moved}\n" in told
    assert "cp <the backup> sentinel.db " in told


def test_one_that_cannot_be_looked_at_is_not_called_damaged(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2."""
    path.unlink()

    assert upkeep.main(["check"]) == 2

    assert "DATABASE: there is no " in capsys.readouterr().out


def test_a_backup_of_one_that_cannot_be_read_says_where_to_look(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, and nothing beside it."""
    path.write_bytes(b"\0" * 4_096)
    copy = path.with_name("copy.db")

    assert upkeep.main(["backup", str(copy)]) == 2

    told = capsys.readouterr().out
    assert "SQLITE_NOTADB" in told
    assert "No copy was made." in told
    assert "make integrity-check" in told
    assert not copy.exists()


def test_a_backup_into_a_folder_that_is_not_there_names_it(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the database nothing is to be looked at for it; exit status 2."""
    folder = path.parent / "unmounted"

    assert upkeep.main(["backup", str(folder / "copy.db")]) == 2

    told = capsys.readouterr().out
    assert told == f"TO: There is no folder {folder}; make it, or name another.\n"
