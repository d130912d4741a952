"""The whole of the command line."""

import typer

from entrypoints.cli.campaigns import campaigns
from entrypoints.cli.command import Url

NAME = "sentinel"

program = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@program.callback()
def sentinel(url: Url = None) -> None:
    """Send e-mail campaigns with Sentinel, on this machine or deployed.

    The key of a deployed one is read from the environment variable SENTINEL_API_KEY.
    """
    # Each command asks its context for the URL.
    del url


program.add_typer(campaigns, name="campaigns")
