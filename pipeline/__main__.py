"""`muster` and `python -m pipeline`: runs the command line and turns errors into one message and an exit code."""

import os
import sys

from pipeline import interruption
from pipeline.cli import app, output
from pipeline.errors import PassMusterError

INTERRUPTED = 130
"""What a command ended by Ctrl-C ends with, as shells expect."""


def main() -> None:
    """Ends the process with the exit code that the command's outcome stands for."""
    interruption.watch()
    try:
        app()
    except BrokenPipeError:
        # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except BaseException as error:
        if interruption.happened():
            output.complain("interrupted")
            sys.exit(INTERRUPTED)
        if not isinstance(error, PassMusterError):
            raise
        output.complain(str(error))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
