"""What a command ends with: a script need not read what is said to people."""

from enum import IntEnum
from http import HTTPStatus


class ExitCode(IntEnum):
    """The exit statuses; `docs/command-line.md` has them for people."""

    DONE = 0
    REFUSED = 1
    """The server refused the request, or a file is not what it has to be; nothing was changed."""
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    CONFLICT = 5
    UNAVAILABLE = 6
    """No answer, or none that tells what became of it."""
    FAILED = 7
    """What was waited for failed."""
    EXPIRED = 8
    CANCELLED = 9
    DEFECT = 70
    INTERRUPTED = 130


_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: ExitCode.NOT_ALLOWED,
    HTTPStatus.FORBIDDEN: ExitCode.NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: ExitCode.NOT_FOUND,
    HTTPStatus.CONFLICT: ExitCode.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED: ExitCode.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS: ExitCode.UNAVAILABLE,
}


def exit_of_status(status: int) -> ExitCode:
    """What an answer that is no success ends a command with."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ExitCode.UNAVAILABLE
    return _BY_STATUS.get(HTTPStatus(status), ExitCode.REFUSED)
