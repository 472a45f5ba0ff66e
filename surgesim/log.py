"""The logger "surgesim", which prints nothing until the user adds a handler (`logging.basicConfig`)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from surgesim.errors import ExtensionError

LOG = logging.getLogger("surgesim")
LOG.addHandler(logging.NullHandler())


@contextmanager
def logged() -> Iterator[None]:
    """Log an error in an extension, with its traceback, and raise it again."""
    try:
        yield
    except ExtensionError as error:
        log_failure(str(error), error.traceback)
        raise


def log_failure(message: str, traceback: str) -> None:
    """Log a failure, with its traceback unless that is empty."""
    LOG.error("%s", "\n".join(filter(None, (message, traceback.rstrip()))))
