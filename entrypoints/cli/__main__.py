"""`sentinel`, or `python -m entrypoints.cli`."""

import os
import sys

from entrypoints.cli.exits import ExitCode
from entrypoints.cli.program import NAME, program


def main() -> int:
    """Run what the command line says; never a traceback, unless it is asked for."""
    try:
        program(prog_name=NAME)
    except Exception as error:
        if os.environ.get("SENTINEL_DEBUG"):
            raise
        told = f"{type(error).__name__}: {error}"
        print(  # noqa: T201  a command's own output
            f"A defect of the command line: {told}\nSENTINEL_DEBUG=1 shows where.", file=sys.stderr
        )
        return ExitCode.DEFECT
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
