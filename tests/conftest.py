"""The settings of all tests."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "surgesim",
    deadline=None,  # a slow machine is not a failure
    derandomize=True,  # the same examples everywhere, so that failures can be reproduced
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a scenario is large, and shrinking it is slow
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", settings.get_profile("surgesim"), derandomize=False, max_examples=2000, phases=tuple(Phase)
)
settings.load_profile("surgesim")

gc.set_threshold(50_000, 20, 50)  # all that is imported need not be looked through so often


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip the import of a file all of whose tests are slow, if slow tests are left out."""
    if config.option.markexpr != "not slow" or not collection_path.match("test_*.py"):
        return None
    return "\npytestmark = pytest.mark.slow\n" in collection_path.read_text(encoding="utf-8") or None


@pytest.fixture
def unpictured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of reports the figures of the run, which take most of the time."""
    from surgesim.report import document

    monkeypatch.setattr(document, "_pictures", lambda results, section, lang: iter(()))
