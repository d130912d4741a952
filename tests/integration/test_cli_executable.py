"""The file `sentinel`, as it is run from anywhere, by people and by their shells."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.integration.command_line import EXECUTABLE, ROOT, CommandLine
from tests.integration.forwarding_proxy import forwarding

FLASH_SALE = ("--name", "Flash sale", "--template", "promo-template", "--segment", "vip-customers")


def test_it_runs_in_any_directory_whatever_is_there(cli: CommandLine, tmp_path: Path) -> None:
    """Folders of the same names as ours, which hold something else, do not take their place."""
    for name in ("domain", "entrypoints", "typer", "json"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('Not ours.')")
    (tmp_path / "linked").symlink_to(EXECUTABLE)

    assert cli.execute("campaigns", "list", cwd=tmp_path).code == 0
    linked = subprocess.run(  # noqa: S603  our own
        [tmp_path / "linked", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert linked.stdout.startswith("Usage: sentinel ")


def test_it_says_what_to_do_where_nothing_is_installed(tmp_path: Path) -> None:
    """A fresh checkout."""
    copy = tmp_path / "sentinel"
    copy.write_bytes(EXECUTABLE.read_bytes())
    copy.chmod(0o755)

    done = subprocess.run([copy], capture_output=True, text=True, check=False)  # noqa: S603  ours

    assert (done.returncode, done.stdout) == (2, "")
    assert "run `make cli` in" in done.stderr


def test_whoever_reads_no_further_ends_it_quietly(cli: CommandLine) -> None:
    """As `sentinel … | head -1` does."""
    with cli.start("contacts", "list", "--all", "--json") as listing:
        assert listing.stdout
        assert listing.stderr
        listing.stdout.readline()
        listing.stdout.close()
        told = listing.stderr.read()

    assert told == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_it_by_its_name(cli: CommandLine, shell: str) -> None:
    """What is installed completes `sentinel`."""
    script = cli.execute("completion", shell).out

    assert "_SENTINEL_COMPLETE=complete_" in script
    assert "python" not in script


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sentinel camp", ["campaigns"]),
        ("sentinel campaigns wa", ["watch"]),
        ("sentinel campaigns list --st", ["--state"]),
        ("sentinel campaigns list --state sen", ["sending", "sent"]),
    ],
)
def test_words_are_completed(typed: str, offered: list[str]) -> None:
    """Nouns, verbs, options and what they may be; no server is asked for that."""
    done = CommandLine("http://127.0.0.1:1").execute(
        _SENTINEL_COMPLETE="complete_bash",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(typed.split()) - 1),
    )

    assert done.out.split() == offered


def test_completion_is_installed_for_sentinel(tmp_path: Path) -> None:
    """Into the home of whoever asks for it."""
    done = subprocess.run(  # noqa: S603  our own
        [EXECUTABLE, "completion", "bash", "--install"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (
        "complete -o default -F _sentinel_completion sentinel"
        in (tmp_path / ".bash_completions" / "sentinel.sh").read_text()
    )


def test_a_defect_is_no_traceback(cli: CommandLine) -> None:
    """It is said to be one; the traceback is there for who asks for it."""
    with forwarding(cli.url) as proxy:
        proxy.instead_of = {"/v1/campaigns?limit=50": "{}"}
        done = CommandLine(proxy.url).execute("campaigns", "list")
        asked = CommandLine(proxy.url).execute("campaigns", "list", SENTINEL_DEBUG="1")

    assert done.code == 70
    assert done.err.startswith("A defect of the command line: KeyError")
    assert "Traceback" not in done.err
    assert "Traceback" in asked.err


def test_a_campaign_is_watched_with_a_bar_on_a_terminal(cli: CommandLine) -> None:
    """The last that is seen of it is how it ended."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603  our own
        [EXECUTABLE, "campaigns", "create", *FLASH_SALE, "--watch"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SENTINEL_URL": cli.url, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as watching:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:
                # Linux says so once nobody has the other end any more.
                break
            seen += piece
        code = watching.wait()
    os.close(ours)

    assert code == 0
    text = seen.decode()
    assert "100%" in text
    assert "sent: 1000 of 1000, 1000 sent" in text.replace("\r\n", " ")
    assert "Traceback" not in text
