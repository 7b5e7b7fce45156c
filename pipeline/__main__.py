"""`muster` and `python -m pipeline`: runs the command line and turns errors into one message and an exit code."""

import os
import sys

from pipeline.cli import app, output
from pipeline.errors import PassMusterError


def main() -> None:
    """Ends the process with the exit code that the command's outcome stands for."""
    try:
        app()
    except PassMusterError as error:
        output.complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        output.complain("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
