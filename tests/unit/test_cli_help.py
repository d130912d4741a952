"""What there is on the command line explains itself, without a server."""

import re

import pytest

from entrypoints.cli.program import NAME
from tests.cli_commands import ALL
from tests.integration.command_line import CommandLine


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_is_made_of_whole_sentences(path: tuple[str, ...]) -> None:
    """That of a command and of each of its options: a capital, and an end."""
    command = ALL[path]
    helps = {NAME: command.help, **{each.name: each.help for each in command.params}}
    for name, text in helps.items():
        assert text, name
        for paragraph in text.split("\n\n"):
            assert re.fullmatch(r"(?s)[A-Z].*\.", paragraph.strip()), f"{name}: {paragraph}"


def test_help_is_shown_for_every_command() -> None:
    """By --help and by -h."""
    nowhere = CommandLine("http://127.0.0.1:1")
    for path in ALL:
        done = nowhere.run(*path, "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"Usage: {' '.join((NAME, *path))}")
    assert nowhere.run("campaigns", "list", "-h") == nowhere.run("campaigns", "list", "--help")
