"""Settings of all tests; this file also puts `strategies` within reach of every test module."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "surgesim",
    deadline=None,  # a slow machine is no failure
    derandomize=True,  # the same examples everywhere, so that a failure can be had again
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a scenario is large, and slow to make smaller
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", settings.get_profile("surgesim"), derandomize=False, max_examples=2000, phases=tuple(Phase)
)
settings.load_profile("surgesim")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file that is slow as a whole need not be imported only for its tests to be left out."""
    if config.option.markexpr != "not slow" or not collection_path.match("test_*.py"):
        return None
    return "\npytestmark = pytest.mark.slow\n" in collection_path.read_text(encoding="utf-8") or None
