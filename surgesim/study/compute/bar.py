"""A progress bar for terminals and notebooks."""

from __future__ import annotations

import sys
from time import monotonic

WIDTH = 30
EVERY_SECONDS = 0.2


class Bar:
    """A line on the standard error output with a bar, the amount done and the time left."""

    def __init__(self) -> None:
        self._begun = self._shown = monotonic()
        self._first = -1

    def __call__(self, done: int, total: int) -> None:
        """Show the amount done and the total."""
        now = monotonic()
        if self._first < 0:
            self._begun, self._first = now, done
        elif done < total and now - self._shown < EVERY_SECONDS:
            return
        self._shown = now
        if sys.stderr is not None:
            sys.stderr.write(f"\r{self._line(done, total, now - self._begun)}{chr(10) * (done >= total)}")
            sys.stderr.flush()

    def _line(self, done: int, total: int, seconds: float) -> str:
        full = WIDTH * done // max(total, 1)
        new = done - self._first
        left = f"{_clock(seconds)} taken" if done >= total else ""
        if new > 0 and done < total:
            left = f"{_clock(seconds / new * (total - done))} left"
        return f"[{'#' * full}{'-' * (WIDTH - full)}] {done}/{total}  {left:<16}"


def _clock(seconds: float) -> str:
    """Format a time as minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
