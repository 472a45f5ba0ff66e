"""The command line: it parses arguments, calls the library and prints. Heavy imports are deferred.

`app` defines the command, `options` the shared options, and `terminal` output and exit codes; the other
modules define the subcommands.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from surgesim.cli import (  # noqa: F401  imported to register their commands
    decisions,
    documents,
    fits,
    forecasts,
    runs,
    scenarios,
    scores,
    sweeps,
)
from surgesim.cli.app import app
from surgesim.cli.terminal import INTERRUPTED, TERMINATED, output_errors, speak_unicode, tell

__all__ = ["app", "main"]


def _terminate(number: int, frame: object) -> NoReturn:
    sys.exit(TERMINATED)


def main() -> None:
    """Run the command `surgesim`."""
    speak_unicode()
    signal.signal(signal.SIGTERM, _terminate)  # so that unfinished folders are removed
    try:
        with output_errors():
            app()
    except KeyboardInterrupt:  # before a command began; a command itself reports the state of its files
        tell("Interrupted: nothing was written.")
        sys.exit(INTERRUPTED)
