"""`muster` and `python -m pipeline`: runs the command line and turns errors into one message and an exit code."""

import os
import sys
from typing import NoReturn

from pipeline.cli import app, output
from pipeline.errors import PassMusterError


def main() -> None:
    """Ends the process with the exit code that the command's outcome stands for."""
    try:
        app()
    except PassMusterError as error:
        output.complain(str(error))
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # typer turns Ctrl-C into a silent exit
        if isinstance(getattr(ended.__context__, "__cause__", None), KeyboardInterrupt):
            _interrupted()
        raise
    except RuntimeError as error:
        # what Ctrl-C becomes inside a DuckDB query
        if str(error) != "Query interrupted":
            raise
        _interrupted()
    except BrokenPipeError:
        # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _interrupted() -> NoReturn:
    output.complain("interrupted")
    sys.exit(130)


if __name__ == "__main__":
    main()
