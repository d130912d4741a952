"""docs/command-line.md as a new user would follow it, from install to a sent campaign."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.local.emulator import held_port
from tests.integration.transcript import ROOT, Shown, Terminal, fits, shown_in
from tests.integration.waiting import wait_for

PAGE = ROOT / "docs" / "command-line.md"
SERVING = "BACKEND=memory make local-run"
DEFAULT_URL = "http://127.0.0.1:8080"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The server as the page starts it, on a port of its own; its URL and what it prints.

    What it runs on is installed: that it is, where a lock file is newer, make says only once.
    """
    install = "make --silent .venv/local .venv/cli"
    subprocess.run(["/bin/sh", "-c", install], cwd=ROOT, check=True)  # noqa: S603  the page's own
    output = tmp_path / "served"
    with (
        held_port() as port,
        output.open("wb") as file,
        subprocess.Popen(  # noqa: S603  the page's own command
            ["/bin/sh", "-c", SERVING],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_for(
                lambda: "Ctrl-C ends it." in output.read_text() or None,
                what="it serves",
            )
            yield f"http://127.0.0.1:{port}", output
        finally:
            os.killpg(process.pid, signal.SIGINT)


def test_every_command_of_the_page_prints_what_the_page_shows(
    served: tuple[str, Path], tmp_path: Path
) -> None:
    """In their order, in an empty folder; whoever follows it has a campaign sent."""
    url, output = served
    folder = tmp_path / "new-user"
    folder.mkdir()
    # The PATH that the page makes, before that of this machine.
    terminal = Terminal(folder, {"SENTINEL_URL": url})
    shown = shown_in(PAGE.read_text())
    assert SERVING in {each.command for each in shown}
    for each in shown:
        printed = _printed(each, terminal, url, output)
        assert fits(each.lines, printed), _difference(each, printed)
        terminal.learn(each.lines, printed)


def _printed(shown: Shown, terminal: Terminal, url: str, output: Path) -> list[str]:
    if shown.command == SERVING:
        lines = output.read_text().splitlines()
    elif shown.command == "make cli":
        lines = terminal.run(f"make -C ~/sentinel --no-print-directory {shown.command[5:]}")
    else:
        lines = terminal.run(shown.command)
    return [line.replace(url, DEFAULT_URL).rstrip() for line in lines]


def _difference(shown: Shown, printed: list[str]) -> str:
    return "\n".join(["$ " + shown.command, *shown.lines, "--- printed ---", *printed])


@pytest.mark.parametrize(
    ("shown", "printed", "fitting"),
    [
        (["a", "…", "d"], ["a", "b", "c", "d"], True),
        (["a", "…"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a.c"], ["abc"], False),
        (["at 2026-11-29T13:30:24.332Z"], ["at 2027-01-01T00:00:00Z"], True),
        (["cmp_01M8KR0X0CKKR3EJRXJPKF58K5 sent"], ["cmp_01M8KR0DRNVBM3XS62N1PRQYYN gone"], False),
        (["Name    sent", "────"], ["Name      sent", "──────"], True),
    ],
)
def test_what_is_printed_fits_or_does_not(
    shown: list[str], printed: list[str], *, fitting: bool
) -> None:
    """Ids, times and the width of columns may differ, and nothing else."""
    assert fits(shown, printed) is fitting
