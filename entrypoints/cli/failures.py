"""Why a command could not do what it was asked for.

CommandFailed
├── Refused       the server answered with a problem document
└── Unreachable   no answer that tells what became of the request
"""

from entrypoints.cli.exits import ExitCode, exit_of_status


class CommandFailed(Exception):
    """`lines` say to a person what is wrong and what to do, the first of them what is wrong."""

    def __init__(self, code: ExitCode, *lines: str) -> None:
        """It ends the command with `code`."""
        super().__init__(" ".join(lines))
        self.code = code
        self.lines = lines


class Refused(CommandFailed):
    """The server said no, by `status`."""

    def __init__(self, status: int, *lines: str) -> None:
        """It ends the command by what the status stands for."""
        super().__init__(exit_of_status(status), *lines)
        self.status = status


class Unreachable(CommandFailed):
    """No answer came; `was_sent` is whether the request may have had its effect."""

    def __init__(self, *lines: str, was_sent: bool) -> None:
        """It may be tried again where it is read, or has an idempotency key."""
        super().__init__(ExitCode.UNAVAILABLE, *lines)
        self.was_sent = was_sent
