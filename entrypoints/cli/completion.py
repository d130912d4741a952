"""`sentinel completion`: what completes the command line in a shell."""

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import (  # type: ignore[attr-defined]  # there, but not said to be
    completion_init,
    get_completion_script,
    install,
)


class Shell(StrEnum):
    """Those that can complete it."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def add_completion(program: typer.Typer, name: str) -> None:
    """`sentinel completion SHELL`; `name` is the command that is completed."""
    complete_var = f"_{name.upper()}_COMPLETE"
    completion_init()

    @program.command()
    def completion(
        shell: Annotated[Shell, typer.Argument(help="The shell that is to complete it.")],
        into_profile: Annotated[
            bool, typer.Option("--install", help="Put it into the shell's profile.")
        ] = False,
    ) -> None:
        """Print what makes a shell complete the command line, or install it there."""
        # Named, not guessed from the processes above, of which none need be a shell.
        if into_profile:
            _, path = install(shell=shell, prog_name=name, complete_var=complete_var)
            typer.echo(f"Installed in {path}; it completes in the next terminal that you open.")
            return
        typer.echo(get_completion_script(prog_name=name, complete_var=complete_var, shell=shell))
