"""The whole of the command line."""

import typer

from entrypoints.cli.analytics import add_analytics
from entrypoints.cli.campaigns import campaigns
from entrypoints.cli.command import Url
from entrypoints.cli.completion import add_completion
from entrypoints.cli.contacts import contacts
from entrypoints.cli.dead_letters import dead_letters
from entrypoints.cli.doctor import add_doctor
from entrypoints.cli.exports import add_export, exports
from entrypoints.cli.import_run import add_import
from entrypoints.cli.imports import imports
from entrypoints.cli.move import add_move
from entrypoints.cli.segments import segments
from entrypoints.cli.series import series
from entrypoints.cli.suppressions import suppressions
from entrypoints.cli.templates import templates
from entrypoints.cli.webhooks import webhooks

NAME = "sentinel"

program = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
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
program.add_typer(series, name="series")
program.add_typer(templates, name="templates")
program.add_typer(segments, name="segments")
program.add_typer(contacts, name="contacts")
add_import(program)
program.add_typer(imports, name="imports")
add_export(program)
program.add_typer(exports, name="exports")
program.add_typer(suppressions, name="suppressions")
program.add_typer(webhooks, name="webhooks")
program.add_typer(dead_letters, name="dead-letters")
add_move(program)
add_analytics(program)
add_doctor(program)
add_completion(program, NAME)
