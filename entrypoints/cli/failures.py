"""Why a command could not do what it was asked for.

CommandFailed
├── Refused       the server answered with a problem document
└── Unreachable   no answer that tells what became of the request
"""

from collections.abc import Mapping, Sequence
from typing import Any

from entrypoints.cli.exits import ExitCode, exit_of_status


class CommandFailed(Exception):
    """`lines` say to a person what is wrong and what to do, the first of them what is wrong."""

    def __init__(self, code: ExitCode, *lines: str) -> None:
        """It ends the command with `code`."""
        super().__init__(" ".join(lines))
        self.code = code
        self.lines = lines


class Refused(CommandFailed):
    """The server said no: `status`, and its problem document (RFC 9457)."""

    def __init__(self, status: int, document: Mapping[str, Any], *hints: str) -> None:
        """`hints` are what to do from here, beside what the document says."""
        super().__init__(exit_of_status(status), *_lines(document), *hints)
        self.status = status


class Unreachable(CommandFailed):
    """No answer came; `was_sent` is whether the request may have had its effect."""

    def __init__(self, *lines: str, was_sent: bool) -> None:
        """It may be tried again where it is read, or has an idempotency key."""
        super().__init__(ExitCode.UNAVAILABLE, *lines)
        self.was_sent = was_sent


def _lines(document: Mapping[str, Any]) -> Sequence[str]:
    faults = [f"{each['pointer']}: {each['detail']}" for each in document.get("errors") or ()]
    return (f"{document['title']}.", document["detail"], *faults)
