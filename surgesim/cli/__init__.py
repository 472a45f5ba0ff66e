"""The door: parses the command line, calls the rooms, prints. Nothing heavy is imported at the top.

`app` is the command, `options` what several commands take, `terminal` what they say and how they end; the
others are the commands.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from surgesim.cli import documents, runs, scenarios, sweeps  # noqa: F401  they add their commands
from surgesim.cli.app import app
from surgesim.cli.terminal import TERMINATED, speak_unicode

__all__ = ["app", "main"]


def _terminate(number: int, frame: object) -> NoReturn:
    sys.exit(TERMINATED)


def main() -> None:
    """Entry point of the command `surgesim`."""
    speak_unicode()
    signal.signal(signal.SIGTERM, _terminate)  # so that unfinished folders are removed then too
    app()
